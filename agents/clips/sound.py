"""Any sound that people bring becomes a clip's canonical sound: one channel, 16 kHz, 16 bits, trimmed, evenly loud.

What comes from outside is read within bounds: so many bytes, so many seconds, so many channels, whatever a file says of
itself. Costs about a tenth of a second for a minute of sound.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr

from voiceops.lib.errors import InvalidInput

RATE = 16_000
MOST_BYTES = 25 * 1024 * 1024
MOST_SECONDS = 60
LEAST_SECONDS = 0.2
LOUDNESS = -20.0
"""dB of full scale, as the power of the parts in which somebody speaks: what phone voices are made at."""

_READ_SECONDS = 120
_MOST_CHANNELS = 8
_RATES = range(4_000, 192_001)
_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "MP3", "MPEG", "OGG", "FLAC", "AIFF"})
_FRAME = RATE // 50
_SILENT = -55.0
_BELOW_VOICE = 35.0
_BEFORE, _AFTER = int(0.06 * RATE), int(0.12 * RATE)
_MOST_GAIN = 30.0
_KNEE, _CEILING = 0.70, 0.95
_FADE = int(0.005 * RATE)

UNREADABLE = "This file holds no sound that can be read. Use WAV, MP3, OGG or FLAC."
SILENT = "Nothing can be heard in it. Check the microphone, and record it again."


@dataclass(frozen=True)
class Sound:
    """`pcm` is canonical."""

    pcm: bytes
    sha256: str

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE


def canonical(data: bytes) -> Sound:
    """Raises InvalidInput, in words."""
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    samples = _trimmed(_read(data))
    if len(samples) < LEAST_SECONDS * RATE:
        raise InvalidInput("It is too short: at least a fifth of a second has to be heard.", "file")
    if len(samples) > MOST_SECONDS * RATE:
        raise InvalidInput(f"It is longer than {MOST_SECONDS} seconds. Cut it into phrases.", "file")
    pcm = (_levelled(samples) * 32767).round().astype("<i2").tobytes()
    return Sound(pcm, hashlib.sha256(pcm).hexdigest())


def _read(data: bytes) -> np.ndarray:
    """One channel at 16 kHz, as floats."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.format not in _FORMATS or file.samplerate not in _RATES or file.channels > _MOST_CHANNELS:
                raise InvalidInput(UNREADABLE, "file")
            rate = file.samplerate
            samples = file.read(_READ_SECONDS * rate + 1, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError, OverflowError, MemoryError):
        raise InvalidInput(UNREADABLE, "file") from None
    if len(samples) > _READ_SECONDS * rate:
        raise InvalidInput(f"It is longer than {MOST_SECONDS} seconds. Cut it into phrases.", "file")
    mono = np.nan_to_num(samples.mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0)
    if not len(mono):
        raise InvalidInput(SILENT, "file")
    mono = np.clip(mono - mono.mean(), -4.0, 4.0)
    return np.asarray(mono if rate == RATE else soxr.resample(mono, rate, RATE), dtype=np.float32)


def _power(samples: np.ndarray) -> np.ndarray:
    """dB of each fiftieth of a second."""
    whole = np.pad(samples, (0, -len(samples) % _FRAME)).reshape(-1, _FRAME).astype(np.float64)
    return np.asarray(10 * np.log10((whole**2).mean(axis=1) + 1e-12))


def _voiced(samples: np.ndarray) -> np.ndarray:
    """Which fiftieths of a second hold something to hear."""
    power = _power(samples)
    return power > max(_SILENT, float(power.max()) - _BELOW_VOICE)


def _trimmed(samples: np.ndarray) -> np.ndarray:
    """Without the silence around it, but for a breath."""
    voiced = np.flatnonzero(_voiced(samples))
    if not len(voiced):
        raise InvalidInput(SILENT, "file")
    first, last = int(voiced[0]) * _FRAME, (int(voiced[-1]) + 1) * _FRAME
    return samples[max(0, first - _BEFORE) : last + _AFTER]


def _levelled(samples: np.ndarray) -> np.ndarray:
    """As loud as every other clip; peaks are bent, not cut; no click at either end."""
    power = _power(samples)[_voiced(samples)]
    loudness = 10 * np.log10(np.mean(10 ** (power / 10)))
    gain = 10 ** (min(_MOST_GAIN, LOUDNESS - float(loudness)) / 20)
    loud = samples.astype(np.float64) * gain
    over = np.abs(loud) > _KNEE
    room = _CEILING - _KNEE
    loud[over] = np.sign(loud[over]) * (_KNEE + room * np.tanh((np.abs(loud[over]) - _KNEE) / room))
    ramp = np.linspace(0.0, 1.0, _FADE)
    loud[:_FADE] *= ramp
    loud[-_FADE:] *= ramp[::-1]
    return np.asarray(loud)
