"""Who has the floor: the caller's sounds and words while the agent speaks, and the turns that come of them."""

from __future__ import annotations

import time

from media_worker.pipeline.brain import Brain, Mind
from media_worker.pipeline.turns import UserTurn

PICK_UP_SECONDS = 1.0
PICK_UP_WORDS = 2
"""What is said at most so long into the greeting, in so few words, is a “hello” and needs no answer."""

_WORTH_ASKING = 0.8
"""Seconds of speech that gave no text, from which on the caller is asked to repeat."""


class Floor:
    def __init__(self, brain: Brain, min_words: int) -> None:
        self._brain = brain
        self._min_words = min_words

    def attach(self, mind: Mind) -> None:
        self._mind = mind

    def agent_speaking(self) -> bool:
        return self._mind.books.speaking

    def barge_in(self) -> bool:
        """Stop talking and thinking. Whether there was anything to stop that the caller could hear."""
        mind = self._mind
        if self._brain.leaving or self._just_greeting() or any(not speech.interruptible for speech in mind.books.open):
            return False
        cut = mind.books.cut()
        audible = [speech for speech in cut if speech.interrupted]
        if audible:
            mind.mouth.clear()
            mind.observer.interrupted(audible)
        mind.books.settle_unsent(cut)
        if cut or (mind.thinker and mind.thinker.busy):
            mind.spawn(self._brain.halt())
        mind.changed()
        return bool(audible)

    def _just_greeting(self) -> bool:
        """Whoever picks up says “hello”, often into our first word: that is no interruption."""
        speech = self._mind.books.current
        if speech is None or speech.turn != 0 or speech.kind != "reply":
            return False
        first = speech.sentences[0].starts if speech.sentences else None
        return first is None or time.monotonic() - first < PICK_UP_SECONDS

    def user_turn(self, turn: UserTurn) -> None:
        if self._brain.leaving:
            return
        mind, words = self._mind, len(turn.text.split())
        speech = mind.books.current
        over_us = speech is not None and not turn.interrupted
        if over_us and speech is not None and speech.turn == 0 and mind.observer.turn == 0 and words <= PICK_UP_WORDS:
            mind.observer.user_turn(turn)
        elif not (over_us and words < self._min_words):
            mind.spawn(self._take_turn(turn))
        mind.changed()

    async def _take_turn(self, turn: UserTurn) -> None:
        mind = self._mind
        if mind.thinker and mind.thinker.busy:
            await mind.thinker.stop()
        mind.books.settle_cut()
        number = mind.observer.user_turn(turn)
        await self._brain.answer(number, turn.text, turn.confidence)

    def nothing_heard(self, seconds: float, interrupted: bool) -> None:
        """Speech that gave no text. A cough is passed over; whoever spoke, or cut the agent off, is asked again."""
        mind = self._mind
        if not self._brain.leaving and not self.agent_speaking() and (interrupted or seconds >= _WORTH_ASKING):
            mind.books.settle_cut()
            mind.spawn(self._brain.answer(mind.observer.turn, "", 0.0))
        mind.changed()
