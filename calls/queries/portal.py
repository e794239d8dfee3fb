"""What a client's people see first: what they got this month, and which calls are worth hearing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum

from calls.models import Call, Recording
from calls.queries.home import WEEK, PercentileCont
from calls.queries.outcomes import GOAL_REACHED, words

LENGTH = ExpressionWrapper(F("ended_at") - F("answered_at"), output_field=DurationField())


@dataclass(frozen=True)
class Month:
    """`outcomes`: what calls came to, commonest first. `out_of_hours`: answered before 9, after 17 or at a weekend."""

    calls: int
    answered: int
    out_of_hours: int
    seconds: float
    wait_ms: float | None
    outcomes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Worth:
    title: str
    why: str
    call: Call


def month(calls: QuerySet[Call], today: datetime) -> Month:
    """From the first of the month where the viewer is."""
    window = calls.filter(created_at__gte=today.replace(day=1), test=False)
    answered = Q(answered_at__isnull=False)
    after_hours = Q(created_at__hour__lt=9) | Q(created_at__hour__gte=17) | Q(created_at__iso_week_day__gte=6)
    totals = window.aggregate(
        calls=Count("pk"),
        answered=Count("pk", filter=answered),
        out_of_hours=Count("pk", filter=answered & after_hours),
        talked=Sum(LENGTH, filter=answered & Q(ended_at__isnull=False)),
        wait_ms=PercentileCont("gap_p50_ms", 0.5),
    )
    counted = window.exclude(outcome="").values("outcome").annotate(count=Count("pk")).order_by("-count", "outcome")[:4]
    return Month(
        calls=totals["calls"],
        answered=totals["answered"],
        out_of_hours=totals["out_of_hours"],
        seconds=totals["talked"].total_seconds() if totals["talked"] else 0.0,
        wait_ms=totals["wait_ms"],
        outcomes=tuple((words(row["outcome"]), row["count"]) for row in counted),
    )


def worth_hearing(calls: QuerySet[Call], now: datetime | None = None) -> list[Worth]:
    """The longest recent call that reached its goal, and the longest that did not."""
    recorded = (
        calls.filter(recording__status=Recording.Status.READY, test=False, answered_at__isnull=False)
        .filter(ended_at__isnull=False)
        .select_related("agent")
        .order_by(LENGTH.desc())
    )
    if now is not None:
        recorded = recorded.filter(created_at__gte=now - WEEK)
    best = recorded.filter(GOAL_REACHED).first()
    worst = recorded.filter(~GOAL_REACHED).first()
    found = []
    if best is not None:
        found.append(Worth("A call that went well", words(best.outcome), best))
    if worst is not None:
        found.append(Worth("A call that did not", words(worst.outcome) or "Ended before its goal", worst))
    return found
