"""A conversation in writing, for one turn: what a call is beside its sound.

The flow, its engine and driver, history, books and language models are those of a call. What would reach the world
outside is told and not done: nobody is transferred, no tone is sent, nobody is hung up on. Tools answer from the turn's
mocks, or are asked of the host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from media_worker.contract.events import Digit, Fallback, UserTurn
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import TextReply, TextTurn, ToBridge
from media_worker.flow.driving import Driver
from media_worker.flow.runner import FlowRunner, Reply
from media_worker.flow.work import LookUp, ToolWork, Wait, Work
from media_worker.observe.journal import CallClock, History, Journal
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.brain import AGAIN
from media_worker.pipeline.build import BuildService
from media_worker.pipeline.host import Host
from media_worker.pipeline.minds import Tell
from media_worker.pipeline.running import DidNotStart
from media_worker.pipeline.s2s.build import without_dialogue
from media_worker.pipeline.speech import Books, Speech
from media_worker.pipeline.takeover import NobodyServes
from media_worker.pipeline.writing import Pen, WritingMinds

MOST_THOUGHTS = 6
"""Times in a turn that the flow hands on to a model."""
SILENCES = "silences"
"""In a snapshot's `media`: how often in a row the caller has said nothing."""


class Conversation:
    """What a call is beside its sound: flow, history, books, and the models when one of them has to answer.

    `fault` is a sentence for staff about why there is no better reply.
    """

    def __init__(
        self,
        turn: TextTurn,
        send: Callable[[ToBridge], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        make: BuildService,
    ) -> None:
        spec = self._spec = without_dialogue(turn.spec)
        resume = turn.resume
        self._turn = turn
        self._spawn = spawn
        self._make = make
        self._clock = CallClock(resume.at_ms if resume else 0)
        self.host = Host(send)
        self._journal = Journal(send, self._clock, resume)
        self._flow = FlowRunner(spec, resume, self._journal.write, _clock(turn.now))
        self._observer = CallObserver(
            self._journal, History(resume), self._flow, spec.agent.providers, resume.turn if resume else 0
        )
        books = self._books = Books(self._clock.now_ms, self._spoken, self._observer.heard)
        self._pen = Pen(books, spec)
        hands = WrittenHands(self.host, turn.mocks, self._say)
        remember = self._observer.history.tool_used
        self._driver = Driver(
            self._flow, hands, self._journal.write, self._clock.now_ms, lambda: self._observer.turn, remember
        )
        self._minds: WritingMinds | None = None
        self._settled = asyncio.Event()
        self._replies: list[Reply] = []
        self._thoughts = 0
        self._waits_out = False
        """The caller lets the flow's wait end without a word."""
        self._said: list[str] = []
        self._end = False
        self._outcome = ""
        self.fault = ""

    # ── the turn ─────────────────────────────────────────────────────────────────────────────────

    async def take(self) -> None:
        turn, media = self._turn, self._journal.media
        if turn.resume is None:
            await self._driver.before()
            await self._speak(self._flow.opening())
        if self._end:
            return
        if turn.said.strip() or turn.digits:
            media[SILENCES] = 0
            await self._hear(turn.said.strip() or turn.digits)
        elif turn.silence and self._flow.hears_now:
            self._waits_out = True
            await self._speak(replace(self._flow.opening(), text="", lines=()))
        elif turn.silence:
            await self._be_patient()

    async def _hear(self, text: str) -> None:
        observer = self._observer
        observer.turn += 1
        now = self._clock.now_ms()
        for digit in self._turn.digits if not self._turn.said.strip() else "":
            self._journal.write(Digit(digit=digit))
        self._journal.write(UserTurn(turn=observer.turn, text=text, started_ms=now, ended_ms=now))
        observer.history.user(text)
        thought = observer.rules_asked(observer.turn)
        reply = await self._flow.on_user_turn(text, None)
        if reply is not None:
            thought.close()
            await self._speak(reply)
        else:
            await self._think()

    async def _be_patient(self) -> None:
        """The caller says nothing for as long as a call waits: a question whether anybody is there, at last goodbye."""
        limits, media = self._spec.agent.limits, self._journal.media
        before = media.get(SILENCES)
        silences = before if isinstance(before, int) else 0
        media[SILENCES] = silences + 1
        if silences < len(limits.idle_prompts):
            await self._say(limits.idle_prompts[silences])
        else:
            await self._say(limits.idle_goodbye)
            self._end = True

    # ── a model's answer ─────────────────────────────────────────────────────────────────────────

    async def _think(self) -> None:
        """Let a model answer, and go on with what the flow makes of it."""
        self._thoughts += 1
        if self._thoughts > MOST_THOUGHTS:
            self.fault = "The flow and the language model sent each other on and on."
            return
        minds = await self._models()
        if minds is None:
            return
        self._settled.clear()
        await minds.answer(self._observer.turn, self._observer.history.unanswered or "", self._flow.route)
        await self._settled.wait()
        replies, self._replies = self._replies, []
        for reply in replies:
            await self._speak(reply)

    async def _models(self) -> WritingMinds | None:
        if self._minds is not None:
            return self._minds
        tell = Tell(self._reply, self._reask, _no_filler, self._books.drop, self._give_up, self._changed, self._spawn)
        minds = self._minds = WritingMinds(self._spec, self._flow, self._observer, self._pen, tell, self._make)
        try:
            await minds.open()
        except (DidNotStart, NobodyServes) as error:
            self.fault = f"No language model answers: {error}"
            await self._give_up("llm", "no_connection", self._observer.turn)
            return None
        return minds

    async def _reply(self, reply: Reply, turn: int) -> None:
        """Told in the midst of the models' pipeline, which must not wait for what comes of it."""
        self._replies.append(reply)
        self._changed()

    async def _reask(self, turn: int) -> None:
        await self._say(self._spec.agent.fallbacks.reask or AGAIN)

    async def _give_up(self, stage: str, why: str, turn: int) -> None:
        """Nobody is left who could answer: on the phone, this ends the call."""
        self._observer.fault("provider", "llm", f"Nobody is left: {why.replace('_', ' ')}.", fatal=True)
        self._journal.write(Fallback(step="apology", stage="llm", why=why, turn=turn))
        self.fault = self.fault or f"No language model answered ({why.replace('_', ' ')})."
        await self._say(self._spec.agent.fallbacks.apology)
        self._end = True
        self._changed()

    def _changed(self) -> None:
        """A model's answer is over, or it came to nothing and that was said."""
        if self._minds is None or not self._minds.busy:
            self._settled.set()

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    async def _speak(self, reply: Reply) -> None:
        """With all that follows from it, up to the caller's next words or the end."""
        try:
            last = await self._driver.go(reply, self._utter)
        except _CallersTurn:
            return
        if last.end:
            self._end, self._outcome = True, last.outcome
        elif last.think:
            await self._think()

    async def _utter(self, reply: Reply) -> None:
        await self._say(reply.text)
        waits_out, self._waits_out = self._waits_out, False
        if isinstance(reply.work, Wait) and reply.work.until_heard and not waits_out:
            raise _CallersTurn

    async def _say(self, text: str) -> None:
        if text.strip():
            await self._pen.say(text, self._observer.turn)

    def _spoken(self, speech: Speech) -> None:
        self._said.append(speech.heard())
        self._observer.spoken(speech)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def reply(self) -> TextReply:
        """What came of the turn until now; also of one that was broken off."""
        self._books.settle_all()
        self._observer.spans.flush()
        self._observer.snapshot()
        taken = self._journal.latest
        assert taken is not None
        return TextReply(
            text=" ".join(filter(None, self._said)),
            end=self._end,
            outcome=self._outcome,
            snapshot=taken,
            fault=self.fault[:1000],
        )

    async def close(self) -> None:
        if self._minds is not None:
            await self._minds.close()


class WrittenHands:
    """Tools answer from mocks, or the host uses them. A transfer and digits are told as if they had gone well, unless a
    mock of that name (`transfer`, `digits`) says otherwise; nobody waits in writing."""

    def __init__(self, host: Host, mocks: Mapping[str, ToolOutcome], say: Callable[[str], Awaitable[None]]) -> None:
        self._host = host
        self._mocks = mocks
        self._say = say

    async def do(self, work: Work, turn: int) -> ToolOutcome:
        name = work.use.tool if isinstance(work, ToolWork | LookUp) else work.kind
        if name in self._mocks:
            return self._mocks[name].model_copy(update={"mocked": True})
        if isinstance(work, ToolWork | LookUp):
            return await self._host.use(work.use, work.seconds, knowledge=isinstance(work, LookUp))
        return ToolOutcome(ok=True)

    async def patience(self, line: str, turn: int) -> None:
        await self._say(line)


class _CallersTurn(Exception):
    """The flow waits, and the caller may speak: in writing that is the next turn."""


async def _no_filler(turn: int) -> None:
    return None


def _clock(now: datetime | None) -> Callable[[], datetime] | None:
    """A clock that begins at `now` and goes on from there."""
    if now is None:
        return None
    began = asyncio.get_running_loop().time()
    return lambda: now + timedelta(seconds=asyncio.get_running_loop().time() - began)
