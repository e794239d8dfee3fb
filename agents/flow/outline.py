"""A draft's flow as the outline shows it: sections of the start, then steps. Made from the declared fields, so that a new
one appears by its declaration alone. Tolerant: a draft that makes no sense yet is shown as far as it goes.

A path names a field as the form does (`flow.nodes.2.slots.0.ask`); `agents.flow.form` reads the form back. A step comes
with its fields only when it is asked for: two hundred open forms are a slow page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from agents.flow import week
from agents.flow.declared import Declared, fields, kind_of, within
from agents.flow.fields import Field, Making, fields_of, text_of
from agents.flow.problems import Problem, words
from media_worker.contract.flow import KINDS, Flow
from media_worker.contract.flow.base import About

MANY_STEPS = 30
LONGEST_SUMMARY = 160
LONGEST_SEARCHED = 1_500
UNKNOWN = About("Unknown", "circle-help", "", "Do")
Offers = Mapping[str, Sequence[Mapping[str, str]]]
"""What fields may name (tools, bases, agents, clips, variables), by the widget: entries with `value` and `text`."""


@dataclass(frozen=True)
class Section:
    """A part of the start. The one without a title holds the fields that nobody put elsewhere."""

    key: str
    title: str
    about: str
    fields: Sequence[Field]


@dataclass(frozen=True)
class Step:
    """`fields` is None where the page asks for them when the step is opened. `searched`: its words, for the search."""

    path: str
    number: int
    id: str
    title: str
    type: str
    about: About
    summary: str
    leads_to: str
    searched: str
    problems: tuple[Problem, ...]
    own_problems: tuple[Problem, ...]
    fields: Sequence[Field] | None = None


@dataclass(frozen=True)
class Outline:
    before: Sequence[Section]
    steps: Sequence[Step]
    after: Sequence[Section]
    hours: Sequence[week.Day]
    closed: str
    targets: Sequence[tuple[str, str]]
    variables: Sequence[str]
    many: bool


_BEFORE = (
    ("opening", "Opening", "", ("greeting", "start")),
    (
        "intents",
        "Topics anywhere in the call",
        "What callers may bring up at any moment. The question that was open is asked again afterwards.",
        ("intents",),
    ),
)
_AFTER = (
    (
        "model",
        "For a language model",
        "The built-in mind follows the topics and questions above; a language model reads this as well.",
        ("prompt", "goals"),
    ),
    ("known", "What a call brings along", "Known from the first word on, for texts, rules and tools.", None),
)
_HOURS = "hours"


def outline(
    document: object, problems: Iterable[Problem] = (), *, opened: Collection[int] = (), offers: Offers | None = None
) -> Outline:
    """`opened`: the steps that come with their fields, by their number."""
    flow = _mapping(_mapping(document).get("flow"))
    nodes = [_mapping(node) for node in _sequence(flow.get("nodes"))]
    targets = [(str(node.get("id", "")), title(node.get("id", ""))) for node in nodes]
    told = tuple(problems)
    making = Making(dict(targets), offers or {}, _by_place(told), many=len(targets) > MANY_STEPS)
    return Outline(
        before=_sections(flow, _BEFORE, making),
        steps=[_step(node, number, making, with_fields=number in opened) for number, node in enumerate(nodes)],
        after=_sections(flow, _AFTER, making),
        hours=week.days(flow.get(_HOURS), [p for p in told if p.path[:2] == ("flow", _HOURS)]),
        closed=week.closed(flow.get(_HOURS)),
        targets=targets,
        variables=_variables(flow, nodes, offers or {}),
        many=making.many,
    )


def title(node_id: object) -> str:
    said = words(node_id)
    return said[:1].upper() + said[1:]


@cache
def kinds_by_group() -> list[tuple[str, list[tuple[str, About]]]]:
    """The kinds of steps for a menu: each group with its kinds, in the order of their declaration."""
    groups: dict[str, list[tuple[str, About]]] = {}
    for name, kind in KINDS.items():
        groups.setdefault(kind.about.group, []).append((name, kind.about))
    return list(groups.items())


def _sections(flow: Mapping[str, Any], wanted: Any, making: Making) -> list[Section]:
    placed = {name for _, _, _, names in (*_BEFORE, *_AFTER) for name in names or ()} | {_HOURS}
    found = []
    for key, heading, about, names in wanted:
        held = [name for name in fields(Flow) if (name in names if names else name not in placed)]
        found.append(Section(key, heading, about, fields_of(flow, Flow, "flow", making, held)))
    return found


def _step(node: Mapping[str, Any], number: int, making: Making, *, with_fields: bool) -> Step:
    path, kind = f"flow.nodes.{number}", kind_of(node)
    inner = list(within(node, kind, ())) if kind else []
    leads = [str(one.value) for one in inner if one.field.widget == "node" and one.value]
    texts = [text_of(one.value) for one in inner if one.field.model is None and one.value and one.field.plain == "text"]
    told = tuple(making.problems.get(path, ()))
    return Step(
        path=path,
        number=number,
        id=text_of(node.get("id")),
        title=title(node.get("id", "")),
        type=text_of(node.get("type")),
        about=kind.about if kind else UNKNOWN,
        summary=_summary(node, fields(kind)) if kind else "",
        leads_to=", ".join(dict.fromkeys(making.titles.get(target, target) for target in leads)),
        searched=" ".join(" ".join(texts).lower().split())[:LONGEST_SEARCHED],
        problems=told,
        own_problems=tuple(p for p in told if not _of_a_field(p, kind)),
        fields=(fields_of(node, kind, path, making) if kind else ()) if with_fields else None,
    )


def _of_a_field(problem: Problem, kind: Any) -> bool:
    """Whether a field of the step shows the problem itself."""
    return bool(kind) and len(problem.path) > 3 and problem.path[3] in fields(kind) and problem.path[3] != "id"


def _summary(node: Mapping[str, Any], declared: Mapping[str, Declared]) -> str:
    """What a step is about, in a line: its first words, or how many rows it has."""
    for name, one in declared.items():
        held = node.get(name)
        if one.model is not None and one.many and isinstance(held, list | tuple) and held:
            many = f"{len(held)} {one.title.lower()}" if len(held) > 1 else f"1 {one.row}"
            first = _mapping(held[0])
            said = next((text_of(first[key]) for key in ("ask", "when", "name") if first.get(key)), "")
            return f"{many}: {words(said)}"[:LONGEST_SUMMARY]
        if one.widget in ("prose", "prompt", "tool", "phone", "agent", "line") and name != "id" and held:
            return text_of(held)[:LONGEST_SUMMARY]
    return ""


def _variables(flow: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]], offers: Offers) -> list[str]:
    """Names to choose from while typing."""
    found = {entry["value"]: None for entry in offers.get("variable", ())}
    places = [*within(flow, Flow, ())]
    for node in nodes:
        kind = kind_of(node)
        places += within(node, kind, ()) if kind else ()
    found |= {str(one.value): None for one in places if one.field.widget == "variable" and one.value}
    return list(found)[:300]


def _by_place(problems: Iterable[Problem]) -> Mapping[str, Sequence[Problem]]:
    """Every problem under each of the places it lies in, so that a row finds its own at once."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        for length in range(1, len(problem.path) + 1):
            found.setdefault(".".join(map(str, problem.path[:length])), []).append(problem)
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
