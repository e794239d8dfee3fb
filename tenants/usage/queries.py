"""Reading usage: quantities, no prices."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.utils import timezone

from tenants.clients.models import Client
from tenants.usage.actions import CALL_SECONDS
from tenants.usage.models import DailyUsage

WORDS = {
    CALL_SECONDS: ("Calls", "min", Decimal(60)),
    "stt_seconds": ("Speech recognised", "min", Decimal(60)),
    "tts_characters": ("Speech spoken", "characters", Decimal(1)),
    "tts_seconds": ("Speech spoken", "min", Decimal(60)),
    "llm_tokens_in": ("Model, read", "tokens", Decimal(1)),
    "llm_tokens_out": ("Model, written", "tokens", Decimal(1)),
}


@dataclass(frozen=True)
class Line:
    """One row of the usage table. `quantity` is in `unit`."""

    day: date
    client: str
    kind: str
    vendor: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True)
class MonthOfClient:
    """`minutes` of calls this month beside the cap; None is no cap."""

    minutes: Decimal
    cap: int | None

    @property
    def over(self) -> bool:
        return self.cap is not None and self.minutes >= self.cap


def month_start(client: Client, now: datetime | None = None) -> date:
    return (now or timezone.now()).astimezone(ZoneInfo(client.timezone)).date().replace(day=1)


def this_month(clients: Iterable[Client], now: datetime | None = None) -> dict[uuid.UUID, MonthOfClient]:
    """Minutes of calls since the month began, each in its own zone."""
    clients = list(clients)
    starts = {client.pk: month_start(client, now) for client in clients}
    sums: dict[uuid.UUID, Decimal] = {}
    if starts:
        daily = DailyUsage.objects.filter(kind=CALL_SECONDS, client__in=starts, day__gte=min(starts.values()))
        for client_id, day, quantity in daily.values_list("client_id", "day", "quantity"):
            if day >= starts[client_id]:
                sums[client_id] = sums.get(client_id, Decimal(0)) + quantity
    return {
        client.pk: MonthOfClient(
            (sums.get(client.pk, Decimal(0)) / 60).quantize(Decimal("0.1")), client.monthly_minutes_cap
        )
        for client in clients
    }


def over_cap(client: Client, now: datetime | None = None) -> bool:
    """Whether this client has used up its minutes of the month: asked before every call, so one indexed sum."""
    if client.monthly_minutes_cap is None:
        return False
    start = month_start(client, now)
    daily = DailyUsage.objects.filter(client=client, kind=CALL_SECONDS, day__gte=start)
    used = daily.aggregate(used=Sum("quantity"))["used"] or Decimal(0)
    return used >= client.monthly_minutes_cap * 60


def table(rows: QuerySet[DailyUsage], since: date, until: date) -> list[Line]:
    """By day (the newest first), client and kind. `rows` is what the person may see."""
    found = rows.filter(day__gte=since, day__lte=until).select_related("client")
    return [_line(row) for row in found.order_by("-day", "client__name", "kind", "vendor")]


def totals(lines: Iterable[Line]) -> list[Line]:
    """One line per kind and unit, over all days, clients and vendors."""
    sums: dict[tuple[str, str], Line] = {}
    for line in lines:
        known = sums.get((line.kind, line.unit))
        quantity = line.quantity + (known.quantity if known else 0)
        sums[line.kind, line.unit] = Line(line.day, "", line.kind, "", quantity, line.unit)
    return [sums[key] for key in sorted(sums)]


def last_days(days: int, now: datetime | None = None) -> tuple[date, date]:
    today = (now or timezone.now()).date()
    return today - timedelta(days=days - 1), today + timedelta(days=1)


def _line(row: DailyUsage) -> Line:
    word, unit, divisor = WORDS.get(row.kind, (row.kind.replace("_", " ").capitalize(), "", Decimal(1)))
    quantity = (row.quantity / divisor).quantize(Decimal("0.1") if divisor > 1 else Decimal(1))
    return Line(row.day, row.client.name if row.client else "", word, row.vendor, quantity, unit)
