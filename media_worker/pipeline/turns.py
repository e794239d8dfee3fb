"""When has the caller finished? Voice activity and transcripts in; sounds, words, finished and empty turns out.

It knows nothing of the agent: what a sound or a word means while the agent speaks, `floor.py` decides. A turn is over when two things hold: the silence is long enough (smart-turn says so, or the clock), and the STT has
nothing more to give (it said so, or its time is up). No tasks, only timers: a caller costs nothing between two words.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from media_worker.contract.spec import TurnTaking
from media_worker.pipeline import smart_turn

STT_PATIENCE = 3.0
"""Seconds after the end of speech until a turn without any text counts as not understood."""

LONGEST_TURN = 60.0
"""Seconds after which a caller who does not stop is answered all the same."""

LONGEST_NOISE = 30.0
"""Seconds of voice without a word, after which it counts as noise: somebody's television keeps no call open."""

_COMPLETE = 0.5
_DEFAULT_LATENCY = 1.0
_A_MOMENT = 0.05


@dataclass(frozen=True)
class UserTurn:
    """Moments are of `time.monotonic()`."""

    text: str
    confidence: float | None
    started: float
    ended: float
    over: float
    heard: float | None
    interrupted: bool = False
    """The agent was cut off by it."""
    first_heard: float | None = None
    """Its first word came from the STT, final or not."""
    why: str = ""
    """What decided that it is over, in a word or two for the trace."""


class Listener(Protocol):
    """Whom the detector tells."""

    def voice_began(self) -> None: ...

    def voice_ended(self, text_owed: float) -> None:
        """`text_owed`: seconds until the STT will have said what it heard; 0 where it says so word by word."""

    def words(self, text: str, settled: bool, confidence: float | None) -> None:
        """All that was heard of this turn so far. `settled`: the caller is silent, and these words stand."""

    def undecided(self, text: str) -> None:
        """The caller is silent after these words; whether the turn is over, or will be heard differently, is open."""

    def user_turn(self, turn: UserTurn) -> None: ...

    def nothing_heard(self, seconds: float) -> None:
        """Seconds of speech that gave no text."""

    def close(self) -> None:
        """Nothing more will be told."""


class TurnDetector:
    def __init__(
        self,
        turns: Callable[[], TurnTaking],
        rate: int,
        listener: Listener,
        patience: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._ways = turns
        self._patience = patience
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
        self._too_long: asyncio.TimerHandle | None = None
        self._clear()

    @property
    def _turns(self) -> TurnTaking:
        return self._ways()

    def _clear(self) -> None:
        self._cancel_timers()
        self._open = False
        self._texts: list[str] = []
        self._before_stretch = 0
        """So many texts are of earlier stretches of speech."""
        self._interim = ""
        self._heard_of_stretch = False
        self._confidences: list[float] = []
        self._started = 0.0
        self._ended = 0.0
        self._heard: float | None = None
        self._first_heard: float | None = None
        self._awaited = 0
        self._final = False
        self._silent = False
        self._waited = False
        self._voiced = 0.0
        if self._too_long is not None:
            self._too_long.cancel()
            self._too_long = None

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._question += 1

    def close(self) -> None:
        self._clear()
        self._listener.close()

    @property
    def open(self) -> bool:
        return self._open

    @property
    def text(self) -> str:
        """All that was heard of this turn so far, with what the STT may still take back."""
        return " ".join(filter(None, (*self._texts, self._interim)))

    # ── voice activity ───────────────────────────────────────────────────────────────────────────

    def speech_started(self) -> None:
        now = time.monotonic()
        self.speaking = True
        self._cancel_timers()
        self._silent = self._waited = self._final = self._heard_of_stretch = False
        self._begin(now - self._turns.vad_start)
        self._stretch = now - self._turns.vad_start
        self._before_stretch = len(self._texts)
        self._listener.voice_began()

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
        self._listener.voice_ended(self.stt_latency if self.segmented else 0.0)
        self._maybe_over()
        self._tell_undecided()

    def read_now(self) -> bool:
        """The caller goes on, and the STT is to read what it has."""
        self._awaited += 1
        return True

    def _begin(self, started: float) -> None:
        if not self._open:
            self._clear()
            self._open = True
            self._started = self._ended = self._stretch = started
            self._too_long = asyncio.get_running_loop().call_later(LONGEST_NOISE, self._lasts_too_long)

    def _lasts_too_long(self) -> None:
        """A caller who does not stop is taken at the words so far; noise, or what the STT makes nothing of, is let go."""
        self._too_long = None
        if not self._open:
            return
        lasted = time.monotonic() - self._started
        if self.text and lasted >= LONGEST_TURN - _A_MOMENT:
            self._over()
        elif self.text:
            self._too_long = asyncio.get_running_loop().call_later(LONGEST_TURN - lasted, self._lasts_too_long)
        else:
            self._clear()
            self._listener.nothing_heard(lasted)

    # ── the silence ──────────────────────────────────────────────────────────────────────────────

    def _later(self, seconds: float, call: Callable[..., None], *arguments: object) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call, *arguments))

    def _smart_turn_says(self, question: int, answer: float | None) -> None:
        if question != self._question or not self._open:
            return
        self.last_answer = answer
        if answer is not None and answer > _COMPLETE:
            wait = self._ended + self._patience() - time.monotonic()
            if wait > 0 and self._patience():
                self._later(wait, self._silence_enough)
            else:
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
        self._heard_of_stretch = True
        now = time.monotonic()
        if text and self._first_heard is None:
            self._first_heard = now
        if not final:
            self._final = False
            self._interim = text
            self._tell_words()
            self._tell_undecided()
            return
        late = not self._open and not self.speaking
        self._begin(now)
        self._first_heard = self._first_heard if self._first_heard is not None else now
        self._awaited = max(0, self._awaited - 1)
        self._heard = now
        self._interim = ""
        if text:
            self._texts.append(text)
            if confidence is not None:
                self._confidences.append(confidence)
        self._final = finalized and (not self.segmented or self._awaited == 0)
        self._tell_words()
        if late:
            self._silent = self._waited = True
        self._maybe_over()
        self._tell_undecided()

    def _tell_undecided(self) -> None:
        if self._open and not self.speaking and self.text and self._heard_of_stretch:
            self._listener.undecided(self.text)

    def _tell_words(self) -> None:
        if self.text:
            least = min(self._confidences, default=None)
            self._listener.words(self.text, self._final and not self.speaking, None if self._interim else least)

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

    def heard_anew(self) -> None:
        """Another STT hears the last stretch of speech from its beginning: its time begins now."""
        if not self._open:
            return
        del self._texts[self._before_stretch :], self._confidences[self._before_stretch :]
        self._interim = ""
        self._heard_of_stretch = self._final = False
        if self.speaking:
            return
        self._cancel_timers()
        self._silent, self._waited = True, False
        self._awaited = max(1, self._awaited)
        self._later(max(0.0, self.stt_latency), self._stt_had_its_time)
        self._later(max(STT_PATIENCE, self.stt_latency + 1.0), self._give_up)

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
        voiced = self._voiced
        self._clear()
        self._listener.nothing_heard(voiced)

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
        self._over()

    def _over(self) -> None:
        now = time.monotonic()
        confidence = min(self._confidences) if self._confidences else None
        turn = UserTurn(
            text=self.text,
            confidence=confidence,
            started=self._started,
            ended=now if self.speaking else self._ended,
            over=now,
            heard=self._heard,
            first_heard=self._first_heard,
            why=self._why(),
        )
        self._clear()
        self._listener.user_turn(turn)

    def _why(self) -> str:
        if self.speaking:
            return "longest turn"
        if not self._turns.smart_turn:
            return "silence"
        if self._unfinished or self.last_answer is None:
            return "silence, smart-turn undecided"
        return f"smart-turn {self.last_answer:.2f}"
