"""How the versions of an agent do in calls, side by side. Test calls are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.utils import timezone

from agents.models import Agent, AgentVersion
from calls.models import Call, PhoneNumber
from calls.queries.outcomes import GOAL_REACHED, words

DAYS = 30
MOST_VERSIONS = 6
MOST_OUTCOMES = 6
SURE = 1.96
"""Standard deviations: one difference in twenty of this size would be chance."""


@dataclass(frozen=True)
class Outcome:
    name: str
    calls: int
    percent: float


@dataclass(frozen=True)
class Result:
    """One version's calls. `least` and `most` bound the true share of goals, in percent, 19 times out of 20."""

    version: AgentVersion
    calls: int
    answered: int
    goals: int
    seconds: float | None
    gap_p50: float | None
    gap_p95: float | None
    hung_up: int
    transferred: int
    faults: int
    least: float
    most: float
    outcomes: Sequence[Outcome]

    @property
    def percent(self) -> float:
        return 100 * self.goals / self.answered if self.answered else 0.0


def results(agent: Agent, *, number: PhoneNumber | None = None, days: int = DAYS) -> list[Result]:
    """The versions that were heard in that time, the one with most calls first."""
    rows = _calls(agent, number, timezone.now() - timedelta(days=days))
    figures = (
        rows.values("agent_version")
        .annotate(
            calls=Count("id"),
            answered=Count("id", filter=Q(answered_at__isnull=False)),
            goals=Count("id", filter=GOAL_REACHED & Q(answered_at__isnull=False)),
            length=Avg(F("ended_at") - F("answered_at"), filter=Q(answered_at__isnull=False)),
            p50=Avg("gap_p50_ms"),
            p95=Avg("gap_p95_ms"),
            hung_up=Count("id", filter=Q(ended_by=Call.EndedBy.CALLER, answered_at__isnull=False)),
            transferred=Count("id", filter=Q(ended_reason="transferred")),
            faults=Count("id", filter=~Q(fault=Call.Fault.NONE)),
        )
        .order_by("-calls")[:MOST_VERSIONS]
    )
    found = list(figures)
    versions = AgentVersion.objects.in_bulk([row["agent_version"] for row in found])
    outcomes = _outcomes(rows, {row["agent_version"]: row["answered"] for row in found})
    return [_result(row, versions[row["agent_version"]], outcomes) for row in found]


def verdict(found: Sequence[Result]) -> str:
    """A sentence about the two versions with most calls, honest about chance."""
    if len(found) < 2:
        return ""
    first, second = sorted(found[:2], key=lambda one: one.percent, reverse=True)
    if not first.answered or not second.answered:
        return "One of them has not answered a call yet."
    together = (first.goals + second.goals) / (first.answered + second.answered)
    spread = sqrt(together * (1 - together) * (1 / first.answered + 1 / second.answered))
    said = (
        f"Version {first.version.number} reaches its goal in {first.percent:.0f} % of {first.answered:,} calls, "
        f"version {second.version.number} in {second.percent:.0f} % of {second.answered:,}"
    )
    if spread == 0 or (first.percent - second.percent) / 100 < SURE * spread:
        return f"{said}. Such a difference may well be chance: let more calls come."
    return f"{said}. That is more than chance would explain."


def _calls(agent: Agent, number: PhoneNumber | None, since: datetime) -> Any:
    rows = Call.objects.filter(
        agent=agent, agent_version__isnull=False, test=False, created_at__gte=since, status=Call.Status.ENDED
    )
    return rows.filter(number=number) if number is not None else rows


def _outcomes(rows: Any, answered: dict[Any, int]) -> dict[Any, list[Outcome]]:
    counted = (
        rows.filter(answered_at__isnull=False)
        .exclude(outcome="")
        .values("agent_version", "outcome")
        .annotate(number=Count("id"))
        .order_by("-number", "outcome")
    )
    found: dict[Any, list[Outcome]] = {}
    for row in counted:
        mine = found.setdefault(row["agent_version"], [])
        total = answered.get(row["agent_version"], 0)
        if total and len(mine) < MOST_OUTCOMES:
            mine.append(Outcome(words(row["outcome"]), row["number"], 100 * row["number"] / total))
    return found


def _result(row: dict[str, Any], version: AgentVersion, outcomes: dict[Any, list[Outcome]]) -> Result:
    least, most = _bounds(row["goals"], row["answered"])
    return Result(
        version=version,
        calls=row["calls"],
        answered=row["answered"],
        goals=row["goals"],
        seconds=row["length"].total_seconds() if row["length"] is not None else None,
        gap_p50=row["p50"],
        gap_p95=row["p95"],
        hung_up=row["hung_up"],
        transferred=row["transferred"],
        faults=row["faults"],
        least=least,
        most=most,
        outcomes=outcomes.get(version.pk, ()),
    )


def _bounds(hits: int, total: int) -> tuple[float, float]:
    """Wilson's interval for a share, in percent."""
    if not total:
        return 0.0, 100.0
    share, square = hits / total, SURE * SURE
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = SURE * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return 100 * max(0.0, middle - reach), 100 * min(1.0, middle + reach)
