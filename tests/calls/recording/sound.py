"""Tones on a known timeline: what is put in, and where it is found again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 8000


def tone(hertz: float, ms: int, rate: int = RATE, loud: float = 0.3) -> bytes:
    """Linear 16 bits, little-endian."""
    time = np.arange(rate * ms // 1000) / rate
    return (np.sin(2 * np.pi * hertz * time) * loud * 32767).astype("<i2").tobytes()


def spans(side: npt.NDArray[np.float32], rate: int = RATE, floor: float = 0.05) -> list[tuple[float, float]]:
    """Where it is loud, in seconds, to 10 ms."""
    step = rate // 100
    loud = np.abs(side[: len(side) // step * step]).reshape(-1, step).max(axis=1) > floor
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(int), [0]))))
    return [(begin / 100, end / 100) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def pitch(side: npt.NDArray[np.float32], rate: int = RATE) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(side * np.hanning(len(side))))
    return float(spectrum.argmax() * rate / len(side))
