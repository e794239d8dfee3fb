"""One call from accept to goodbye. Read this first.

The bridge opens a websocket and sends `start`; `run` builds the call's parts, starts the pipeline, says `ready`, greets,
and then waits for the one thing that ends a call: an `Ending`. It comes from the flow (goodbye), the caller (hangup), a
limit, a vendor that failed for good, a drain, or a socket that died. Then what was said is settled, the pipeline is
taken down, and `finished` is the last message. Whatever happens, `run` returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from media_worker.contract.events import Digit, Snapshot, Started
from media_worker.contract.spec import CallSpec
from media_worker.contract.wire import (
    CALLER,
    MAX_AUDIO,
    Drain,
    Dtmf,
    Finished,
    Hangup,
    Played,
    Ready,
    Request,
    Response,
    Start,
    to_worker,
)
from media_worker.observe.journal import CallClock, Journal
from media_worker.observe.logs import current_call
from media_worker.pipeline import ending, limits
from media_worker.pipeline.build import BuildService, Parts, build, build_service
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.host import HANGUP
from media_worker.pipeline.keypad import Keypad
from media_worker.pipeline.limits import Limits
from media_worker.pipeline.running import DidNotStart
from media_worker.pipeline.s2s import build as s2s
from media_worker.pipeline.wire import Wire
from media_worker.providers.base import ProviderUnavailable

log = logging.getLogger(__name__)

START_WITHIN = 5.0
HANGUP_WITHIN = 3.0
FLUSH_WITHIN = 2.0
KEPT_SECONDS = 20.0
"""Audio that comes before the pipeline listens; after a loss the bridge repeats the caller's last words."""

_MOST_MALFORMED = 20


class Session:
    """`make_service` is replaced in tests; everything else of a call comes with its spec."""

    def __init__(self, socket: Connection, worker: str = "", make_service: BuildService = build_service) -> None:
        self._socket = socket
        self._worker = worker
        self._make_service = make_service
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._wire = Wire(socket, lambda: self.finish(Ending(ending.CONNECTION_LOST, "platform", hangup=False)))
        self._tasks: set[asyncio.Task[None]] = set()
        self._parts: Parts | s2s.DialogueParts | None = None
        self._limits: Limits | None = None
        self._keypad: Keypad | None = None
        self._listening = False
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._malformed = 0
        self._draining = False
        self._hung_up = asyncio.Event()
        self._heard_out = asyncio.Event()

    # ── the call ─────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        start = await self._first_message()
        if start is None:
            return
        current_call.set(str(start.spec.call_id))
        journal = Journal(self._wire.send, CallClock(start.elapsed_ms), start.resume)
        self._spawn(self._wire.run())
        self._spawn(self._listen(start.spec.audio.bytes_per_second))
        try:
            why = await self._live(start, journal)
            await self._close(why, journal)
        finally:
            await self._tidy()

    async def _live(self, start: Start, journal: Journal) -> Ending:
        spec = start.spec
        if (why := await self._start(spec, start.resume, journal)) is not None:
            return why
        parts = self._parts
        assert parts is not None
        self._limits = Limits(
            spec.agent.limits,
            silent=self._silent,
            busy=lambda: self._parts is None or self._parts.brain.busy,
            prompt=self._prompt,
            give_up=lambda: self._leave(spec.agent.limits.idle_goodbye, ending.IDLE_TIMEOUT),
            out_of_time=lambda: self._leave(limits.OUT_OF_TIME, ending.MAX_DURATION),
            elapsed_ms=journal.clock.now_ms(),
        )
        self._listening = True
        self._wire.send(Ready())
        journal.write(Started(resumed=start.resume is not None, worker=self._worker))
        for payload in self._kept:
            await parts.ears.feed(payload)
        self._kept.clear()
        if start.resume is not None and parts.detector.open:
            self._heard_out.clear()
            self._spawn(self._begin_after_caller(parts, start))
        else:
            await parts.brain.begin(start.resume, start.unnoticed)
        return await self._ending

    async def _start(self, spec: CallSpec, resume: Snapshot | None, journal: Journal) -> Ending | None:
        """Build the call's parts and let them run; an ending when that cannot be."""
        begun = (self._wire, journal, self._spawn, self.finish, self._changed, self._caller_active)
        try:
            parts: Parts | s2s.DialogueParts
            if s2s.wanted(spec, resume):
                parts = s2s.build_dialogue(spec, resume, *begun, lambda: self._spawn(self._stand_in(spec, journal)))
            else:
                parts = build(s2s.without_dialogue(spec), resume, *begun, self._make_service)
            self._parts = parts
            await parts.start()
        except (KeyError, ValueError, ProviderUnavailable) as error:
            log.warning("A call could not be started: %s", type(error).__name__)
            return Ending(ending.AGENT_UNUSABLE, "platform", detail=str(error.args[0] if error.args else error)[:500])
        except DidNotStart as error:
            log.warning("A call could not be started: its pipeline did not start")
            return Ending(ending.PROVIDER_ERROR, "platform", detail=str(error))
        except Exception as error:
            log.exception("A call could not be started")
            return Ending(ending.PLATFORM_ERROR, "platform", detail=type(error).__name__)
        flow = parts.flow
        self._keypad = Keypad(parts.floor.keyed_turn, lambda: flow.keys)
        return None

    async def _stand_in(self, spec: CallSpec, journal: Journal) -> None:
        """The speech-to-speech model has failed: those who stand by go on from where the call is."""
        before = self._parts
        if not isinstance(before, s2s.DialogueParts) or self._ending.done():
            return
        self._listening = False
        before.detector.close()
        before.books.settle_all()
        before.mouth.clear()
        before.observer.usage(before.listened)
        resume = s2s.handed_over(before, journal)
        await before.running.stop()
        if (why := await self._start(s2s.without_dialogue(spec), resume, journal)) is not None:
            self.finish(why)
            return
        parts = self._parts
        assert parts is not None
        self._listening = True
        if before.brain.last_words is not None:
            await parts.brain.leave(*before.brain.last_words)
        else:
            await parts.brain.begin(resume)
        self._changed()

    async def _begin_after_caller(self, parts: Parts | s2s.DialogueParts, start: Start) -> None:
        """The call was taken over in the midst of the caller's words: they are heard out. What they say is answered;
        when they were nothing, the agent goes on."""
        turn = parts.observer.turn
        await self._heard_out.wait()
        if parts.observer.turn == turn and not parts.brain.busy:
            await parts.brain.begin(start.resume, start.unnoticed)

    async def _close(self, why: Ending, journal: Journal) -> None:
        """From the reason to the last message, in bounded steps."""
        if why.hangup:
            self._wire.send(Request(id=HANGUP, action="hangup"))
            await self._within(HANGUP_WITHIN, self._hung_up.wait())
        self._listening = False
        if self._limits is not None:
            self._limits.close()
        parts = self._parts
        if parts is not None:
            parts.books.settle_all()
            await parts.running.stop()
            parts.observer.usage(parts.listened)
            parts.observer.snapshot()
        self._wire.send(
            Finished(reason=why.reason, ended_by=why.ended_by, outcome=why.outcome, detail=why.detail[:500])
        )
        await self._wire.flush(FLUSH_WITHIN)
        await self._within(FLUSH_WITHIN, self._socket.close())
        log.info("Call ended: %s", why.reason)

    async def _tidy(self) -> None:
        if self._limits is not None:
            self._limits.close()
        if self._keypad is not None:
            self._keypad.close()
        if self._parts is not None:
            self._parts.detector.close()
            await self._parts.running.stop()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=FLUSH_WITHIN)
        self._parts = None

    # ── what others may do to a call ─────────────────────────────────────────────────────────────

    def finish(self, why: Ending) -> None:
        """The first reason stands."""
        if not self._ending.done():
            self._ending.set_result(why)

    def drain(self) -> None:
        """Finish this turn, then hand the call back."""
        self._draining = True
        self._changed()

    def _prompt(self, text: str) -> None:
        if self._parts is not None:
            self._spawn(self._parts.brain.prompt(text))

    def _leave(self, words: str, reason: str) -> None:
        parts = self._parts
        if parts is None or parts.brain.leaving:
            return
        parts.floor.barge_in()
        self._spawn(parts.brain.leave(words, Ending(reason, "platform")))

    # ── who is speaking ──────────────────────────────────────────────────────────────────────────

    def _silent(self) -> bool:
        parts = self._parts
        return bool(parts is not None and self._listening and not parts.detector.open and not parts.brain.busy)

    def _changed(self) -> None:
        if self._parts is not None and not self._parts.detector.open:
            self._heard_out.set()
        if self._limits is not None:
            self._limits.review()
        if self._draining and self._silent() and self._parts is not None and not self._parts.brain.leaving:
            self.finish(Ending(ending.DRAINED, "platform", hangup=False))

    def _caller_active(self) -> None:
        if self._limits is not None:
            self._limits.caller_active()

    # ── messages from the bridge ─────────────────────────────────────────────────────────────────

    async def _first_message(self) -> Start | None:
        """The `start`, or None after a clear refusal."""
        try:
            first = await asyncio.wait_for(self._socket.recv(), START_WITHIN)
            message = to_worker.validate_json(first) if isinstance(first, str) else None
        except TimeoutError:
            await self._refuse("no start within five seconds")
            return None
        except ConnectionClosed:
            log.warning("A socket closed before it sent a start")
            return None
        except ValidationError as error:
            await self._refuse(f"malformed first message ({error.error_count()} errors)")
            return None
        if isinstance(message, Start):
            return message
        await self._refuse("the first message was not a start")
        return None

    async def _refuse(self, why: str) -> None:
        log.warning("A call was refused: %s", why)
        await self._within(FLUSH_WITHIN, self._socket.close(1008, why[:100]))

    async def _listen(self, bytes_per_second: int) -> None:
        most_kept = int(KEPT_SECONDS * bytes_per_second)
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    await self._audio(message, most_kept)
                else:
                    self._text(message)
        except ConnectionClosed:
            pass
        except Exception:
            log.exception("Reading from the bridge failed")
        self._hung_up.set()
        self.finish(Ending(ending.CONNECTION_LOST, "platform", hangup=False))

    async def _audio(self, message: bytes, most_kept: int) -> None:
        if len(message) < 2 or len(message) > MAX_AUDIO or message[0] != CALLER:
            self._is_malformed("audio")
        elif self._listening and self._parts is not None:
            await self._parts.ears.feed(message[1:])
        elif not self._ending.done():
            self._kept.append(message[1:])
            self._kept_bytes += len(message) - 1
            while self._kept_bytes > most_kept:
                self._kept_bytes -= len(self._kept.pop(0))

    def _text(self, text: str) -> None:
        try:
            message = to_worker.validate_json(text)
        except ValidationError:
            self._is_malformed("text")
            return
        parts = self._parts
        if isinstance(message, Played):
            if parts is not None:
                parts.books.played(message.name, message.cleared)
        elif isinstance(message, Dtmf):
            if parts is not None and self._keypad is not None and self._limits is not None:
                parts.observer.journal.write(Digit(digit=message.digit))
                self._limits.caller_active()
                parts.floor.barge_in()
                self._keypad.press(message.digit)
        elif isinstance(message, Hangup):
            self._hung_up.set()
            self.finish(Ending(message.reason, "caller", hangup=False))
        elif isinstance(message, Drain):
            self.drain()
        elif isinstance(message, Response):
            if message.id == HANGUP:
                self._hung_up.set()
            elif parts is not None:
                parts.host.answered(message)
        else:
            self._is_malformed("second start")

    def _is_malformed(self, kind: str) -> None:
        """A bad message is dropped and the call goes on; a bridge that sends nothing else is not spoken to."""
        self._malformed += 1
        if self._malformed == 1:
            log.warning("A malformed message was dropped: %s", kind)
        if self._malformed > _MOST_MALFORMED:
            log.warning("Too many malformed messages: the call ends")
            self.finish(Ending(ending.PLATFORM_ERROR, "platform", detail="malformed messages from the bridge"))

    # ── tasks ────────────────────────────────────────────────────────────────────────────────────

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A part of a call failed", exc_info=error)
            self.finish(Ending(ending.PLATFORM_ERROR, "platform", detail=type(error).__name__))

    async def _within(self, seconds: float, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await asyncio.wait_for(work, seconds)
        except TimeoutError:
            log.warning("A step of ending a call took too long")
        except ConnectionClosed:
            pass
