"""What the bridge itself says when no worker can: short committed clips, ready in the codec of any carrier."""

from __future__ import annotations

import audioop
import math
import wave
from array import array
from functools import lru_cache
from pathlib import Path

from media_worker.contract.spec import AudioFormat

HOLD = "hold"
SORRY = "sorry"
FOLDER = Path(__file__).parent / "clips"

_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_KEYS = "123A456B789C*0#D"
TONE_SECONDS, GAP_SECONDS = 0.12, 0.08
_TONE_LEVEL = 8000


@lru_cache(maxsize=16)
def clip(name: str, audio: AudioFormat) -> bytes:
    """The samples of a clip, read once per codec."""
    with wave.open(str(FOLDER / f"{name}.wav")) as file:
        samples, rate = file.readframes(file.getnframes()), file.getframerate()
    return encode(samples, rate, audio)


@lru_cache(maxsize=64)
def tones(digits: str, audio: AudioFormat) -> bytes:
    """Digits as the tones of a telephone's keys. Raises ValueError for what is on no key; `w` and `,` are a pause."""
    pcm = array("h")
    for digit in digits:
        if digit in "w,":
            pcm.extend([0] * int(audio.rate * 0.5))
            continue
        row, column = divmod(_KEYS.index(digit), 4)
        low, high = _ROWS[row], _COLUMNS[column]
        pcm.extend(
            int(
                _TONE_LEVEL
                * (math.sin(2 * math.pi * low * i / audio.rate) + math.sin(2 * math.pi * high * i / audio.rate))
            )
            for i in range(int(audio.rate * TONE_SECONDS))
        )
        pcm.extend([0] * int(audio.rate * GAP_SECONDS))
    return encode(pcm.tobytes(), audio.rate, audio)


def encode(pcm: bytes, rate: int, audio: AudioFormat) -> bytes:
    """16-bit mono samples in a carrier's codec and rate."""
    if rate != audio.rate:
        pcm, _ = audioop.ratecv(pcm, 2, 1, rate, audio.rate, None)
    return audioop.lin2ulaw(pcm, 2) if audio.codec == "mulaw" else pcm


def seconds(samples: bytes, audio: AudioFormat) -> float:
    return len(samples) / audio.bytes_per_second
