"""When the caller speaks: after the agent has finished, or over it, and when the caller hangs up.

Time is counted in frames of 20 ms; the carrier's loop calls `tick` once per frame.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from calls.phone.lines import FRAME_SECONDS, SPEECH_LEVEL, Line, Samples, level

PATIENCE = 0.8  # seconds of silence after which the agent is taken to have finished
LONGEST_WAIT = 12.0  # seconds without an answer after which the caller goes on


@dataclass
class Figures:
    """Moments on the monotonic clock become figures in milliseconds."""

    gaps: list[float] = field(default_factory=list)
    barge_in: list[float] = field(default_factory=list)
    unanswered: int = 0


@dataclass
class Caller:
    """`barge_in_at`: seconds after the agent's first reply (or the greeting) began, the next line is spoken over it."""

    lines: list[Line]
    rate: int
    barge_in_at: float | None = None
    hangup_after: float | None = None
    patience: float = PATIENCE
    linger: float = 4.0  # seconds of silence after the last line, then the caller hangs up
    clock: Callable[[], float] = time.monotonic
    figures: Figures = field(default_factory=Figures)
    wants_hangup: bool = False
    _said: int = 0
    _position: int | None = None
    _ticks: int = 0
    _quiet: int = 0
    _agent_spoke: int | None = None
    _waiting_since: float | None = None
    _barged_at: float | None = None
    _over_agent: bool = False

    def __post_init__(self) -> None:
        self._silence = np.zeros(int(self.rate * FRAME_SECONDS), np.int16)

    def hear(self, frame: Samples) -> None:
        """A frame of the agent is being played."""
        if level(frame) > SPEECH_LEVEL:
            self._quiet = 0
            if self._agent_spoke is None:
                self._agent_spoke = self._ticks + 1
        else:
            self._quiet += 1

    def agent_audio_arrived(self, frame: Samples) -> None:
        """Agent audio reached the socket: the answer to what was said last."""
        if self._waiting_since is not None and level(frame) > SPEECH_LEVEL / 4:
            self.figures.gaps.append((self.clock() - self._waiting_since) * 1000)
            self._waiting_since = None

    def cleared(self) -> None:
        if self._barged_at is not None:
            self.figures.barge_in.append((self.clock() - self._barged_at) * 1000)
            self._barged_at = None

    def tick(self) -> Samples:
        """The frame the caller sends now."""
        self._ticks += 1
        if self._waiting_since is not None and self.clock() - self._waiting_since > LONGEST_WAIT:
            self._waiting_since = None
            self.figures.unanswered += 1
        if self.hangup_after is not None and self._ticks * FRAME_SECONDS >= self.hangup_after:
            self.wants_hangup = True
        if self.done and self._waiting_since is None and self._agent_spoke is not None:
            self.wants_hangup = self.wants_hangup or self.quiet_seconds >= self.linger
        if self._position is None and self._may_speak():
            self._position = 0
        if self._position is None:
            return self._silence
        return self._speak()

    @property
    def done(self) -> bool:
        return self._said >= len(self.lines) and self._position is None

    @property
    def quiet_seconds(self) -> float:
        return self._quiet * FRAME_SECONDS

    def _may_speak(self) -> bool:
        if self._said >= len(self.lines) or self._agent_spoke is None or self._waiting_since is not None:
            return False
        if self.barge_in_at is not None and self._ticks - self._agent_spoke >= self.barge_in_at / FRAME_SECONDS:
            self.barge_in_at = None
            self._over_agent = self._quiet * FRAME_SECONDS < self.patience
            return True
        return self._quiet * FRAME_SECONDS >= self.patience

    def _speak(self) -> Samples:
        assert self._position is not None
        line = self.lines[self._said]
        frame = line.frames[self._position]
        if self._position == line.speech_starts and self._over_agent:
            self._barged_at = self.clock()
            self._over_agent = False
        self._position += 1
        if self._position == line.speech_ends:
            self._waiting_since = self.clock() + FRAME_SECONDS  # this frame is heard until then
        if self._position == len(line.frames):
            self._position = None
            self._said += 1
            self._quiet = 0
        return frame
