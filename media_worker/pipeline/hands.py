"""The hands of a call: what a flow wants done outside of itself is asked of the host, or waited for on the line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from media_worker.contract.tools import ToolOutcome
from media_worker.flow.work import LOOK_UP_SECONDS, Digits, LookUp, Silence, ToolWork, Transfer, Wait, Work
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.host import Host
from media_worker.pipeline.speech import Books, Speech

ANSWER_SLACK = 2.0
TRANSFER_WITHIN = 15.0
"""Seconds the host has to answer, and then as many for the line to leave."""

DIGITS_WITHIN = 20.0
_LOOK = 0.1


class CallHands:
    """`speaks` tells whether the caller's side makes a sound; `until_heard` waits for the end of a speech; `patient` says
    a line within the reply that a model is writing."""

    def __init__(
        self,
        host: Host,
        observer: CallObserver,
        books: Books,
        speaks: Callable[[], bool],
        until_heard: Callable[[Speech], Awaitable[None]],
        patient: Callable[[str], Awaitable[None]],
    ) -> None:
        self._host = host
        self._observer = observer
        self._books = books
        self._speaks = speaks
        self._until_heard = until_heard
        self._patient = patient
        self._enough = asyncio.Event()

    def enough(self) -> None:
        """The caller has spoken: a wait that ends with that is over."""
        self._enough.set()

    async def patience(self, line: str, turn: int) -> None:
        await self._patient(line)

    async def do(self, work: Work, turn: int) -> ToolOutcome:
        if isinstance(work, ToolWork | LookUp):
            return await self._use(work, turn)
        if isinstance(work, Transfer):
            await self._all_was_heard()
            answer = await self._host.ask("transfer", {"to": work.to}, TRANSFER_WITHIN)
            if not answer.ok:
                self._observer.fault("carrier", "transfer", answer.error or "The transfer was refused.")
            return ToolOutcome(ok=answer.ok, text=answer.error)
        if isinstance(work, Digits):
            await self._all_was_heard()
            answer = await self._host.ask("send_digits", {"digits": work.digits}, DIGITS_WITHIN)
            return ToolOutcome(ok=answer.ok, text=answer.error or "The digits were sent.")
        if isinstance(work, Silence):
            return await self._silence(work)
        return await self._wait(work)

    async def _use(self, work: ToolWork | LookUp, turn: int) -> ToolOutcome:
        seconds = work.tool.seconds if isinstance(work, ToolWork) else LOOK_UP_SECONDS
        span = None if work.by == "model" else self._observer.tool_called(turn, work.use.tool)
        outcome = ToolOutcome(ok=False)
        try:
            outcome = await self._host.use(work.use, seconds + ANSWER_SLACK, knowledge=isinstance(work, LookUp))
        finally:
            if span is not None:
                span.close(error="" if outcome.ok else f"failed {outcome.status or ''}".strip())
        return outcome

    async def _all_was_heard(self) -> None:
        while (speech := self._books.current) is not None:
            await self._until_heard(speech)
            if self._books.current is speech:
                return

    async def _silence(self, work: Silence) -> ToolOutcome:
        loop = asyncio.get_running_loop()
        quiet_since, give_up = loop.time(), loop.time() + work.patience
        while loop.time() - quiet_since < work.quiet and loop.time() < give_up:
            await asyncio.sleep(_LOOK)
            if self._speaks():
                quiet_since = loop.time()
        return ToolOutcome(ok=True)

    async def _wait(self, work: Wait) -> ToolOutcome:
        self._enough.clear()
        await self._all_was_heard()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), work.pause)
        return ToolOutcome(ok=True)
