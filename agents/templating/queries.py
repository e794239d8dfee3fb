"""Reading templates: the list, one with its instances, how far behind each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from agents.errors import NotPublishable
from agents.flow.differences import differences
from agents.models import Agent, RollOut, RollOutItem, Template, TemplateVersion
from agents.templating import documents
from agents.templating.clashes import place
from agents.templating.holes import HOLE, filled, texts_of
from agents.templating.merge import Clash
from agents.templating.parameters import fill_in
from agents.templating.places import is_free_text
from voiceops.lib.errors import InvalidInput


@dataclass(frozen=True)
class Row:
    """A template in the list. `behind`: instances whose callers hear an older version."""

    template: Template
    instances: int
    behind: int

    @property
    def behind_words(self) -> str:
        return f"{self.behind} of {self.instances} behind"


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


def whole_templates() -> QuerySet[Template]:
    return Template.objects.select_related("latest", "master__client", "created_by")


def masters_for(template: Template) -> QuerySet[Agent]:
    """Agents that may become its master, and the one that is."""
    rows = Agent.objects.filter(archived_at=None).exclude(template=template)
    return (
        (rows | Agent.objects.filter(pk=template.master_id)).select_related("client").order_by("client__name", "name")
    )


def versions(template: Template) -> QuerySet[TemplateVersion]:
    return template.versions.select_related("published_by").order_by("-number")


def whole_roll_outs() -> QuerySet[RollOut]:
    return RollOut.objects.select_related("version__template", "created_by")


def roll_outs(template: Template) -> QuerySet[RollOut]:
    return whole_roll_outs().filter(version__template=template).prefetch_related("items").order_by("-created_at")


def master_changed(template: Template) -> bool:
    """Whether the master says something that no version has yet."""
    return bool(template.latest) and template.latest.content != _next(template)[0]  # type: ignore[union-attr]


def _next(template: Template) -> tuple[dict[str, Any], str]:
    """The master's draft as a template would be now, and what keeps it from being one."""
    latest = template.latest
    declared = documents.parameters_of(latest) if latest else ()
    try:
        return documents.hollow(template.master.draft, declared), ""
    except (NotPublishable, InvalidInput) as error:
        return (latest.content if latest else {}), error.sentence


def next_version(template: Template) -> dict[str, Any]:
    """What the page needs that publishes: what is new, and what stands in the way."""
    content, refused = _next(template)
    before = template.latest.content if template.latest else {}
    return {
        "changes": differences(_shape(before), _shape(content)),
        "refused": refused,
        "next_number": (template.latest.number if template.latest else 0) + 1,
    }


def version_page(template: Template, number: int) -> dict[str, Any]:
    found = {one.number: one for one in versions(template).filter(number__in=(number, number - 1))}
    if number not in found:
        raise Http404("There is no such version.")
    before = found[number - 1].content if number - 1 in found else None
    return {
        "version": found[number],
        "parameters": documents.parameters_of(found[number]),
        "changes": differences(_shape(before), _shape(found[number].content)) if before is not None else [],
        "first": before is None,
    }


def _shape(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("layout", "origin")}


def progress(roll_out: RollOut) -> dict[str, Any]:
    items = list(roll_out.items.select_related("agent__client", "before_version", "after_version"))
    counts = Counter(item.state for item in items)
    return {
        "items": items,
        "counts": [(state, label, counts[state]) for state, label in RollOutItem.State.choices if counts[state]],
        "waiting": counts[RollOutItem.State.WAITING],
        "can_go_back": counts[RollOutItem.State.DONE],
    }


@dataclass(frozen=True)
class Spoken:
    """A text of the template as an instance says it. `place` in words."""

    place: str
    text: str


MOST_SPOKEN = 12


@dataclass(frozen=True)
class SpokenPreview:
    """`lines` are the texts that hold a parameter, filled as far as values are right; `problems` what is not."""

    lines: list[Spoken]
    more: int
    problems: list[str]


def spoken_with(version: TemplateVersion | None, given: Mapping[str, object]) -> SpokenPreview:
    """What an instance would say with these values. A value that is wrong or missing is shown as its label."""
    if version is None:
        return SpokenPreview([], 0, [])
    parameters = documents.parameters_of(version)
    found = fill_in(parameters, given)
    values = dict(found.values)
    values |= {one.name: f"({one.label})" for one in parameters if one.name in found.problems}
    shown = tuple(one.model_copy(update={"kind": "text"}) if one.name in found.problems else one for one in parameters)
    try:
        made = filled({**version.content, "flow": {**version.content["flow"], "hours": {}}}, shown, values)
    except InvalidInput as error:
        return SpokenPreview([], 0, [error.sentence])
    texts = dict(texts_of(made))
    lines = [Spoken(_place(made, path), texts[path]) for path in _with_holes(version.content) if path in texts]
    typed = [sentence for name, sentence in found.problems.items() if str(given.get(name, "")).strip()]
    return SpokenPreview(lines[:MOST_SPOKEN], max(0, len(lines) - MOST_SPOKEN), typed)


def _with_holes(content: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    found = [path for path, text in texts_of(content) if HOLE.search(text) and is_free_text(path)]
    yield from sorted(found, key=lambda path: (path != ("flow", "greeting"), path == ("flow", "prompt")))


def _place(document: Any, path: tuple[str | int, ...]) -> str:
    """The place in words, as the comparison of versions says it."""
    named: list[str] = []
    here, kind = document, ""
    for part in path:
        here = here[part]
        if isinstance(part, str):
            named.append(part)
        elif isinstance(here, dict):
            named.append(str(here.get("id") or here.get("name") or part))
            kind = kind or str(here.get("type", ""))
    return place(Clash(tuple(named), None, "…", None, kind))
