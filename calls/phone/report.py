"""What a call by the software phone was like."""

from __future__ import annotations

import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from calls.phone.caller import Figures
from calls.phone.lines import SPEECH_LEVEL, Samples, level


class PhoneError(Exception):
    """The call could not be made or held, in words."""


@dataclass
class Heard:
    """What the caller's ear got: samples, the line's rate, and how the call went on the wire."""

    rate: int
    samples: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    figures: Figures = field(default_factory=Figures)
    carrier_call_id: str = ""
    call_id: str = ""
    ended: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def heard_seconds(self) -> float:
        """Seconds in which the agent was audible."""
        size = self.rate // 50
        frames = (self.samples[i : i + size] for i in range(0, len(self.samples), size))
        return round(sum(level(frame) > SPEECH_LEVEL / 4 for frame in frames) * 0.02, 2)

    def save(self, path: Path) -> None:
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.rate)
            out.writeframes(self.samples.tobytes())


def percentiles(values: list[float]) -> dict[str, int | None]:
    if not values:
        return {"p50": None, "p95": None}
    return {"p50": round(float(np.percentile(values, 50))), "p95": round(float(np.percentile(values, 95)))}


def as_json(heard: Heard, call: dict[str, Any]) -> dict[str, Any]:
    """`call`: call_id, status, ended_reason, transcript of the stored call."""
    barge_in = heard.figures.barge_in
    return {
        **call,
        "heard_seconds": heard.heard_seconds,
        "gap_ms": percentiles(heard.figures.gaps),
        "barge_in_ms": round(barge_in[0]) if barge_in else None,
    }
