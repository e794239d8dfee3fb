"""Who has the floor: the caller's sounds and words while the agent speaks, and the turns that come of them.

A sound makes the agent pause at once. Words make the pause an interruption; a cough, an “uh-huh”, or nothing lets the
agent go on with the very next sample. Where pausing is switched off, a sound interrupts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from media_worker.contract.events import Backchannel, Paused
from media_worker.pipeline.backchannels import asks_yes_or_no, is_backchannel
from media_worker.pipeline.brain import Brain, Mind
from media_worker.pipeline.errands import PICK_UP_WORDS
from media_worker.pipeline.speech import Speech
from media_worker.pipeline.turns import UserTurn

PICK_UP_SECONDS = 1.0
"""What is said at most so long into the greeting, in so few words, is a “hello” and needs no answer."""

LONGEST_PAUSE = 8.0
"""Seconds of voice without a word after which the agent speaks on over it: a television, not a caller."""

SPEECH_FOR_CERTAIN = 2.0
"""The same for an STT that gives no words before the end: so much voice is somebody who speaks."""

LATEST_TEXT = 2.0
"""Seconds after a sound that the agent stays silent at most, for an STT that still owes its text."""

MOST_PAUSES = 3
"""A speech that was paused so often for nothing is stopped by words only: the line is noisy, or it echoes."""

_ONCE_MORE = 0.4
_WORDS_WITHOUT_VOICE = 3
"""So many words interrupt even where the VAD heard no voice."""

_WORTH_ASKING = 0.8
"""Seconds of speech that gave no text, from which on the caller is asked to repeat."""

MOST_ASKED_AGAIN = 3
"""So often in a row is a caller without a word asked to repeat; then the silence is measured, and ends the call."""

_LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Pause:
    """`began` is of `time.monotonic()`; `audible`: the caller heard the agent stop."""

    turn: int
    began: float
    audible: bool


class Floor:
    """Listens to the turn detector (`turns.Listener`). `caller_active`: the caller said something, in words."""

    def __init__(self, brain: Brain, caller_active: Callable[[], None]) -> None:
        self._brain = brain
        self._caller_active = caller_active
        self._voice = False
        self._over_agent = False
        self._picked_up = False
        self._interrupted = False
        self._word_by_word = False
        self._asked_again = 0
        self._pause: Pause | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._longest: asyncio.TimerHandle | None = None
        self._waiting: UserTurn | None = None

    def attach(self, mind: Mind) -> None:
        self._mind = mind

    def close(self) -> None:
        self._stop_waiting()
        if self._longest is not None:
            self._longest.cancel()

    @property
    def paused(self) -> bool:
        return self._pause is not None

    # ── sounds ───────────────────────────────────────────────────────────────────────────────────

    def voice_began(self) -> None:
        self._voice = True
        self._stop_waiting()
        self._forget_guess()
        speech = self._mind.books.current
        if self._pause is None and speech is not None:
            self._picked_up = self._picked_up or self._just_greeting(speech)
            self._give_way()
        self._mind.changed()

    def _give_way(self) -> None:
        """Somebody makes a sound. The agent may have a reason not to stop yet: who goes on gets the floor a little later."""
        turns = self._mind.flow.turns
        speech = self._mind.books.current
        if speech is None or not self._voice or self._pause is not None or not self._may_be_stopped():
            return
        if self._just_greeting(speech):
            self._later(_ONCE_MORE, self._give_way)
        elif turns.resume_after > 0:
            if speech.pauses < MOST_PAUSES:
                self._hold(speech)
        elif turns.min_words == 0:
            self._interrupted = self.barge_in()

    def voice_ended(self, text_owed: float) -> None:
        self._voice = False
        if self._pause is None:
            return
        turns = self._mind.flow.turns
        wait = max(turns.resume_after, min(text_owed, LATEST_TEXT)) - turns.vad_stop
        self._later(max(0.0, wait), self._go_on)

    def _may_be_stopped(self) -> bool:
        mind = self._mind
        free = mind.flow.turns.interruptible and not self._brain.leaving
        return free and all(speech.interruptible for speech in mind.books.open)

    def _just_greeting(self, speech: Speech) -> bool:
        """Whoever picks up says “hello”, often into our first word: that is no interruption."""
        if speech.turn != 0 or speech.kind != "reply":
            return False
        first = speech.sentences[0].starts if speech.sentences else None
        return first is None or speech.stands_at - first < PICK_UP_SECONDS

    # ── the pause ────────────────────────────────────────────────────────────────────────────────

    def _hold(self, speech: Speech) -> None:
        mind = self._mind
        if speech.written and not mind.mouth.pending:
            return
        self._over_agent = True
        audible = mind.mouth.pause()
        self._pause = Pause(speech.turn, time.monotonic(), audible)
        self._look_again(LONGEST_PAUSE if self._word_by_word else SPEECH_FOR_CERTAIN)

    def _look_again(self, seconds: float) -> None:
        self._longest = asyncio.get_running_loop().call_later(seconds, self._lasts_long)

    def _lasts_long(self) -> None:
        if not self._voice:
            self._look_again(_ONCE_MORE)
        elif self._word_by_word:
            self._go_on()
        else:
            self._interrupted = self.barge_in()

    def _go_on(self) -> None:
        """It was nothing."""
        pause = self._pause
        if pause is None:
            return
        self._end_pause()
        mind = self._mind
        for speech in mind.books.open:
            speech.pauses += 1
        mind.mouth.resume()
        if pause.audible:
            mind.observer.journal.write(Paused(turn=pause.turn, ms=int((time.monotonic() - pause.began) * 1000)))
        mind.changed()

    def _end_pause(self) -> None:
        self._pause = None
        self._stop_waiting()
        if self._longest is not None:
            self._longest.cancel()
            self._longest = None

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = asyncio.get_running_loop().call_later(seconds, call)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ── words ────────────────────────────────────────────────────────────────────────────────────

    def words(self, text: str, settled: bool, confidence: float | None) -> None:
        if self._voice:
            self._word_by_word = True
        if self._doubtful(confidence):
            return
        if self._interrupted or not self._mind.books.speaking or not self._may_be_stopped():
            return
        needed = self._mind.flow.turns.min_words or (1 if self._pause is not None else _WORDS_WITHOUT_VOICE)
        if self._only_listening(text):
            if settled:
                self._go_on()
        elif len(text.split()) >= needed and not self._pick_up(text):
            self._interrupted = self.barge_in()

    def _doubtful(self, confidence: float | None) -> bool:
        """The STT made something of it, and does not believe it itself."""
        return confidence is not None and confidence < self._mind.flow.spec.agent.fallbacks.least_confidence

    def _only_listening(self, text: str) -> bool:
        """An “uh-huh” that answers nothing."""
        mind = self._mind
        language = mind.flow.spec.agent.language
        return mind.flow.turns.backchannels and is_backchannel(text, language) and not self._asked(language)

    def _asked(self, language: str) -> bool:
        """The agent has begun to say a question that a “yes” answers, and the whole of it is written."""
        return any(
            sentence.starts is not None
            and sentence.starts < speech.stands_at
            and asks_yes_or_no(sentence.text, language)
            for speech in self._mind.books.open
            if not speech.cut
            for sentence in speech.sentences
        )

    def _pick_up(self, text: str) -> bool:
        return self._picked_up and self._mind.observer.turn == 0 and len(text.split()) <= PICK_UP_WORDS

    def barge_in(self) -> bool:
        """Stop talking and thinking. Whether there was anything to stop that the caller could hear."""
        mind, pause = self._mind, self._pause
        if self._brain.leaving or any(not speech.interruptible for speech in mind.books.open):
            self._go_on()
            return False
        cut = mind.books.cut()
        audible = [speech for speech in cut if speech.interrupted]
        if audible or pause is not None:
            mind.mouth.clear()
        else:
            mind.mouth.forget()
        if audible:
            mind.observer.interrupted(audible)
        self._end_pause()
        mind.books.settle_unsent(cut)
        if cut or (mind.thinker and mind.thinker.busy):
            mind.spawn(self._brain.halt())
        mind.changed()
        return bool(audible)

    def undecided(self, text: str) -> None:
        """What may be the whole turn may be thought about already."""
        mind = self._mind
        if mind.speculation is not None and mind.flow.turns.speculate and not self._brain.leaving:
            mind.speculation.consider(text)

    def _forget_guess(self) -> None:
        if self._mind.speculation is not None:
            self._mind.speculation.went_on()

    # ── turns ────────────────────────────────────────────────────────────────────────────────────

    def user_turn(self, turn: UserTurn) -> None:
        """The caller has finished. What was only said into the agent's words is not answered."""
        self._asked_again = 0
        self._caller_active()
        if not self._brain.leaving:
            if self._interrupted or not self._mind.books.speaking:
                self._take(replace(turn, interrupted=self._interrupted))
            else:
                self._said_over_agent(turn)
        else:
            self._forget_guess()
        self._forget_turn()
        self._mind.changed()

    def keyed_turn(self, turn: UserTurn) -> None:
        """Digits were pressed: they are meant, whoever speaks."""
        self._caller_active()
        if not self._brain.leaving:
            self._take(turn)
        self._mind.changed()

    def _forget_turn(self) -> None:
        self._interrupted = self._over_agent = self._picked_up = False

    def _said_over_agent(self, turn: UserTurn) -> None:
        mind = self._mind
        if self._only_listening(turn.text):
            speech = mind.books.current
            spoken_into = speech.turn if speech is not None else mind.observer.turn
            mind.observer.journal.write(Backchannel(turn=spoken_into, text=turn.text[:_LONGEST_QUOTE]))
            self._go_on()
        elif self._pick_up(turn.text):
            mind.observer.user_turn(turn)
            self._go_on()
        elif len(turn.text.split()) < mind.flow.turns.min_words or (
            self._doubtful(turn.confidence) and turn.ended - turn.started < _WORTH_ASKING
        ):
            self._go_on()
        elif self._may_be_stopped():
            self._take(replace(turn, interrupted=self.barge_in()))
        else:
            self._take_when_agent_has_finished(turn)

    def _take(self, turn: UserTurn) -> None:
        self._mind.spawn(self._take_turn(turn))

    async def _take_turn(self, turn: UserTurn) -> None:
        mind = self._mind
        if mind.speculation is not None:
            await mind.speculation.decided(mind.flow.heard(turn.text, turn.confidence))
        if mind.thinker and mind.thinker.busy and not (mind.speculation and mind.speculation.fits(turn.text)):
            await mind.thinker.stop()
        mind.books.settle_cut()
        number = mind.observer.user_turn(turn)
        await self._brain.answer(number, turn.text, turn.confidence)

    def _take_when_agent_has_finished(self, turn: UserTurn) -> None:
        """What may not be interrupted is heard to its end, and then answered is what was said meanwhile."""
        if self._waiting is not None:
            self._waiting = replace(turn, text=f"{self._waiting.text} {turn.text}", started=self._waiting.started)
            return
        self._waiting = turn
        self._mind.spawn(self._wait_and_take())

    async def _wait_and_take(self) -> None:
        while (speech := self._mind.books.current) is not None:
            await speech.over.wait()
        turn, self._waiting = self._waiting, None
        if turn is not None and not self._brain.leaving:
            await self._take_turn(turn)

    def nothing_heard(self, seconds: float) -> None:
        """Speech that gave no text. A cough is passed over; whoever spoke, or cut the agent off, is asked again."""
        self._forget_guess()
        mind, interrupted, over_agent = self._mind, self._interrupted, self._over_agent
        self._forget_turn()
        if self._brain.leaving or mind.books.speaking:
            if not self._voice:
                self._go_on()
        elif self._asked_again < MOST_ASKED_AGAIN and (interrupted or (seconds >= _WORTH_ASKING and not over_agent)):
            self._asked_again += 1
            mind.books.settle_cut()
            mind.spawn(self._brain.answer(mind.observer.turn, "", 0.0))
        mind.changed()
