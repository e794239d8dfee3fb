"""What a call consumed, as quantities. A record's key makes writing it twice harmless."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from agents.clips import actions as clips
from calls.models import Call, CallEvent
from tenants.usage import actions
from tenants.usage.actions import Quantity

QUANTITIES = (
    ("seconds", "{stage}_seconds"),
    ("characters", "{stage}_characters"),
    ("tokens_in", "{stage}_tokens_in"),
    ("tokens_out", "{stage}_tokens_out"),
)
_BILLED = ("stt", "llm", "tts", "clip", "cache", "s2s")
_BY_TIME = ("clip", "cache")
"""What was played and not synthesised has a length, and no price by the letter."""


def record(call: Call) -> None:
    """A call that two workers served has two usage events a stage: they add up. For a worker that was lost before it
    could tell, its spans are counted.
    """
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    if call.answered_at and call.ended_at:
        talked = (call.ended_at - call.answered_at).total_seconds()
        totals["call_seconds", call.carrier] += Decimal(str(round(max(0.0, talked), 3)))
    for data in _taken(call):
        for field, kind in QUANTITIES:
            if field == "characters" and data.get("stage") in _BY_TIME:
                continue
            totals[kind.format(stage=data.get("stage", "")), data.get("vendor", "")] += Decimal(
                str(data.get(field) or 0)
            )
    with transaction.atomic():
        new = _record(call, totals)
        if new and call.agent_id is not None:
            clips.count_use(call.agent_id, _clips_heard(call))


def _taken(call: Call) -> Iterator[dict[str, Any]]:
    """What each stage of each worker took. A usage event tells all that its worker's spans before it told."""
    events = CallEvent.objects.filter(call=call, kind__in=("usage", "span", "started"), source=CallEvent.Source.WORKER)
    untold: list[dict[str, Any]] = []
    for kind, data in events.order_by("seq").values_list("kind", "data"):
        if kind == "span" and data.get("stage") in _BILLED and data.get("vendor"):
            untold.append(data)
        elif kind == "usage":
            untold.clear()
            yield data
        elif kind == "started":
            yield from untold
            untold.clear()
    yield from untold


def _clips_heard(call: Call) -> Counter[str]:
    heard = CallEvent.objects.filter(call=call, kind="span", data__stage="clip", data__kept=True)
    return Counter(str(name) for name in heard.values_list("data__name", flat=True))


def _record(call: Call, totals: Mapping[tuple[str, str], Decimal]) -> int:
    return actions.record(
        [
            Quantity(f"{call.pk}:{kind}:{vendor}"[:120], kind, quantity, vendor)
            for (kind, vendor), quantity in totals.items()
        ],
        at=call.ended_at or call.created_at,
        client=call.client,
        agent_id=call.agent_id,
        call_id=call.pk,
    )
