"""A caller who also keeps, frame by frame of 20 ms, who was to be heard at his ear: the agent, himself, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.meter import MeteredCaller
from calls.phone.lines import FRAME_SECONDS, SPEECH_LEVEL, Samples, level


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame at the ear. `at` is on `time.monotonic()`."""

    at: float
    agent: bool
    caller: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message of agent audio on the carrier's socket; it is heard `seconds_ahead` later."""

    at: float
    samples: int
    seconds_ahead: float


@dataclass
class ListeningCaller(MeteredCaller):
    heard: list[Heard] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    """When each line was begun."""
    _agent_audible: bool = False
    _ahead: int = 0

    def hear(self, frame: Samples) -> None:
        self._agent_audible = level(frame) > SPEECH_LEVEL / 4
        self._ahead = max(0, self._ahead - len(frame))
        super().hear(frame)

    def agent_audio_arrived(self, frame: Samples) -> None:
        self.arrivals.append(Arrival(self.clock(), len(frame), self._ahead / self.rate))
        self._ahead += len(frame)
        super().agent_audio_arrived(frame)

    def cleared(self) -> None:
        self._ahead = 0
        super().cleared()

    def tick(self) -> Samples:
        silent = self._position is None
        frame = super().tick()
        if silent and self._position is not None:
            self.began.append(self.clock())
        self.heard.append(Heard(self.clock(), self._agent_audible, level(frame) > SPEECH_LEVEL))
        return frame

    def speaking_until(self, moment: float) -> float:
        """The end of the line that was being said at this moment; the moment itself when none was."""
        line = self.lines[0]
        seconds = line.speech_ends * FRAME_SECONDS
        return max((began + seconds for began in self.began if began <= moment < began + seconds), default=moment)

    def longest_silence(self, since: float, until: float) -> float:
        """Seconds in which nobody was to be heard, neither the agent nor the caller, in a row, between two moments."""
        longest = run = 0
        for frame in self.heard:
            if since <= frame.at <= until:
                run = 0 if frame.agent or frame.caller else run + 1
                longest = max(longest, run)
        return longest * FRAME_SECONDS
