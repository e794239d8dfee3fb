"""A finished user turn becomes a reply: the flow answers at once, or an LLM does. Sits behind the STT.

Every turn ends in something the caller hears. When an LLM fails, the ladder is: a word of patience and one more try; a
request to say it again; an apology and a goodbye.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from media_worker.contract.events import Fallback
from media_worker.observe.observer import CallObserver
from media_worker.pipeline import ending
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.speech import Books, Kind, Speech
from media_worker.pipeline.thinking import Outcome, Thinker
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.turns import UserTurn
from media_worker.pipeline.voice import Voice

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner, Reply

FLOW_PATIENCE = 10.0
"""Seconds a flow may take for its own answer."""

GOODBYE_PATIENCE = 20.0
"""Seconds a last sentence may take to be heard, whatever happens to its mark."""

PICK_UP_SECONDS = 1.0
PICK_UP_WORDS = 2
"""What is said at most so long into the greeting, in so few words, is a “hello” and needs no answer."""

_WORTH_ASKING = 0.8
"""Seconds of speech that gave no text, from which on the caller is asked to repeat."""

ONE_MOMENT = "One moment, please."
AGAIN = "Sorry, could you say that again?"
BROKEN = "I am sorry, something is not working on my side. Please call again a little later. Goodbye."

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
    thinker: Thinker | None
    spawn: Spawn
    finish: Callable[[Ending], None]
    changed: Callable[[], None]
    """Somebody began or ceased to speak or think: silence has to be measured anew."""


class Brain:
    def __init__(self, min_words: int) -> None:
        self._min_words = min_words
        self._answering = 0
        self._llm_failures = 0
        self._tts_failures = 0
        self.leaving = False
        """The last words are being said: nothing the caller says changes that."""

    def attach(self, mind: Mind) -> None:
        self._mind = mind

    @property
    def busy(self) -> bool:
        """Speaking, or about to."""
        mind = self._mind
        return self._answering > 0 or mind.books.speaking or bool(mind.thinker and mind.thinker.busy)

    # ── the beginning ────────────────────────────────────────────────────────────────────────────

    async def begin(self, resumed: bool) -> None:
        """Greet; or, after another worker's end, answer what it left unanswered, or say where we were."""
        mind = self._mind
        unanswered = mind.observer.history.unanswered if resumed else None
        if unanswered is not None:
            await self._answer(mind.observer.turn, unanswered, None)
            return
        await self._speak(mind.flow.opening(), mind.observer.turn)
        mind.changed()

    # ── the caller ───────────────────────────────────────────────────────────────────────────────

    def agent_speaking(self) -> bool:
        return self._mind.books.speaking

    def barge_in(self) -> bool:
        """Stop talking and thinking. Whether there was anything to stop that the caller could hear."""
        mind = self._mind
        if self.leaving or self._just_greeting() or any(not speech.interruptible for speech in mind.books.open):
            return False
        cut = mind.books.cut()
        audible = [speech for speech in cut if speech.interrupted]
        if audible:
            mind.mouth.clear()
            mind.observer.interrupted(audible)
        mind.books.settle_unsent(cut)
        if cut or (mind.thinker and mind.thinker.busy):
            mind.spawn(self._stop())
        mind.changed()
        return bool(audible)

    def _just_greeting(self) -> bool:
        """Whoever picks up says “hello”, often into our first word: that is no interruption."""
        speech = self._mind.books.current
        if speech is None or speech.turn != 0 or speech.kind != "reply":
            return False
        first = speech.sentences[0].starts if speech.sentences else None
        return first is None or time.monotonic() - first < PICK_UP_SECONDS

    async def _stop(self) -> None:
        if self._mind.thinker and self._mind.thinker.busy:
            await self._mind.thinker.stop()
        await self._mind.voice.stop_tts()

    def user_turn(self, turn: UserTurn) -> None:
        if self.leaving:
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
        await self._answer(number, turn.text, turn.confidence)

    def nothing_heard(self, seconds: float, interrupted: bool) -> None:
        """Speech that gave no text. A cough is passed over; whoever spoke, or cut the agent off, is asked again."""
        if not self.leaving and not self.agent_speaking() and (interrupted or seconds >= _WORTH_ASKING):
            self._mind.books.settle_cut()
            self._mind.spawn(self._answer(self._mind.observer.turn, "", 0.0))
        self._mind.changed()

    # ── the answer ───────────────────────────────────────────────────────────────────────────────

    async def _answer(self, turn: int, text: str, confidence: float | None) -> None:
        mind = self._mind
        self._answering += 1
        try:
            reply = await asyncio.wait_for(mind.flow.on_user_turn(text, confidence), FLOW_PATIENCE)
            if reply is not None:
                await self._speak(reply, turn)
            elif mind.thinker is not None:
                await mind.thinker.answer(turn)
            else:
                await self._fall_back("unanswered", "flow", turn)
        except Exception as error:
            log.exception("The flow failed to answer a turn")
            mind.observer.fault("platform", "flow", f"The flow failed to answer: {type(error).__name__}.")
            await self._fall_back("error", "flow", turn)
        finally:
            self._answering -= 1
            mind.changed()

    async def _fall_back(self, step: str, stage: Any, turn: int) -> None:
        self._mind.observer.journal.write(Fallback(step=step, stage=stage))
        await self.say(AGAIN, turn)

    async def say(self, text: str, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        return await self._mind.voice.say(text, turn, kind, interruptible)

    async def prompt(self, text: str) -> None:
        """Something to say that answers nothing."""
        await self.say(text, self._mind.observer.turn, "prompt")

    async def _speak(self, reply: Reply, turn: int) -> None:
        if reply.end:
            await self.leave(reply.text, Ending(ending.AGENT_HANGUP, outcome=reply.outcome), turn)
        elif reply.text.strip():
            await self.say(reply.text, turn)

    async def leave(self, text: str, why: Ending, turn: int | None = None) -> None:
        """Say the last words, wait until they were heard, end the call."""
        mind = self._mind
        self.leaving = True
        turn = mind.observer.turn if turn is None else turn
        speech = await self.say(text, turn, "reply" if why.reason == ending.AGENT_HANGUP else "prompt", False)
        mind.spawn(self._finish_after(speech, why))

    async def _finish_after(self, speech: Speech, why: Ending) -> None:
        while True:
            before = self._mind.mouth.seconds
            try:
                await asyncio.wait_for(speech.over.wait(), GOODBYE_PATIENCE)
            except TimeoutError:
                if self._mind.mouth.seconds > before:
                    continue
            break
        self._mind.finish(why)

    # ── the LLM ──────────────────────────────────────────────────────────────────────────────────

    async def llm_answered(self, speech: Speech | None, reply: Reply | None, turn: int) -> None:
        self._llm_failures = 0
        if reply is not None:
            await self._speak(reply, turn)
        self._mind.changed()

    async def llm_failed(self, outcome: Outcome, turn: int) -> None:
        mind = self._mind
        self._llm_failures += 1
        late = outcome.why in ("no_first_token", "stalled", "tool_timeout")
        step = "timeout" if late else "vendor_error"
        mind.observer.fault("provider", "llm", f"The language model failed: {outcome.why.replace('_', ' ')}.")
        mind.observer.journal.write(Fallback(step=step, stage="llm", why=outcome.why))
        if self._llm_failures >= 3:
            await self.leave(BROKEN, Ending(ending.PROVIDER_ERROR, "platform", detail=f"llm: {outcome.why}"), turn)
        elif self._llm_failures == 2 or outcome.heard_something:
            await self.say(AGAIN, turn)
        else:
            await self.say(ONE_MOMENT, turn, "filler")
            if mind.thinker is not None:
                await mind.thinker.answer(turn)
        mind.changed()

    # ── the voice and the ears ───────────────────────────────────────────────────────────────────

    def spoken(self, speech: Speech) -> None:
        """A speech is over. What the TTS failed to say of it is said once more; a second failure ends the call."""
        mind = self._mind
        mind.observer.spoken(speech)
        unsaid = [sentence.text for sentence in speech.sentences if sentence.starts is None or sentence.broken]
        if unsaid and not speech.cut:
            mind.spawn(self._voice_failed(speech, " ".join(unsaid)))
        elif speech.sentences and not speech.cut:
            self._tts_failures = 0
        mind.changed()

    async def _voice_failed(self, speech: Speech, missing: str) -> None:
        mind = self._mind
        self._tts_failures += 1
        mind.observer.journal.write(Fallback(step="vendor_error", stage="tts"))
        if self._tts_failures >= 2:
            mind.observer.fault("provider", "tts", "The voice gave no sound, twice in a row.", fatal=True)
            mind.finish(Ending(ending.PROVIDER_ERROR, "platform", detail="tts: no audio"))
        elif not self.leaving:
            mind.observer.fault("provider", "tts", "The voice gave no sound.")
            await self.say(missing, speech.turn, speech.kind)

    async def voice_silent(self) -> None:
        """The TTS failed, or owes audio and gives none: what it holds is dropped, and the speech ends where it is."""
        await self._mind.voice.stop_tts()
        self._mind.mouth.break_off()
        self._mind.books.drop_unspoken()

    async def ears_failed(self, message: str) -> None:
        """The STT will not work again in this call."""
        self._mind.observer.fault("provider", "stt", message, fatal=True)
        if not self.leaving:
            await self.leave(BROKEN, Ending(ending.PROVIDER_ERROR, "platform", detail="stt: unusable"))
