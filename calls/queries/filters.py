"""What the calls list can be narrowed by. All of it is in the URL; a value nobody knows narrows to nothing unknown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from calls.models import Call, Recording, Turn
from calls.queries.outcomes import GOAL_REACHED

LIVE = (Call.Status.DIALING, Call.Status.RINGING, Call.Status.IN_PROGRESS, Call.Status.TRANSFERRING)
SLOW_MS, FAST_MS = 1500, 800
LONGEST_TEXT = 100


@dataclass(frozen=True)
class Choice:
    value: str
    word: str
    where: Q | Callable[[], Q]
    internal: bool = False


def since_days(days: int) -> Callable[[], Q]:
    """From midnight where the viewer is, `days` days ago; 0 is today."""

    def where() -> Q:
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return Q(created_at__gte=midnight - timedelta(days=days))

    return where


@dataclass(frozen=True)
class Chip:
    """One filter with its choices. `internal` ones are not for client people."""

    name: str
    word: str
    choices: tuple[Choice, ...]
    internal: bool = False

    def where(self, value: str, internals: bool) -> Q | None:
        for choice in self.choices:
            if choice.value == value and (internals or not (self.internal or choice.internal)):
                return choice.where if isinstance(choice.where, Q) else choice.where()
        return None


CHIPS = (
    Chip(
        "when",
        "When",
        (
            Choice("today", "Today", since_days(0)),
            Choice("yesterday", "Since yesterday", since_days(1)),
            Choice("week", "Last 7 days", since_days(7)),
            Choice("month", "Last 30 days", since_days(30)),
        ),
    ),
    Chip(
        "status",
        "Status",
        (
            Choice("live", "Live", Q(status__in=LIVE)),
            Choice("waiting", "Waiting", Q(status__in=(Call.Status.SCHEDULED, Call.Status.QUEUED))),
            Choice("ended", "Ended", Q(status=Call.Status.ENDED)),
            Choice("missed", "Not answered", Q(status=Call.Status.ENDED, answered_at=None)),
        ),
    ),
    Chip(
        "direction",
        "Direction",
        tuple(Choice(value, str(word), Q(direction=value)) for value, word in Call.Direction.choices),
    ),
    Chip(
        "ended_by",
        "Ended by",
        tuple(
            Choice(value, str(word).capitalize(), Q(ended_by=value), internal=value in {"platform", "carrier"})
            for value, word in Call.EndedBy.choices
        ),
    ),
    Chip(
        "outcome",
        "Outcome",
        (
            Choice("goal", "Goal reached", GOAL_REACHED),
            Choice("no_goal", "Goal not reached", Q(status=Call.Status.ENDED) & ~GOAL_REACHED),
        ),
    ),
    Chip(
        "latency",
        "Latency",
        (
            Choice("fast", f"Under {FAST_MS} ms", Q(gap_p95_ms__lt=FAST_MS)),
            Choice("fair", f"{FAST_MS} to {SLOW_MS} ms", Q(gap_p95_ms__gte=FAST_MS, gap_p95_ms__lte=SLOW_MS)),
            Choice("slow", f"Over {SLOW_MS} ms", Q(gap_p95_ms__gt=SLOW_MS)),
        ),
        internal=True,
    ),
    Chip(
        "problem",
        "Problem",
        (
            Choice("any", "Any fault", ~Q(fault=Call.Fault.NONE)),
            *(
                Choice(value, f"{word} failed" if value != Call.Fault.CUSTOMER else "Setup", Q(fault=value))
                for value, word in Call.Fault.choices
                if value != Call.Fault.NONE
            ),
            Choice("recording", "Recording failed", Q(recording__status=Recording.Status.FAILED)),
        ),
        internal=True,
    ),
)


@dataclass(frozen=True)
class Filters:
    """What was asked for, after checking. `chosen` holds chip values by name."""

    text: str = ""
    client: uuid.UUID | None = None
    agent: uuid.UUID | None = None
    chosen: dict[str, str] = field(default_factory=dict)
    where: Q = field(default_factory=Q)

    @property
    def any(self) -> bool:
        return bool(self.text or self.client or self.agent or self.chosen)


def parse(asked: Mapping[str, str], internals: bool) -> Filters:
    """`internals`: whether this person may see faults and latencies."""
    where, chosen = Q(test=False) if asked.get("test") == "no" else Q(), {}
    for chip in CHIPS:
        value = asked.get(chip.name, "")
        narrowing = chip.where(value, internals)
        if narrowing is not None:
            where &= narrowing
            chosen[chip.name] = value
    text = asked.get("q", "").strip()[:LONGEST_TEXT]
    client, agent = _key(asked.get("client", "")), _key(asked.get("agent", ""))
    for name, key in (("client", client), ("agent", agent)):
        if key is not None:
            where &= Q(**{name: key})
    if text:
        where &= _holds(text)
    return Filters(text, client, agent, chosen, where)


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _holds(text: str) -> Q:
    """Words that were said or numbers that took part. Digits are compared without their spelling."""
    digits = "".join(letter for letter in text if letter.isdigit())
    said = Exists(Turn.objects.filter(call=OuterRef("pk"), text__icontains=text))
    if len(digits) >= 3 and not any(letter.isalpha() for letter in text):
        return Q(caller__contains=digits) | Q(called__contains=digits) | Q(said)
    return Q(caller__icontains=text) | Q(said)
