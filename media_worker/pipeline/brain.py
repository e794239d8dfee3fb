"""A finished user turn becomes a reply: the flow answers at once, or a model does. Who may speak, `floor.py` decides.

A reply that carries work is an errand: it is driven in the background until the flow needs nothing more (`errands.py`).

Every turn ends in something the caller hears: what happens when a vendor fails is in `minds.py` and `ladder.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from media_worker.contract.events import Fallback, Snapshot
from media_worker.flow.driving import Driver
from media_worker.flow.reply import Reply, by_voice
from media_worker.observe.observer import CallObserver
from media_worker.pipeline import ending
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.errands import Errands
from media_worker.pipeline.hands import TRANSFER_WITHIN, CallHands
from media_worker.pipeline.ladder import Ladder
from media_worker.pipeline.minds import Minds
from media_worker.pipeline.speculation import Speculation
from media_worker.pipeline.speech import Books, Kind, Speech
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.voice import Voice
from media_worker.pipeline.voices import Voices

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner

FLOW_PATIENCE = 10.0
"""Seconds a flow may take for its own answer."""

BACK = "Sorry about that."
AGAIN = "Sorry, could you say that again?"

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]


@dataclass
class Mind:
    """What the brain works with. `thinker` is None for the built-in engine, which answers every turn itself."""

    flow: FlowRunner
    observer: CallObserver
    books: Books
    voice: Voice
    mouth: Mouth
    thinker: Minds | None
    speculation: Speculation | None
    ladder: Ladder
    driver: Driver
    hands: CallHands
    voices: Voices
    spawn: Spawn
    finish: Callable[[Ending], None]
    changed: Callable[[], None]
    """Somebody began or ceased to speak or think: silence has to be measured anew."""


class Brain:
    def __init__(self) -> None:
        self._answering = 0
        self.errands = Errands(self)
        self.leaving = False
        """The last words are being said: nothing the caller says changes that."""

    def attach(self, mind: Mind) -> None:
        self._mind = mind
        self.errands.attach(mind)

    @property
    def busy(self) -> bool:
        """Speaking, or about to."""
        mind = self._mind
        thinking = bool(mind.thinker and mind.thinker.busy)
        at_it = self._answering > 0 or self.errands.running
        return self.leaving or at_it or mind.books.speaking or thinking

    # ── the beginning ────────────────────────────────────────────────────────────────────────────

    async def begin(self, resume: Snapshot | None = None, unnoticed: bool = False) -> None:
        """Greet; or, after another worker's end, go on with what it was saying, answer what it left unanswered, or say
        where we were, unless the caller noticed nothing."""
        mind = self._mind
        if not await mind.ladder.begin():
            return
        unanswered = mind.observer.history.unanswered if resume is not None else None
        if resume is None:
            await self.errands.before()
        if resume is not None and resume.unsaid:
            await self._go_on(resume)
        elif resume is not None and mind.flow.at_work:
            self.errands.keep(unanswered or "")
            await self.speak(mind.flow.opening(), mind.observer.turn)
        elif unanswered is not None:
            await self.answer(mind.observer.turn, unanswered, None)
        elif not unnoticed:
            await self.speak(mind.flow.opening(), mind.observer.turn)
            await self._answer_the_eager()
        mind.changed()

    async def _answer_the_eager(self) -> None:
        """Who spoke before the greeting, and more than a hello, is answered after it."""
        if not self.errands.running and not self.leaving and (said := self.errands.said_meanwhile()):
            await self.answer(self._mind.observer.turn, said, None)

    async def _go_on(self, resume: Snapshot) -> None:
        """The rest of a reply that another worker began, from the sentence in which it was lost."""
        mind = self._mind
        mind.observer.begun_elsewhere(resume)
        opening = mind.flow.opening()
        if opening.end:
            await self.leave(resume.unsaid, Ending(ending.AGENT_HANGUP, outcome=opening.outcome), resume.turn)
        elif opening.work is not None:
            await self.speak(replace(opening, text=f"{BACK} {resume.unsaid}", lines=()), resume.turn)
        else:
            await self.say(f"{BACK} {resume.unsaid}", resume.turn)

    # ── the answer ───────────────────────────────────────────────────────────────────────────────

    async def answer(self, turn: int, text: str, confidence: float | None) -> None:
        mind = self._mind
        if not self.leaving and self.errands.takes(text, confidence):
            return
        self._answering += 1
        thought = mind.observer.rules_asked(turn)
        try:
            if mind.flow.heard(text, confidence):
                mind.ladder.heard()
            elif await mind.ladder.not_heard(turn, mind.flow.open_question):
                return
            reply = await asyncio.wait_for(mind.flow.on_user_turn(text, confidence), FLOW_PATIENCE)
            if mind.speculation is not None:
                if reply is None and await mind.speculation.keep():
                    return
                await mind.speculation.drop()
            if reply is not None:
                thought.close()
                await self.speak(reply, turn)
            elif mind.thinker is not None:
                await mind.voices.be(mind.flow.voice)
                await mind.thinker.answer(turn, text, mind.flow.route)
            else:
                await self.fall_back("unanswered", "flow", turn)
        except Exception as error:
            log.exception("The flow failed to answer a turn")
            mind.observer.fault("platform", "flow", f"The flow failed to answer: {type(error).__name__}.")
            await self.fall_back("error", "flow", turn)
        finally:
            self._answering -= 1
            mind.changed()

    async def fall_back(self, step: str, stage: Any, turn: int) -> None:
        self._mind.observer.journal.write(Fallback(step=step, stage=stage))
        await self.say(AGAIN, turn)

    async def say(self, text: str, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        """By the voice of the step where the call stands."""
        await self._mind.voices.be(self._mind.flow.voice)
        return await self._mind.voice.say(text, turn, kind, interruptible)

    async def halt(self) -> None:
        """Think and speak no further."""
        if self._mind.thinker and self._mind.thinker.busy:
            await self._mind.thinker.stop()
        await self._mind.voice.stop_tts()

    async def prompt(self, text: str) -> None:
        """Something to say that answers nothing."""
        await self.say(text, self._mind.observer.turn, "prompt")

    async def speak(self, reply: Reply, turn: int) -> None:
        """Say it; what it wants done is done in the background, and what follows from that said in its turn."""
        if reply.work is not None and not self.leaving:
            self.errands.run(reply, turn)
            return
        await self.say_reply(reply, turn)
        if reply.think and not self.leaving:
            await self.think(turn)

    async def say_reply(self, reply: Reply, turn: int) -> None:
        if reply.gone:
            self.leaving = True
            self._mind.spawn(self._finish_when_gone())
        elif reply.end:
            *before, last = by_voice(reply, self._mind.flow.voice)
            for voice, text in before:
                await self._say_by(voice, text, turn, False)
            await self.leave(last[1], Ending(ending.AGENT_HANGUP, outcome=reply.outcome), turn, last[0])
        elif reply.text.strip() and not self.leaving:
            for voice, text in by_voice(reply, self._mind.flow.voice):
                await self._say_by(voice, text, turn, reply.interruptible)

    async def _say_by(self, voice: str, text: str, turn: int, interruptible: bool) -> Speech:
        await self._mind.voices.be(voice)
        return await self._mind.voice.say(text, turn, "reply", interruptible)

    async def think(self, turn: int) -> None:
        """The flow has said all it has to say: a model goes on."""
        mind = self._mind
        if mind.thinker is not None:
            await mind.voices.be(mind.flow.voice)
            await mind.thinker.answer(turn, "", mind.flow.route)
        else:
            await self.say_reply(mind.flow.by_rules(""), turn)

    async def _finish_when_gone(self) -> None:
        """The carrier takes the line away; if it does not say so, we leave all the same."""
        await asyncio.sleep(TRANSFER_WITHIN)
        self._mind.finish(Ending(ending.TRANSFERRED, "agent", hangup=False))

    async def leave(self, text: str, why: Ending, turn: int | None = None, voice: str | None = None) -> None:
        """Say the last words, wait until they were heard, end the call."""
        mind = self._mind
        self.leaving = True
        self.errands.stop()
        turn = mind.observer.turn if turn is None else turn
        await mind.voices.be(mind.flow.voice if voice is None else voice)
        speech = await mind.voice.say(text, turn, "reply" if why.reason == ending.AGENT_HANGUP else "prompt", False)
        mind.spawn(self._finish_after(speech, why))

    async def _finish_after(self, speech: Speech, why: Ending) -> None:
        await self._mind.mouth.until_heard(speech)
        self._mind.finish(why)

    def spoken(self, speech: Speech) -> None:
        """A speech is over, and what was heard of it is known."""
        self._mind.observer.spoken(speech)
        self._mind.ladder.spoken(speech)
        self._mind.changed()
