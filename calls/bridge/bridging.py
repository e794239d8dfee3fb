"""One live call from its first frame to its end: what the carrier sends goes to the worker, and back.

Waiting for the carrier's start → looking for a worker → live → ending. The end is a future: whoever sets it first
(the caller, the worker, staff, a loss) is why the call ended. Nothing here waits for the database while audio flows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from calls.bridge import failover
from calls.bridge.desk import Desk
from calls.bridge.failover import NoWorker
from calls.bridge.lastwords import LastWords
from calls.bridge.line import Line, LineClosed
from calls.bridge.opening import Opened
from calls.bridge.relay import Relay
from calls.bridge.showing import shown
from calls.bridge.workers import Workers
from calls.events import Key, Store
from calls.lifecycle import End, EndedReason
from calls.telephony import base
from media_worker.contract import wire
from media_worker.contract.events import CallEvent, EventBody, Fault, OnWire, Snapshot, UserTurn

logger = logging.getLogger(__name__)

START_WITHIN = 10.0
READY_WITHIN = 10.0
FINISH_WITHIN = 3.0
STORE_WITHIN = 5.0
RETURN_WITHIN = 10.0
ALIVE_EVERY = 5.0

HANDED_BACK = End(EndedReason.BRIDGE_LOST)
"""No end of the call: this bridge goes, and another takes it from the carrier."""


class Bridging:
    """`hand_back` and `order` are what others may do to it."""

    def __init__(self, opened: Opened, line: Line, store: Store, workers: Workers) -> None:
        assert opened.spec is not None
        self._opened, self._spec = opened, opened.spec
        self._key = Key(opened.schema, opened.call_id)
        self._line, self._store, self._workers = line, store, workers
        self._desk = Desk(opened, line)
        self._end: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._relay: Relay | None = None
        self._worker_done = asyncio.Event()
        self._last_words = LastWords(self._spec.audio)
        self._snapshot: Snapshot | None = opened.snapshot
        self._worker_seq = opened.worker_seq
        self._seq = opened.next_seq
        self._speaking: int | None = None
        self._was_ready = False
        self._handing_back = False
        self._tasks: list[asyncio.Task[None]] = []
        self.reported = asyncio.Event()
        """The worker has told all it will tell."""

    # ── the call ─────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        try:
            await self._carrier_starts()
            for sentence in self._opened.faults:
                self._tell(Fault(whose="customer", stage="keys", message=sentence))
            self._spawn(self._from_carrier())
            self._spawn(self._workers_turn())
            self._spawn(self._stay_alive())
            how = await self._end
        except LineClosed:
            how = self._ending(EndedReason.CALLER_GAVE_UP)
        except TimeoutError:
            how = self._ending(EndedReason.MEDIA_NEVER_STARTED)
        await self._close(how)

    def finish(self, how: End) -> None:
        """The first end stands."""
        if not self._end.done():
            self._end.set_result(how)

    def order(self, command: str) -> None:
        """What staff ask for on a page."""
        if command == "hangup":
            self.finish(self._ending(EndedReason.STAFF_HANGUP))

    async def hand_back(self, within: float) -> None:
        """This process is about to go. The worker finishes its turn, if it can in time; then the stream is closed, and
        the carrier brings the call to whoever answers for us next."""
        if not self._opened.carrier.capabilities.resumes:
            self.finish(self._ending(EndedReason.BRIDGE_LOST))
            return
        self._handing_back = True
        if self._relay is not None:
            self._worker_done.clear()
            self._to_worker(wire.Drain())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._worker_done.wait()
        self.finish(HANDED_BACK)

    def lost_recording(self, sentence: str) -> None:
        self._tell(Fault(whose="platform", stage="recording", message=sentence))

    def _ending(self, reason: EndedReason, detail: str = "", **more: Any) -> End:
        return End(reason, detail=detail, leg=self._opened.leg, **more)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._noticed)
        self._tasks.append(task)

    def _noticed(self, task: asyncio.Task[None]) -> None:
        """A task of ours that fails ends this call and no other."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Call %s: the bridge failed", self._opened.call_id, exc_info=error)
            self.finish(self._ending(EndedReason.PLATFORM_ERROR, type(error).__name__))

    async def _stay_alive(self) -> None:
        while True:
            self._store.alive(self._key)
            await asyncio.sleep(ALIVE_EVERY)

    # ── the carrier ──────────────────────────────────────────────────────────────────────────────

    async def _carrier_starts(self) -> None:
        """The stream's start. Raises TimeoutError, or LineClosed when the carrier gives up or brings another call."""
        async with asyncio.timeout(START_WITHIN):
            while True:
                frame = await self._line.next()
                if isinstance(frame, base.Stopped):
                    raise LineClosed
                if isinstance(frame, base.StreamStarted):
                    break
        if frame.carrier_call_id != self._opened.carrier_call_id and self._opened.carrier.name != "web":
            logger.error("Call %s: its socket brought another call's audio", self._opened.call_id)
            raise TimeoutError

    async def _from_carrier(self) -> None:
        try:
            while True:
                frame = await self._line.next()
                if isinstance(frame, base.Audio):
                    self._caller_audio(frame.samples)
                elif isinstance(frame, base.Digit):
                    self._to_worker(wire.Dtmf(digit=frame.digit))
                elif isinstance(frame, base.MarkReturned):
                    if self._line.playback.returned(frame.name):
                        self._to_worker(wire.Played(name=frame.name))
                elif isinstance(frame, base.Stopped):
                    self.finish(self._ending(self._desk.why_it_stopped()))
                    return
        except LineClosed:
            reason = self._desk.why_it_stopped(EndedReason.CARRIER_CONNECTION_LOST)
            self.finish(self._ending(reason))

    def _caller_audio(self, samples: bytes) -> None:
        self._last_words.add(self._line.heard_caller(samples), samples)
        if self._relay is not None:
            self._relay.audio(samples)

    # ── the worker ───────────────────────────────────────────────────────────────────────────────

    async def _workers_turn(self) -> None:
        """One worker after another, until one finishes the call or none is left."""
        losses = 0
        within, avoid = failover.FIRST_WITHIN, None
        handed_over: int | None = None
        while True:
            try:
                resume = failover.resume_from(self._snapshot, self._worker_seq)
                relay = await failover.next_worker(
                    self._workers, self._spec, resume, self._line, within, avoid, handed_over is not None
                )
            except NoWorker as error:
                await self._nobody(error, first=losses == 0)
                return
            avoid, within = relay.address, failover.NEXT_WITHIN
            finished = await self._attend(relay, handed_over or 0)
            handed_over = None if finished is None else self._line.clock.ms()
            if finished is not None and finished.reason != "drained":
                self.finish(self._from_finished(finished))
                return
            if self._end.done() or self._handing_back:
                return
            if finished is None:
                losses += 1
                logger.error("Call %s lost its worker at %s:%s", self._opened.call_id, *relay.address)
                self._tell(Fault(whose="platform", stage="worker", message="The media worker was lost."))
                if losses > failover.MOST_LOSSES:
                    await self._nobody(NoWorker(full=False), first=False)
                    return
                await failover.hold(self._line, self._spec.audio)

    async def _attend(self, relay: Relay, since_ms: int) -> wire.Finished | None:
        """Serve one worker until it finishes, or is lost (None). It first hears what the caller said after `since_ms`
        and no worker told."""
        for samples in self._last_words.repeated(since_ms):
            relay.repeat(samples)
        self._relay = relay
        self._speaking = None
        deadline = asyncio.get_running_loop().call_later(READY_WITHIN, relay.let_go)
        try:
            async for message in relay.messages():
                if isinstance(message, bytes):
                    await self._agent_audio(message)
                elif isinstance(message, wire.Finished):
                    return message
                else:
                    if isinstance(message, wire.Ready):
                        deadline.cancel()
                    await self._from_worker(message, relay)
            return None
        finally:
            deadline.cancel()
            self._relay = None
            self._worker_done.set()
            for name in self._line.playback.clear():
                logger.debug("Call %s: the mark %s went with its worker", self._opened.call_id, name)
            relay.let_go()

    async def _agent_audio(self, samples: bytes) -> None:
        at_ms = await self._line.say(samples)
        if self._speaking is not None:
            turn, self._speaking = self._speaking, None
            await self._show(self._tell(OnWire(turn=turn), at_ms))

    async def _show(self, event: CallEvent) -> None:
        if (seen := shown(event, draft=self._opened.draft)) is not None:
            await self._line.event(seen.model_dump_json())

    async def _from_worker(self, message: wire.ToBridge, relay: Relay) -> None:
        if isinstance(message, wire.Event):
            self._worker_seq = max(self._worker_seq, message.event.seq)
            if isinstance(message.event.body, UserTurn):
                self._last_words.told(message.event.body.ended_ms)
            self._store.event(self._key, "worker", message.event)
            await self._show(message.event)
        elif isinstance(message, wire.SnapshotTaken):
            self._snapshot = message.snapshot
            self._store.snapshot(self._key, message.snapshot)
        elif isinstance(message, wire.Speaking):
            self._speaking = message.turn
        elif isinstance(message, wire.Clear):
            self._speaking = None
            for name in await self._line.clear():
                relay.send(wire.Played(name=name, cleared=True))
        elif isinstance(message, wire.Mark):
            await self._line.mark(message.name)
        elif isinstance(message, wire.Ready):
            if not self._was_ready:
                self._was_ready = True
                await self._line.ready()
        elif isinstance(message, wire.Request):
            self._spawn(self._desk.answer(message, relay))

    def _to_worker(self, message: wire.Dtmf | wire.Played | wire.Hangup | wire.Drain) -> None:
        if self._relay is not None:
            self._relay.send(message)

    def _from_finished(self, finished: wire.Finished) -> End:
        try:
            reason, detail = EndedReason(finished.reason), finished.detail
        except ValueError:
            reason, detail = EndedReason.PLATFORM_ERROR, f"The worker ended the call: {finished.reason}."
        return self._ending(reason, detail, by=finished.ended_by, outcome=finished.outcome)

    async def _nobody(self, error: NoWorker, first: bool) -> None:
        """No worker takes the call. At its beginning the carrier's own voice says so; later ours does."""
        if first:
            reason = EndedReason.BUSY_NO_CAPACITY if error.full else EndedReason.NO_WORKER
            self.finish(self._ending(reason))
            return
        await failover.apologise(self._line, self._spec.audio)
        self.finish(self._ending(EndedReason.WORKER_LOST))

    # ── what the bridge itself tells ─────────────────────────────────────────────────────────────

    def _tell(self, body: EventBody, at_ms: int | None = None) -> CallEvent:
        event = CallEvent(seq=self._seq, at_ms=self._line.clock.ms() if at_ms is None else at_ms, body=body)
        self._seq += 1
        self._store.event(self._key, "bridge", event)
        return event

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    async def _close(self, how: End) -> None:
        """The worker reports, the end is stored, and only then the carrier's socket closes: what the carrier asks us
        next finds the call ended. A line that was lost may come back to another bridge first."""
        if how is HANDED_BACK:
            if self._relay is not None:
                self._relay.let_go()
        else:
            await self._let_worker_finish(how)
        self.reported.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._line.stop_recording()
        if spoilt := self._line.malformed.total():
            logger.warning("Call %s: dropped frames: %s", self._opened.call_id, dict(self._line.malformed))
            sentence = f"{spoilt} messages from the carrier could not be read and were left out."
            self._tell(Fault(whose="carrier", stage="media", message=sentence))
        if how.reason == EndedReason.CARRIER_CONNECTION_LOST:
            await self._line.close(how.reason, "")
            await asyncio.sleep(RETURN_WITHIN)
        if how is not HANDED_BACK:
            self._store.end(self._key, how)
        try:
            async with asyncio.timeout(STORE_WITHIN):
                await self._store.settled()
        except TimeoutError:
            logger.error("Call %s: its end waits for the database", self._opened.call_id)
        if how is HANDED_BACK:
            logger.info("Call %s is handed back to its carrier", self._opened.call_id)
            await self._line.hang_up()
        else:
            await self._line.close(how.reason, self._desk.sentence(how))

    async def _let_worker_finish(self, how: End) -> None:
        """Its last turns and usage come with its goodbye."""
        if self._relay is None:
            return
        self._worker_done.clear()
        self._to_worker(wire.Hangup(reason=how.reason.value))
        try:
            async with asyncio.timeout(FINISH_WITHIN):
                await self._worker_done.wait()
        except TimeoutError:
            logger.warning("Call %s: the worker did not report its end", self._opened.call_id)
