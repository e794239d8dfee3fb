"""Waterfalls for the page of a call."""

from __future__ import annotations

from calls.models import Call, Turn
from calls.queries.waterfall import Waterfall
from calls.tracing import reading


def of_call(call: Call) -> list[Waterfall]:
    """Every turn that has stages to show."""
    return [Waterfall(exchange) for exchange in reading.trace(call.pk) if exchange.stages]


def of_number(call: Call, number: int) -> Waterfall:
    return Waterfall(reading.exchange(call.pk, number))


def of_turn(call: Call, turn: Turn | None) -> Waterfall | None:
    """The exchange that a line of the transcript belongs to; nothing for the caller's own."""
    if turn is None or turn.role != Turn.Role.AGENT:
        return None
    return of_number(call, turn.turn)
