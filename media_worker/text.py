"""A turn in writing: one message in, events and requests out, one reply, and nothing is kept.

The flow, its engine and the language models are those of a call; what is missing is sound. What would reach the world
outside is told and not done: nobody is transferred, no tone is sent, nobody is hung up on. Tools answer from the turn's
mocks, or are asked of the host.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from media_worker.contract.events import Digit, Fallback, UserTurn
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import Event, Response, TextReply, TextTurn, ToBridge, to_text_worker
from media_worker.flow.driving import Driver
from media_worker.flow.runner import FlowRunner, Reply
from media_worker.flow.work import LookUp, ToolWork, Wait, Work
from media_worker.observe.journal import CallClock, History, Journal
from media_worker.observe.logs import current_call
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.brain import AGAIN
from media_worker.pipeline.build import BuildService, build_service
from media_worker.pipeline.host import Host
from media_worker.pipeline.minds import Tell
from media_worker.pipeline.running import DidNotStart
from media_worker.pipeline.s2s.build import without_dialogue
from media_worker.pipeline.speech import Books, Speech
from media_worker.pipeline.takeover import NobodyServes
from media_worker.pipeline.wire import Wire
from media_worker.pipeline.writing import Pen, WritingMinds

log = logging.getLogger(__name__)

FIRST_WITHIN = 5.0
TURN_WITHIN = 55.0
FLUSH_WITHIN = 5.0
MOST_THOUGHTS = 6
"""Times in a turn that the flow hands on to a model."""
SILENCES = "silences"
"""In a snapshot's `media`: how often in a row the caller has said nothing."""


class TextSession:
    """A socket with one turn on it. Whatever happens, `run` returns within about a minute."""

    def __init__(self, socket: Connection, make_service: BuildService = build_service) -> None:
        self._socket = socket
        self._make = make_service
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lost = asyncio.Event()
        self._wire = Wire(socket, self._lost.set)

    async def run(self) -> None:
        turn = await self._first_message()
        if turn is None:
            return
        current_call.set(str(turn.spec.call_id))
        conversation = Conversation(turn, self._send, self._spawn, self._make)
        writing = asyncio.create_task(self._wire.run())
        listening = asyncio.create_task(self._listen(conversation))
        taking = asyncio.create_task(conversation.take())
        gone = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait({taking, gone}, timeout=TURN_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if taking.done() and not taking.cancelled() and (error := taking.exception()) is not None:
                log.error("A turn in writing failed", exc_info=error)
                conversation.fault = conversation.fault or f"The turn failed: {type(error).__name__}."
            elif not taking.done() and not self._lost.is_set():
                conversation.fault = "The turn took longer than a minute, and was given up."
            self._wire.send(conversation.reply())  # type: ignore[arg-type]
            await self._wire.flush(FLUSH_WITHIN)
        finally:
            for task in (taking, listening, gone, writing, *self._tasks):
                task.cancel()
            await conversation.close()
            await asyncio.wait({taking, listening, gone, writing, *self._tasks}, timeout=FLUSH_WITHIN)
            await self._socket.close()

    def _send(self, message: ToBridge) -> None:
        """Of a call's messages those that mean something here; the snapshot comes with the reply."""
        if isinstance(message, Event) or message.type == "request":
            self._wire.send(message)

    async def _first_message(self) -> TextTurn | None:
        """The turn, or None after a clear refusal."""
        why = "the first message was not a turn"
        try:
            first = await asyncio.wait_for(self._socket.recv(), FIRST_WITHIN)
            message = to_text_worker.validate_json(first)
            if isinstance(message, TextTurn):
                return message
        except TimeoutError:
            why = "no turn within five seconds"
        except ConnectionClosed:
            return None
        except ValidationError as error:
            why = f"malformed turn ({error.error_count()} errors)"
        log.warning("A turn in writing was refused: %s", why)
        await self._socket.close(1008, why[:100])
        return None

    async def _listen(self, conversation: Conversation) -> None:
        """The host's answers. A message that is none is dropped."""
        try:
            async for raw in self._socket:
                try:
                    message = to_text_worker.validate_json(raw)
                except ValidationError:
                    log.warning("A malformed message was dropped")
                    continue
                if isinstance(message, Response):
                    conversation.host.answered(message)
        except ConnectionClosed:
            pass
        self._lost.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A part of a turn failed", exc_info=error)


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
