"""Sound in another wrapping than was asked for: a WAV header tells its own sample rate, MP3 and the like are no samples.

Servers that ignore `response_format` are common; what they send, played as samples, is noise at full volume, or a voice
at the wrong speed.
"""

from __future__ import annotations

HEAD = 44
"""Bytes from the beginning that are enough to tell."""

_MOST_HEADER = 512
_NAMES = ((b"ID3", "MP3"), (b"OggS", "Ogg"), (b"fLaC", "FLAC"))
_MP3_FRAMES = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


class NotSamples(ValueError):
    """The message says what came in place of 16-bit samples of one channel."""


def unwrap(head: bytes, rate: int, kind: str = "") -> tuple[bytes, int]:
    """The first samples and their rate. `head`: the first bytes, at least `HEAD` of them where there are so many;
    `rate`: what was promised; `kind`: the answer's content type. Raises NotSamples."""
    for mark, name in _NAMES:
        if head.startswith(mark):
            raise NotSamples(f"{name} in place of samples")
    if kind in ("audio/mpeg", "audio/mp3") and head[:2] in _MP3_FRAMES:
        raise NotSamples("MP3 in place of samples")
    if not (head.startswith(b"RIFF") and head[8:12] == b"WAVE"):
        return head, rate
    format_at = head.find(b"fmt ", 12, _MOST_HEADER)
    data_at = head.find(b"data", 12, _MOST_HEADER)
    if format_at < 0 or data_at < format_at:
        raise NotSamples("a WAV file without samples")
    fields = head[format_at + 8 : format_at + 24]
    coding, channels = _number(fields[0:2]), _number(fields[2:4])
    told, bits = _number(fields[4:8]), _number(fields[14:16])
    if coding not in (1, 0xFFFE) or channels != 1 or bits != 16 or not 8000 <= told <= 48000:
        raise NotSamples(f"a WAV file of {channels} channels with {bits} bits at {told} Hz")
    return head[data_at + 8 :], told


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
