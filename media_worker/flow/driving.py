"""The loop that drives a flow, in sound and in writing alike: speak the reply, do its work, go on with the outcome.

    driver = Driver(flow, hands, emit, now_ms)
    reply = await driver.go(await flow.on_user_turn(text, confidence), speak)

`Hands` are whoever can do a work here: `pipeline/hands.py` in a call, the text door in writing. What they do is bounded
here: an outcome that does not come in time, or an error, is a failed outcome; no exception reaches the flow. Every use
of a tool and every look-up is told as a `ToolUsed` event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from media_worker.contract.events import EventBody, ToolUsed
from media_worker.contract.tools import ToolOutcome, UseTool
from media_worker.flow.reply import Reply
from media_worker.flow.work import KNOWLEDGE, LookUp, ToolWork, Work

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner

LONGEST_TOLD = 2_000

log = logging.getLogger(__name__)


class Hands(Protocol):
    async def do(self, work: Work, turn: int) -> ToolOutcome:
        """Do it, and say how it went. May raise, may hang: the driver bounds it."""
        ...

    async def patience(self, line: str, turn: int) -> None:
        """Say a line while a model's tool runs."""
        ...


class Driver:
    """One a call. `turn` gives the number of the caller's present turn. `remember` is told what a step of the flow used,
    for the model that may go on from there."""

    def __init__(
        self,
        flow: FlowRunner,
        hands: Hands,
        emit: Callable[[EventBody], None],
        now_ms: Callable[[], int],
        turn: Callable[[], int],
        remember: Callable[[UseTool, ToolOutcome], None] | None = None,
    ) -> None:
        self._flow = flow
        self._hands = hands
        self._emit = emit
        self._now_ms = now_ms
        self.turn = turn
        self._remember = remember
        flow.attach(self)

    async def go(self, reply: Reply, speak: Callable[[Reply], Awaitable[None]]) -> Reply:
        """Speak this reply and all that follow from its work. Gives the last, which needs none: the caller's words are
        awaited, a model has to go on, or the call ends."""
        while True:
            await speak(reply)
            if reply.work is None:
                return reply
            outcome = await self.do(reply.work)
            reply = self._flow.worked(reply.work, outcome)

    async def before(self) -> None:
        """What is looked up before the greeting, all at once, each as long as it may hold the greeting up."""

        async def one(work: ToolWork, deadline: float) -> None:
            self._flow.looked_up(work, await self.do(work, within=deadline))

        await asyncio.gather(*(one(work, deadline) for work, deadline in self._flow.before()))

    async def do(self, work: Work, within: float | None = None) -> ToolOutcome:
        """Never raises, and is over in `work.seconds`, or `within` so many."""
        turn, started = self.turn(), self._now_ms()
        if isinstance(work, ToolWork | LookUp) and work.waiting:
            await self._hands.patience(work.waiting, turn)
        outcome = await self._bounded(work, turn, work.seconds if within is None else within)
        if isinstance(work, ToolWork | LookUp):
            self._tell(work, outcome, turn, started)
        if isinstance(work, ToolWork) and work.by == "flow" and self._remember is not None and self._flow.uses_llm:
            self._remember(work.use, outcome)
        return outcome

    async def _bounded(self, work: Work, turn: int, seconds: float) -> ToolOutcome:
        if isinstance(work, ToolWork) and work.settled is not None:
            return work.settled
        try:
            return await asyncio.wait_for(self._hands.do(work, turn), seconds)
        except TimeoutError:
            return ToolOutcome(ok=False, text="It did not answer in time.")
        except Exception as error:
            log.exception("A flow's work failed: %s", work.kind)
            return ToolOutcome(ok=False, text=f"It failed: {type(error).__name__}.")

    def _tell(self, work: ToolWork | LookUp, outcome: ToolOutcome, turn: int, started: int) -> None:
        told = ToolUsed(
            turn=turn,
            node=work.node,
            tool=work.use.tool if isinstance(work, ToolWork) else KNOWLEDGE,
            by=work.by,
            arguments=dict(work.use.arguments),
            ok=outcome.ok,
            status=outcome.status,
            text=outcome.text[:LONGEST_TOLD],
            variables=dict(outcome.variables),
            sources=outcome.sources,
            note=outcome.note,
            mocked=outcome.mocked,
            started_ms=started,
            ended_ms=max(started, self._now_ms()),
        )
        self._emit(told)
