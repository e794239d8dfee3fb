"""Callers that also measure how evenly the agent's audio arrives."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from calls.phone.caller import Caller
from calls.phone.lines import Line, Samples, line_from_text


@dataclass
class MeteredCaller(Caller):
    """Lateness of a frame: its arrival after the moment at which a player that began with the reply would need it.

    A reply is all that comes between two lines of the caller; so the time until an answer begins is no lateness. What
    is said in one sentence has no pauses of its own: a player that runs dry waits for the server.
    """

    lateness: list[tuple[float, float]] = field(default_factory=list)
    """The moment of arrival on the monotonic clock, and milliseconds."""
    answered: list[float] = field(default_factory=list)
    """When each of `figures.gaps` ended."""
    _due: float | None = None

    def agent_audio_arrived(self, frame: Samples) -> None:
        now = time.monotonic()
        due = now if self._due is None else self._due
        self.lateness.append((now, max(0.0, (now - due) * 1000)))
        self._due = max(now, due) + len(frame) / self.rate
        before = len(self.figures.gaps)
        super().agent_audio_arrived(frame)
        self.answered += [now] * (len(self.figures.gaps) - before)

    def tick(self) -> Samples:
        frame = super().tick()
        if self._position is not None:
            self._due = None
        return frame


def lines(rate: int, count: int) -> list[Line]:
    """The same clip over and over: what is said does not matter to models that always answer the same."""
    return [line_from_text("what are your opening hours", rate)] * count


def percentile(values: list[float], which: float) -> float:
    return float(np.percentile(values, which)) if values else float("nan")
