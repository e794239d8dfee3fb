"""Reading agents: the list with its figures, one agent as its pages need it, its versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from agents.content import whole
from agents.flow.differences import Change, differences
from agents.models import Agent, AgentVersion, ProviderAccount

State = Literal["published", "changed", "draft", "archived"]
DAYS = 7


@dataclass(frozen=True)
class Row:
    """An agent in the list. `calls` are the last seven days, the oldest first."""

    agent: Agent
    state: State
    numbers: Sequence[Any]
    calls: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.calls)

    @property
    def version(self) -> int | None:
        return self.agent.published.number if self.agent.published else None


@dataclass(frozen=True)
class Detail(Row):
    """An agent for programs: what keeps the draft from being published comes along."""

    problems: Sequence[str] = ()
    hints: Sequence[str] = ()


def agents(rows: QuerySet[Agent], *, client: Any = None, search: str = "", archived: bool = False) -> list[Row]:
    """`rows` are those the person may see."""
    rows = rows.filter(archived_at__isnull=not archived).select_related("client", "published")
    if client is not None:
        rows = rows.filter(client=client)
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(client__name__icontains=search))
    found = list(rows.prefetch_related("numbers").order_by("client__name", "name")[:500])
    calls = calls_by_day(found)
    return [Row(agent, state_of(agent), list(agent.numbers.all()), calls[agent.pk]) for agent in found]


def row(agent: Agent) -> Row:
    return Row(agent, state_of(agent), list(agent.numbers.all()), calls_by_day([agent])[agent.pk])


def state_of(agent: Agent) -> State:
    if agent.archived_at:
        return "archived"
    if agent.published is None:
        return "draft"
    content, draft = agent.published.content, agent.draft
    return "published" if content == draft or whole(content) == whole(draft) else "changed"


def calls_by_day(shown: Iterable[Agent]) -> dict[UUID, list[int]]:
    """Calls of the last seven days per agent, test calls left out."""
    keys = [agent.pk for agent in shown]
    today = timezone.localdate()
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    since = timezone.now() - timedelta(days=DAYS)
    counted = (
        Agent.objects.filter(pk__in=keys, calls__created_at__gte=since, calls__test=False)
        .annotate(day=TruncDate("calls__created_at"))
        .values_list("pk", "day")
        .annotate(number=Count("calls"))
    )
    by_day: dict[tuple[UUID, date], int] = {(pk, day): number for pk, day, number in counted}
    return {pk: [by_day.get((pk, day), 0) for day in days] for pk in keys}


def versions(agent: Agent) -> QuerySet[AgentVersion]:
    return agent.versions.select_related("published_by").order_by("-number")


@dataclass(frozen=True)
class VersionRow:
    """`split`: numbers of whose callers a share hears this version beside the published one."""

    version: AgentVersion
    state: Literal["live", "split", "archived"]
    split: Sequence[tuple[str, int]] = ()


def version_rows(agent: Agent, most: int = 200) -> list[VersionRow]:
    """Every version, the newest first, with who hears it now."""
    shares: dict[UUID, list[tuple[str, int]]] = {}
    for number in agent.numbers.all():
        if number.split_version_id and number.split_percent:
            shares.setdefault(number.split_version_id, []).append((number.number, number.split_percent))
    return [_version_row(agent, version, shares.get(version.pk, [])) for version in versions(agent)[:most]]


def _version_row(agent: Agent, version: AgentVersion, split: list[tuple[str, int]]) -> VersionRow:
    state: Literal["live", "split", "archived"] = "archived"
    if version.pk == agent.published_id:
        state = "live"
    elif split:
        state = "split"
    return VersionRow(version, state, split)


def content_of(agent: Agent, name: str) -> dict[str, object] | None:
    """A version by its number, or the “draft”; None when there is no such version."""
    if name == "draft":
        return agent.draft if isinstance(agent.draft, dict) else {}
    version = (
        agent.versions.filter(number=int(name)).first()
        if name.isascii() and name.isdigit() and len(name) < 10
        else None
    )
    return version.content if version is not None else None


def changes_since_published(agent: Agent) -> list[Change]:
    """What publishing would change for callers; everything is new when nothing was published."""
    return changes(agent.published.content if agent.published else {}, agent.draft)


def changes(before: object, after: object) -> list[Change]:
    """What differs between two drafts or versions, in words."""
    labels = {str(pk): label for pk, label in ProviderAccount.objects.values_list("pk", "label")}
    return differences(whole(before), whole(after), labels)


def spoken(text: str) -> str:
    """A line as people read it who build nothing: `{{name|there}}` is “there”, `{{name}}` is “…”."""
    return _HOLE.sub(lambda match: (match[1] or "").strip() or "…", text)


_HOLE = re.compile(r"\{\{[^{}|]{0,100}(?:\|([^{}]{0,300}))?\}\}")


def topics_of(document: Any) -> list[str]:
    """What callers can ask for, in words: for people who are no builders."""
    flow = document.get("flow", {}) if isinstance(document, dict) else {}
    found: list[str] = []
    for source in (flow, *(node for node in flow.get("nodes", ()))):
        for intent in source.get("intents", ()):
            name = str(intent.get("name", "")).replace("_", " ")
            if name and name not in found and name not in _SMALL_TALK:
                found.append(name)
    return found


_SMALL_TALK = frozenset({
    "goodbye", "thanks", "nothing else", "something else", "who are you", "go ahead", "busy", "who is this",
})  # fmt: skip
