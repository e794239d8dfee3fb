"""Home: today beside the same day last week until the same time, and the calls by hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet
from django.db.models.functions import ExtractHour
from django.utils import timezone

from calls.models import Call, Turn
from calls.queries.outcomes import GOAL_REACHED

NEWEST = 8
WEEK = timedelta(days=7)


class PercentileCont(Aggregate):
    """PostgreSQL's continuous percentile of a column."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
    allow_distinct = False

    def __init__(self, expression: str, share: float) -> None:
        super().__init__(expression, share=float(share))


@dataclass(frozen=True)
class Figures:
    """`answered` and `goals` count calls; latencies in ms, None when nothing was measured."""

    calls: int = 0
    answered: int = 0
    goals: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def answered_share(self) -> int | None:
        return round(100 * self.answered / self.calls) if self.calls else None

    @property
    def goal_share(self) -> int | None:
        return round(100 * self.goals / self.answered) if self.answered else None


def day_start(now: datetime) -> datetime:
    """Midnight where the viewer is."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def figures(calls: QuerySet[Call], start: datetime, end: datetime) -> Figures:
    window = calls.filter(created_at__gte=start, created_at__lt=end, test=False)
    counts = window.aggregate(
        calls=Count("pk"),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
        goals=Count("pk", filter=GOAL_REACHED & Q(answered_at__isnull=False)),
    )
    waits = Turn.objects.filter(call__in=window.values("pk"), gap_ms__isnull=False).aggregate(
        p50=PercentileCont("gap_ms", 0.5), p95=PercentileCont("gap_ms", 0.95)
    )
    return Figures(**counts, **waits)


def by_hour(calls: QuerySet[Call], start: datetime, now: datetime) -> dict[str, Any] | None:
    """The chart's data; None when there is nothing to draw."""
    today, before = (_hours(calls, begin) for begin in (start, start - WEEK))
    if not today and not before:
        return None
    hour_now = timezone.localtime(now).hour
    return {
        "kind": "bar",
        "labels": [f"{hour:02}:00" for hour in range(24)],
        "series": [
            {
                "name": "Today",
                "values": [today.get(h, 0) if h <= hour_now else None for h in range(24)],
                "tone": "brand",
            },
            {
                "name": f"Last {start:%A}",
                "values": [before.get(hour, 0) for hour in range(24)],
                "tone": "muted",
            },
        ],
    }


def _hours(calls: QuerySet[Call], start: datetime) -> dict[int, int]:
    window = calls.filter(created_at__gte=start, created_at__lt=start + timedelta(days=1), test=False)
    counted = (
        window.annotate(hour=ExtractHour("created_at")).values("hour").order_by("hour").annotate(count=Count("pk"))
    )
    return {row["hour"]: row["count"] for row in counted}


def last_problem(calls: QuerySet[Call]) -> datetime | None:
    faulty = calls.filter(fault__in=(Call.Fault.PROVIDER, Call.Fault.PLATFORM, Call.Fault.CARRIER))
    return faulty.order_by("-created_at").values_list("created_at", flat=True).first()
