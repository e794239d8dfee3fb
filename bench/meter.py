"""Callers that also measure how evenly the agent's audio arrives."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from calls.phone.caller import Caller
from calls.phone.lines import Line, Samples, line_from_text

NEW_REPLY = 1.0  # seconds without audio that mean a new reply, and not a late frame of the old one


@dataclass
class MeteredCaller(Caller):
    """Lateness of a frame: arrival after the moment at which a player that began with the reply would need it, in ms."""

    lateness: list[float] = field(default_factory=list)
    _due: float = 0.0

    def agent_audio_arrived(self, frame: Samples) -> None:
        now = time.monotonic()
        if now > self._due + NEW_REPLY:
            self._due = now
        self.lateness.append(max(0.0, (now - self._due) * 1000))
        self._due += len(frame) / self.rate
        super().agent_audio_arrived(frame)


def lines(rate: int, count: int) -> list[Line]:
    """The same clip over and over: what is said does not matter to models that always answer the same."""
    return [line_from_text("what are your opening hours", rate)] * count


def percentile(values: list[float], which: float) -> float:
    return float(np.percentile(values, which)) if values else float("nan")
