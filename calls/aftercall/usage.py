"""What a call consumed, as quantities. A record's key makes writing it twice harmless."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from calls.models import Call, CallEvent
from tenants.usage import actions
from tenants.usage.actions import Quantity

QUANTITIES = (
    ("seconds", "{stage}_seconds"),
    ("characters", "{stage}_characters"),
    ("tokens_in", "{stage}_tokens_in"),
    ("tokens_out", "{stage}_tokens_out"),
)


def record(call: Call) -> None:
    """A call that two workers served has two usage events a stage: they add up."""
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    if call.answered_at and call.ended_at:
        talked = (call.ended_at - call.answered_at).total_seconds()
        totals["call_seconds", call.carrier] += Decimal(str(round(max(0.0, talked), 3)))
    events = CallEvent.objects.filter(call=call, kind="usage", source=CallEvent.Source.WORKER)
    for data in events.values_list("data", flat=True):
        for field, kind in QUANTITIES:
            totals[kind.format(stage=data.get("stage", "")), data.get("vendor", "")] += Decimal(
                str(data.get(field) or 0)
            )
    actions.record(
        [
            Quantity(f"{call.pk}:{kind}:{vendor}"[:120], kind, quantity, vendor)
            for (kind, vendor), quantity in totals.items()
        ],
        at=call.ended_at or call.created_at,
        client=call.client,
        agent_id=call.agent_id,
        call_id=call.pk,
    )
