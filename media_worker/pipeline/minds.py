"""Which model answers a turn, and what happens when it does not: the thinking half of the ladder.

A filler when it is slow; the large model when the small one is unsure; the next key, the next model for the same turn
when one fails, also in the middle of a sentence; a request to say it again; and when nobody is left, the end of the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from media_worker.contract.events import Fallback
from media_worker.contract.spec import Fallbacks
from media_worker.flow.routing import UNSURE, Route
from media_worker.flow.runner import FlowRunner, Reply
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.keys import trouble_of
from media_worker.pipeline.lanes import CannotServe, Lane, Seat
from media_worker.pipeline.speech import Speech
from media_worker.pipeline.takeover import NO_CONNECTION, Failure, Takeover
from media_worker.pipeline.thinking import Thinker
from media_worker.pipeline.thoughts import Outcome, Thought

_MOST_LOST = 2
"""Turns in a row that came to nothing, and the call ends."""

_LATE = ("no_first_token", "stalled", "tool_timeout")


@dataclass(frozen=True)
class Tell:
    """What the caller is to hear in the end. `reply` speaks a reply of the flow, `reask` asks for the turn again,
    `filler` says a word of patience and gives its speech, `give_up` ends the call."""

    reply: Callable[[Reply, int], Awaitable[None]]
    reask: Callable[[int], Awaitable[None]]
    filler: Callable[[int], Awaitable[Speech | None]]
    drop: Callable[[Speech], None]
    give_up: Callable[[str, str, int], Awaitable[None]]
    changed: Callable[[], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]


@dataclass
class Attempt:
    """What was tried for one turn. `filler` is what was said meanwhile."""

    text: str
    route: Route
    again: bool = False
    timer: asyncio.TimerHandle | None = None
    filler: Speech | None = field(default=None)


class Minds:
    def __init__(
        self,
        lane: Lane,
        takeover: Takeover,
        flow: FlowRunner,
        observer: CallObserver,
        fallbacks: Fallbacks,
        escalate: bool,
    ) -> None:
        self._lane = lane
        self._takeover = takeover
        self._flow = flow
        self._observer = observer
        self._fallbacks = fallbacks
        self._escalate = escalate
        self._attempt = Attempt("", Route("large"))
        self._lost = 0

    def attach(self, thinker: Thinker, tell: Tell) -> None:
        self._thinker = thinker
        self._tell = tell

    @property
    def busy(self) -> bool:
        return self._thinker.busy

    async def stop(self) -> None:
        self.first_token(0)
        await self._thinker.stop()

    # ── an answer ────────────────────────────────────────────────────────────────────────────────

    async def answer(self, turn: int, text: str, route: Route) -> None:
        """Open the reply, and let the model of this tier write it."""
        self.first_token(0)
        attempt = self._attempt = Attempt(text, route)
        speech = await self._thinker.open(turn)
        self._fill_later(attempt, speech)
        seat = self._lane.small if route.tier == "small" else None
        before = self._lane.service
        try:
            await self._lane.bring(seat or self._lane.chosen)
            if self._lane.service is not before:
                self._thinker.hear_again()
        except CannotServe as error:
            failed = seat or self._lane.chosen
            await self._next(Outcome(NO_CONNECTION, False, error.fault), speech, failed)
            return
        await self._ask(speech)

    def _fill_later(self, attempt: Attempt, speech: Speech) -> None:
        if self._fallbacks.filler_after > 0:
            attempt.timer = asyncio.get_running_loop().call_later(
                self._fallbacks.filler_after, lambda: self._tell.spawn(self._fill(attempt, speech))
            )

    # ── a guess ──────────────────────────────────────────────────────────────────────────────────

    @property
    def tools_running(self) -> int:
        return self._thinker.tools_running

    async def guess(self, turn: int, text: str, route: Route) -> Speech | None:
        """Begin on words that may be the whole turn. None where another model would have to come in first."""
        seat = self._lane.small if route.tier == "small" else None
        standing = self._lane.standing
        if self.busy or standing is None or standing.service is None or standing is not (seat or self._lane.chosen):
            return None
        self.first_token(0)
        self._attempt = Attempt(text, route)
        return await self._thinker.guess(turn, text, self._thought())

    async def keep(self, speech: Speech) -> bool:
        if not await self._thinker.keep(speech):
            return False
        if self._thinker.speech is speech and not speech.sentences:
            self._fill_later(self._attempt, speech)
        return True

    async def forget(self, speech: Speech) -> None:
        if self._thinker.speech is speech:
            await self._thinker.stop()

    async def _ask(self, speech: Speech) -> None:
        if self._thinker.speech is not speech:
            return
        attempt = self._attempt
        if self._lane.service is None:
            await self._thinker.stop()
            await self._tell.reply(self._flow.by_rules(attempt.text), speech.turn)
            return
        await self._thinker.ask(speech, self._thought())

    def _thought(self) -> Thought:
        small = self._lane.standing is not None and self._lane.standing.tier == "small"
        return Thought(self._attempt.route, self._fallbacks.next_model_after, doubtful=small and self._escalate)

    def first_token(self, _: int) -> None:
        """It begins to answer: no word of patience is needed, and one that was not yet heard is taken back."""
        attempt = self._attempt
        if attempt.timer is not None:
            attempt.timer.cancel()
            attempt.timer = None
        if attempt.filler is not None:
            if attempt.filler.started_ms is None:
                self._tell.drop(attempt.filler)
            attempt.filler = None

    async def answered(self, speech: Speech, reply: Reply | None, turn: int) -> None:
        self.first_token(turn)
        self._lost = 0
        self._lane.works()
        reply = reply or self._flow.thought()
        if reply is not None:
            await self._tell.reply(reply, turn)
        self._tell.changed()

    def too_long(self, turn: int) -> None:
        self._observer.journal.write(Fallback(step="too_long", stage="llm", why="the reply did not end", turn=turn))

    async def _fill(self, attempt: Attempt, speech: Speech) -> None:
        """Once a turn, and only while nothing of the answer is there."""
        attempt.timer = None
        if self._thinker.speech is not speech or speech.sentences or attempt is not self._attempt:
            return
        filler = await self._tell.filler(speech.turn)
        if filler is None:
            return
        self._observer.journal.write(Fallback(step="filler", stage="llm", why="no first token yet", turn=speech.turn))
        if self._thinker.speech is speech and not speech.sentences:
            attempt.filler = filler
        elif filler.started_ms is None:
            self._tell.drop(filler)

    # ── when it fails ────────────────────────────────────────────────────────────────────────────

    async def failed(self, outcome: Outcome, speech: Speech) -> None:
        if outcome.why != UNSURE:
            vendor, status = self._lane.provider.vendor, outcome.fault.status
            answered = f" ({vendor} answered {status})" if status else f" ({vendor})"
            why = outcome.why.replace("_", " ")
            self._observer.fault("provider", "llm", f"The language model failed: {why}{answered}.")
        await self._next(outcome, speech, self._lane.standing or self._lane.chosen)

    async def _next(self, outcome: Outcome, speech: Speech, failed: Seat) -> None:
        turn, service = speech.turn, self._lane.service
        failure = Failure(outcome.why, outcome.fault)
        if failed.tier == "small":
            another_key = trouble_of(outcome.fault) and await self._takeover.next(self._lane, failure, turn, failed)
            served = another_key or await self._escalated(outcome, failed, turn)
        elif outcome.why == "too_many_tools":
            served = False
        else:
            served = await self._takeover.next(self._lane, failure, turn, failed)
            served = served or self._once_more(outcome, turn, failed)
        if self._thinker.speech is not speech:
            return
        if served:
            if self._lane.service is not service:
                self._thinker.hear_again()
            await self._ask(speech)
        else:
            await self._lose(outcome, turn)

    async def _escalated(self, outcome: Outcome, small: Seat, turn: int) -> bool:
        """The large model takes the turn; a small one whose key was refused is not asked again."""
        failure = Failure(outcome.why, outcome.fault)
        small.closed = small.closed or failure.closes
        self._attempt.route = Route("large", f"escalated: {outcome.why}")
        large = self._lane.chosen
        try:
            await self._lane.bring(large)
        except CannotServe as error:
            return await self._takeover.next(self._lane, Failure(NO_CONNECTION, error.fault), turn, large)
        self._observer.journal.write(
            Fallback(step="escalated", stage="llm", why=outcome.why, vendor=large.provider.vendor, turn=turn)
        )
        return True

    def _once_more(self, outcome: Outcome, turn: int, failed: Seat) -> bool:
        """The only model there is gets a second chance, unless it would refuse again, or broke off in mid-answer."""
        attempt = self._attempt
        alone = self._lane.alone and failed is self._lane.standing
        if not alone or attempt.again or outcome.heard_something or outcome.fault.kind == "refused":
            return False
        attempt.again = True
        self._tell_step(outcome, turn)
        return True

    async def _lose(self, outcome: Outcome, turn: int) -> None:
        self.first_token(turn)
        await self._thinker.stop()
        self._lost += 1
        for_good = outcome.fault.kind == "refused" or not self._lane.alone
        if self._lost >= _MOST_LOST or (for_good and outcome.why != "too_many_tools"):
            await self._tell.give_up("llm", outcome.why, turn)
        else:
            self._tell_step(outcome, turn)
            await self._tell.reask(turn)
        self._tell.changed()

    def _tell_step(self, outcome: Outcome, turn: int) -> None:
        step = "timeout" if outcome.why in _LATE else "vendor_error"
        self._observer.journal.write(Fallback(step=step, stage="llm", why=outcome.why, turn=turn))
