"""What the caller has said since their last finished turn: repeated to the worker that takes over, so that no word of a
turn is lost with the worker that was hearing it."""

from __future__ import annotations

import audioop
from collections import deque
from collections.abc import Iterator

from media_worker.contract.spec import AudioFormat

KEPT_SECONDS = 15.0
BEFORE_SPEECH = 0.4
"""Seconds kept before the first sound, so that a voice activity model hears it begin."""

AT_ONCE = 0.2
"""Seconds in one message of the repetition."""

_LOUD = 200
"""RMS of 16-bit samples; a quiet telephone line is below it."""


class LastWords:
    """`add` costs an append; all thinking is done when a worker was lost."""

    def __init__(self, audio: AudioFormat) -> None:
        self._audio = audio
        self._frames: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._most = int(KEPT_SECONDS * audio.bytes_per_second)

    def add(self, at_ms: int, samples: bytes) -> None:
        self._frames.append((at_ms, samples))
        self._bytes += len(samples)
        while self._bytes > self._most:
            self._bytes -= len(self._frames.popleft()[1])

    def told(self, until_ms: int) -> None:
        """What was said until this moment of the call's clock is a turn by now."""
        while self._frames and self._frames[0][0] < until_ms:
            self._bytes -= len(self._frames.popleft()[1])

    def repeated(self, since_ms: int = 0) -> Iterator[bytes]:
        """What another worker has to hear of what came after `since_ms`: from the first sound on, in pieces."""
        frames = [samples for at_ms, samples in self._frames if at_ms >= since_ms]
        before = int(BEFORE_SPEECH * self._audio.bytes_per_second)
        first = next((number for number, samples in enumerate(frames) if self._loud(samples)), len(frames))
        while first > 0 and before > 0:
            first -= 1
            before -= len(frames[first])
        samples = b"".join(frames[first:])
        size = int(AT_ONCE * self._audio.bytes_per_second)
        for at in range(0, len(samples), size):
            yield samples[at : at + size]

    def _loud(self, samples: bytes) -> bool:
        pcm = audioop.ulaw2lin(samples, 2) if self._audio.codec == "mulaw" else samples[: len(samples) & ~1]
        return audioop.rms(pcm, 2) > _LOUD
