"""Whose turn is it? Voice activity and transcripts in; barge-ins, finished turns and empty turns out.

A turn is over when two things hold: the silence is long enough (smart-turn says so, or the clock), and the STT has
nothing more to give (it said so, or its time is up). No tasks, only timers: a caller costs nothing between two words.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from media_worker.contract.spec import TurnTaking
from media_worker.pipeline import smart_turn

STT_PATIENCE = 3.0
"""Seconds after the end of speech until a turn without any text counts as not understood."""

_COMPLETE = 0.5
_ONCE_MORE = 0.4
_WORDS_WITHOUT_VOICE = 3
"""So many words interrupt even where the VAD heard no voice."""

_DEFAULT_LATENCY = 1.0


@dataclass(frozen=True)
class UserTurn:
    """Moments are of `time.monotonic()`."""

    text: str
    confidence: float | None
    started: float
    ended: float
    over: float
    heard: float | None
    interrupted: bool
    """The agent was cut off by it."""
    first_heard: float | None = None
    """Its first word came from the STT, final or not."""
    why: str = ""
    """What decided that it is over, in a word or two for the trace."""


@dataclass(frozen=True)
class Listener:
    """What the detector tells, and what it has to know of the agent."""

    barge_in: Callable[[], bool]
    """Stop the agent; whether there was something to stop."""
    agent_speaking: Callable[[], bool]
    turn: Callable[[UserTurn], None]
    nothing_heard: Callable[[float, bool], None]
    """Seconds of speech that gave no text, and whether they cut the agent off."""
    caller_active: Callable[[], None]


class TurnDetector:
    def __init__(self, turns: TurnTaking, rate: int, listener: Listener) -> None:
        self._turns = turns
        self._rate = rate
        self._listener = listener
        self.stt_latency = _DEFAULT_LATENCY
        self.segmented = False
        """The STT gives exactly one final text per stretch of speech, at most."""
        self.speaking = False
        self._timers: list[asyncio.TimerHandle] = []
        self._question = 0
        self._unfinished = False
        self._stretch = 0.0
        self.last_answer: float | None = None
        """What smart-turn said last, 0 to 1."""
        self._clear()

    def _clear(self) -> None:
        self._cancel_timers()
        self._open = False
        self._texts: list[str] = []
        self._confidences: list[float] = []
        self._started = 0.0
        self._ended = 0.0
        self._heard: float | None = None
        self._first_heard: float | None = None
        self._awaited = 0
        self._final = False
        self._silent = False
        self._waited = False
        self._interrupted = False
        self._voiced = 0.0

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._question += 1

    def close(self) -> None:
        self._clear()

    @property
    def open(self) -> bool:
        return self._open

    # ── voice activity ───────────────────────────────────────────────────────────────────────────

    def speech_started(self) -> None:
        now = time.monotonic()
        self.speaking = True
        self._cancel_timers()
        self._silent = self._waited = self._final = False
        self._begin(now - self._turns.vad_start)
        self._stretch = now - self._turns.vad_start
        self._listener.caller_active()
        if self._turns.interruptible and self._turns.min_words == 0:
            self._keep_interrupting()

    def speech_stopped(self, audio: bytes) -> None:
        """`audio`: the turn's samples so far, for smart-turn."""
        now = time.monotonic()
        self.speaking = False
        self._begin(now)
        self._ended = now - self._turns.vad_stop
        self._voiced += max(0.0, self._ended - self._stretch)
        self._awaited += 1
        self._cancel_timers()
        self._silent = self._waited = False
        if self._turns.smart_turn:
            self._later(self._turns.speech_timeout, self._clock_says_over)
            self._later(self._turns.smart_turn_deadline, self._silence_enough)
            question = self._question
            self._unfinished = False
            smart_turn.ask(audio, self._rate, lambda answer: self._smart_turn_says(question, answer))
        else:
            self._later(self._turns.speech_timeout, self._silence_enough)
        self._later(max(0.0, self.stt_latency - self._turns.vad_stop), self._stt_had_its_time)
        self._later(max(STT_PATIENCE, self.stt_latency + 1.0), self._give_up)
        self._maybe_over()

    def _begin(self, started: float) -> None:
        if not self._open:
            self._clear()
            self._open = True
            self._started = self._ended = self._stretch = started

    def _keep_interrupting(self) -> None:
        """The agent may have a reason not to stop yet. Who goes on speaking gets the floor a little later."""
        if not self.speaking or self._interrupted:
            return
        self._interrupt()
        if not self._interrupted and self._listener.agent_speaking():
            self._later(_ONCE_MORE, self._keep_interrupting)

    def _interrupt(self) -> None:
        if self._listener.barge_in():
            self._interrupted = True

    # ── the silence ──────────────────────────────────────────────────────────────────────────────

    def _later(self, seconds: float, call: Callable[..., None], *arguments: object) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call, *arguments))

    def _smart_turn_says(self, question: int, answer: float | None) -> None:
        if question != self._question or not self._open:
            return
        self.last_answer = answer
        if answer is not None and answer > _COMPLETE:
            self._silence_enough()
        elif answer is not None:
            self._unfinished = True

    def _clock_says_over(self) -> None:
        """Smart-turn has had `speech_timeout` to answer. Only its “not yet” keeps the turn open longer."""
        if not self._unfinished:
            self._silence_enough()

    def _silence_enough(self) -> None:
        self._silent = True
        self._maybe_over()

    # ── the text ─────────────────────────────────────────────────────────────────────────────────

    def transcript(self, text: str, final: bool, finalized: bool, confidence: float | None) -> None:
        """`final`: this text stands. `finalized`: and nothing of this stretch of speech comes after it."""
        text = text.strip()
        now = time.monotonic()
        if text and self._first_heard is None:
            self._first_heard = now
        if not final:
            self._final = False
            self._words(" ".join([*self._texts, text]))
            return
        late = not self._open and not self.speaking
        self._begin(now)
        self._first_heard = self._first_heard if self._first_heard is not None else now
        self._awaited = max(0, self._awaited - 1)
        self._heard = now
        if text:
            self._texts.append(text)
            if confidence is not None:
                self._confidences.append(confidence)
        self._final = finalized and (not self.segmented or self._awaited == 0)
        self._words(" ".join(self._texts))
        if late:
            self._silent = self._waited = True
        self._maybe_over()

    def _words(self, text: str) -> None:
        needed = self._turns.min_words or _WORDS_WITHOUT_VOICE
        if not self._turns.interruptible or self._interrupted or not self._listener.agent_speaking():
            return
        if text and len(text.split()) >= needed:
            self._interrupt()

    def turn_ended_elsewhere(self) -> None:
        """The STT has its own ear for turns, and says that this one is over."""
        if self._open and not self.speaking:
            self._silent = self._waited = True
            self._maybe_over()

    def stt_failed(self) -> None:
        """One request of the STT came to nothing: what there is has to do."""
        self._awaited = max(0, self._awaited - 1)
        if self._open and not self.speaking and self._awaited == 0:
            self._give_up()

    def _stt_had_its_time(self) -> None:
        self._waited = True
        self._maybe_over()

    def _give_up(self) -> None:
        if not self._open or self.speaking:
            return
        self._silent = self._waited = True
        if self._texts:
            self._maybe_over()
            return
        voiced, interrupted = self._voiced, self._interrupted
        self._clear()
        self._listener.nothing_heard(voiced, interrupted)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def _maybe_over(self) -> None:
        if not self._open or self.speaking or not self._silent:
            return
        if not (self._final or self._waited):
            return
        if not self._texts:
            return
        if self.segmented and self._awaited > 0 and not self._final:
            return
        confidence = min(self._confidences) if self._confidences else None
        turn = UserTurn(
            text=" ".join(self._texts),
            confidence=confidence,
            started=self._started,
            ended=self._ended,
            over=time.monotonic(),
            heard=self._heard,
            interrupted=self._interrupted,
            first_heard=self._first_heard,
            why=self._why(),
        )
        self._clear()
        self._listener.turn(turn)

    def _why(self) -> str:
        if not self._turns.smart_turn:
            return "silence"
        if self._unfinished or self.last_answer is None:
            return "silence, smart-turn undecided"
        return f"smart-turn {self.last_answer:.2f}"
