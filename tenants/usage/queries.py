"""Reading usage: quantities, no prices."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.utils import timezone

from media_worker.providers.registry import vendors
from tenants.clients.models import Client
from tenants.usage.actions import CALL_SECONDS
from tenants.usage.models import DailyUsage

WORDS = {
    CALL_SECONDS: ("Calls", "min", Decimal(60)),
    "stt_seconds": ("Speech recognised", "min", Decimal(60)),
    "llm_tokens_in": ("Model, read", "tokens", Decimal(1)),
    "llm_tokens_out": ("Model, written", "tokens", Decimal(1)),
    "tts_seconds": ("Speech spoken", "min", Decimal(60)),
    "clip_seconds": ("Played from clips", "min", Decimal(60)),
    "cache_seconds": ("Played again from the cache", "min", Decimal(60)),
    "tts_characters": ("Speech spoken", "characters", Decimal(1)),
    "tool_uses": ("Tools used", "uses", Decimal(1)),
}


@dataclass(frozen=True)
class Line:
    """One quantity of one day, client and vendor, in `unit`."""

    day: date
    client: str
    kind: str
    vendor: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True)
class Column:
    """A kind of usage; `total` is the sum of its column, in `unit`."""

    word: str
    unit: str
    total: Decimal


@dataclass(frozen=True)
class Table:
    """One row per day, client or vendor: its name and its cells, None where nothing was used."""

    columns: list[Column]
    rows: list[tuple[Any, list[tuple[Column, Decimal | None]]]]


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


def lines(rows: QuerySet[DailyUsage], since: date, until: date, most: int) -> list[Line] | None:
    """By day (the newest first), client and kind; None when there are more than `most`."""
    found = rows.filter(day__gte=since, day__lte=until).select_related("client")
    listed = list(found.order_by("-day", "client__name", "kind", "vendor")[: most + 1])
    return [_line(row) for row in listed] if len(listed) <= most else None


def by(rows: QuerySet[DailyUsage], what: Literal["day", "client__name", "vendor"], since: date, until: date) -> Table:
    """Summed by PostgreSQL, so the table has as many rows as there are days, clients or vendors, and no more."""
    found = rows.filter(day__gte=since, day__lte=until)
    sums: dict[Any, dict[tuple[str, str], Decimal]] = {}
    for key, kind, quantity in found.values_list(what, "kind").annotate(Sum("quantity")).order_by(what):
        word, unit, divisor = _words(kind)
        cells = sums.setdefault(key, {})
        cells[word, unit] = cells.get((word, unit), Decimal(0)) + quantity / divisor
    heads = sorted({head for cells in sums.values() for head in cells}, key=_place)
    columns = [
        Column(*head, _rounded(sum((cells.get(head, Decimal(0)) for cells in sums.values()), Decimal(0)), head[1]))
        for head in heads
    ]
    keys = sorted(sums, key=str, reverse=what == "day")
    placed = list(zip(heads, columns, strict=True))
    called = vendor_name if what == "vendor" else (lambda key: key)
    return Table(
        columns, [(called(key), [(column, _cell(sums[key], head)) for head, column in placed]) for key in keys]
    )


def vendor_name(name: str) -> str:
    """A vendor of models by its own name; a carrier, or one that is no longer offered, by what it is called here."""
    labels = {vendor.name: vendor.label for vendor in vendors()}
    return labels.get(name) or ("Browser" if name == "web" else name.capitalize())


def last_days(days: int, now: datetime | None = None) -> tuple[date, date]:
    today = (now or timezone.now()).date()
    return today - timedelta(days=days - 1), today + timedelta(days=1)


def _place(head: tuple[str, str]) -> tuple[int, str]:
    """Columns stand in the order of a call: the call, listening, thinking, speaking."""
    known = [word for word, _, _ in WORDS.values()]
    return (known.index(head[0]) if head[0] in known else len(known), head[1])


def _cell(cells: dict[tuple[str, str], Decimal], head: tuple[str, str]) -> Decimal | None:
    return _rounded(cells[head], head[1]) if head in cells else None


def _words(kind: str) -> tuple[str, str, Decimal]:
    """What it is called, its unit, and how many of what is stored make one of that unit."""
    return WORDS.get(kind, (kind.replace("_", " ").capitalize(), "", Decimal(1)))


def _rounded(quantity: Decimal, unit: str) -> Decimal:
    return quantity.quantize(Decimal("0.1") if unit == "min" else Decimal(1))


def _line(row: DailyUsage) -> Line:
    word, unit, divisor = _words(row.kind)
    quantity = _rounded(row.quantity / divisor, unit)
    return Line(row.day, row.client.name if row.client else "", word, row.vendor, quantity, unit)
