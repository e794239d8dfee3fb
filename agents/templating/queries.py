"""Reading templates: the list, one with its instances, how far behind each is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import Template


@dataclass(frozen=True)
class Row:
    """A template in the list. `behind`: instances whose callers hear an older version."""

    template: Template
    instances: int
    behind: int


def templates(rows: QuerySet[Template], *, archived: bool = False) -> list[Row]:
    """`rows` are those the person may see."""
    rows = rows.filter(archived_at__isnull=not archived).select_related("latest", "master__client")
    found = list(rows.prefetch_related("instances__published").order_by("name")[:500])
    return [_row(template) for template in found]


def _row(template: Template) -> Row:
    instances = [agent for agent in template.instances.all() if agent.archived_at is None]
    latest = template.latest.number if template.latest else 0
    heard = [number_of(agent.published.content if agent.published else agent.draft) for agent in instances]
    return Row(template, len(instances), sum(1 for number in heard if number < latest))


def number_of(document: object) -> int:
    """The number of the template version that a document rests on; 0 for one that rests on none."""
    origin = document.get("origin") if isinstance(document, dict) else None
    number = origin.get("number") if isinstance(origin, dict) else None
    return number if isinstance(number, int) else 0
