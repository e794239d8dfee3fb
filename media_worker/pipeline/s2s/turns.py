"""Whose turn is it, when nobody writes down what is heard? Voice activity and smart-turn alone decide.

The same `TurnTaking` as in any call, without what needs words: the minimum of words counts as a minimum of speech.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from media_worker.contract.spec import TurnTaking
from media_worker.pipeline import smart_turn

SHORTEST = 0.12
"""Seconds of voice from which on it is taken for speech: less is a click or a cough."""

LONGEST = 60.0
"""Seconds after which a turn is over although somebody, or something, still makes a sound."""

_SECONDS_PER_WORD = 0.3
_COMPLETE = 0.5


@dataclass(frozen=True)
class SpokenTurn:
    """Moments of `time.monotonic()`."""

    started: float
    ended: float
    over: float
    interrupted: bool


@dataclass(frozen=True)
class SpokenListener:
    began: Callable[[], None]
    barge_in: Callable[[], bool]
    turn: Callable[[SpokenTurn], None]
    nothing: Callable[[], None]
    caller_active: Callable[[], None]


class SpokenTurns:
    """What `Ears` tells of voice becomes turns. No tasks, only timers. `turns` gives those of the present node."""

    def __init__(self, turns: Callable[[], TurnTaking], rate: int, listener: SpokenListener) -> None:
        self._turns_now = turns
        self._rate = rate
        self._listener = listener
        self._timers: list[asyncio.TimerHandle] = []
        self._question = 0
        self._clear()

    @property
    def _turns(self) -> TurnTaking:
        return self._turns_now()

    def _clear(self) -> None:
        self._cancel_timers()
        self._open = False
        self.speaking = False
        self._unfinished = False
        self._interrupted = False
        self._voiced = 0.0
        self._started = self._stretch = self._ended = 0.0

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._question += 1

    @property
    def open(self) -> bool:
        return self._open

    def close(self) -> None:
        self._clear()

    def speech_started(self) -> None:
        now = time.monotonic()
        self._cancel_timers()
        self._stretch = now - self._turns.vad_start
        if not self.open:
            self._clear()
            self._open = True
            self._started = self._stretch = now - self._turns.vad_start
            self._listener.began()
        self.speaking = True
        self._listener.caller_active()
        if self._turns.interruptible and not self._interrupted:
            self._later(self._turns.min_words * _SECONDS_PER_WORD, self._interrupt)
        self._later(max(1.0, LONGEST - (now - self._started)), self._over)

    def speech_stopped(self, audio: bytes) -> None:
        """`audio`: the turn's samples so far, for smart-turn."""
        now = time.monotonic()
        self._cancel_timers()
        self.speaking = False
        if not self.open:
            return
        self._ended = now - self._turns.vad_stop
        self._voiced += max(0.0, self._ended - self._stretch)
        if self._turns.smart_turn:
            self._unfinished = False
            self._later(self._turns.speech_timeout, self._clock_says_over)
            self._later(self._turns.smart_turn_deadline, self._over)
            question = self._question
            smart_turn.ask(audio, self._rate, lambda answer: self._smart_turn_says(question, answer))
        else:
            self._later(self._turns.speech_timeout, self._over)

    def read_now(self) -> bool:
        return False

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    def _interrupt(self) -> None:
        if self.open:
            self._interrupted = self._listener.barge_in() or self._interrupted

    def _smart_turn_says(self, question: int, answer: float | None) -> None:
        if question != self._question or not self.open:
            return
        if answer is not None and answer > _COMPLETE:
            self._over()
        elif answer is not None:
            self._unfinished = True

    def _clock_says_over(self) -> None:
        if not self._unfinished:
            self._over()

    def _over(self) -> None:
        if not self.open:
            return
        now = time.monotonic()
        ended = now if self.speaking else self._ended
        voiced = self._voiced + (now - self._stretch if self.speaking else 0.0)
        turn = SpokenTurn(self._started, ended, now, self._interrupted)
        self._clear()
        if voiced >= SHORTEST:
            self._listener.turn(turn)
        else:
            self._listener.nothing()
