"""Rows of the calls list: two queries a page, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.http import QueryDict

from agents.models import Agent
from calls.models import Call
from calls.queries.cursor import page
from calls.queries.filters import CHIPS, Filters
from tenants import access
from tenants.people.models import User

PAGE = 50
COLUMNS = (
    "id",
    "client__name",
    "agent__name",
    "direction",
    "caller",
    "called",
    "status",
    "ended_by",
    "ended_reason",
    "fault",
    "outcome",
    "test",
    "created_at",
    "answered_at",
    "ended_at",
    "gap_p95_ms",
)


def visible_calls(person: User, filters: Filters) -> QuerySet[Call]:
    """Bare rows: for counting."""
    return access.visible(person, Call.objects.all()).filter(filters.where)


def rows(person: User, filters: Filters) -> QuerySet[Call]:
    """With `recording_status` (None when there is none), and without a recording's peaks."""
    return (
        visible_calls(person, filters)
        .select_related("client", "agent")
        .annotate(recording_status=F("recording__status"))
        .only(*COLUMNS)
    )


def whole_rows(person: User, filters: Filters) -> QuerySet[Call]:
    """Every column, for the API."""
    return (
        visible_calls(person, filters)
        .select_related("client", "agent")
        .defer("data")
        .annotate(recording_status=F("recording__status"))
    )


def call_page(person: User, filters: Filters, cursor: str = "", size: int = PAGE) -> tuple[list[Call], str]:
    return page(rows(person, filters), cursor, size)


@dataclass(frozen=True)
class ShownChip:
    """A chip as the page draws it. `chosen` is the word of what is chosen, empty when nothing is; URLs are queries."""

    name: str
    word: str
    chosen: str
    without: str
    choices: tuple[tuple[str, str], ...]


def chips(filters: Filters, query: QueryDict, internals: bool) -> list[ShownChip]:
    """The chips this person may use."""
    return [
        ShownChip(
            chip.name,
            chip.word,
            next((choice.word for choice in chip.choices if choice.value == filters.chosen.get(chip.name)), ""),
            changed(query, chip.name, ""),
            tuple(
                (choice.word, changed(query, chip.name, choice.value))
                for choice in chip.choices
                if internals or not choice.internal
            ),
        )
        for chip in CHIPS
        if internals or not chip.internal
    ]


def changed(query: QueryDict, name: str, value: str) -> str:
    """The page's own query with one filter changed, from its first page on."""
    parameters = query.copy()
    parameters.pop("cursor", None)
    parameters.pop(name, None)
    if value:
        parameters[name] = value
    return "?" + parameters.urlencode()


def agent_choices(person: User, filters: Filters) -> list[Agent]:
    """Agents that can be filtered by; those of one client when the list is about one."""
    agents = access.visible(person, Agent.objects.all())
    if filters.client is not None:
        agents = agents.filter(client=filters.client)
    return list(agents.only("id", "name").order_by("name")[:100])
