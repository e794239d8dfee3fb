"""Declared fields with what a draft holds in them, ready for a form: names, values, choices, rows, problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agents.flow.declared import CHOICE_LABELS, Declared
from agents.flow.declared import fields as declared_fields
from agents.flow.problems import Problem, words

SHORT = frozenset({"line", "choice", "number", "variable", "node", "tool", "agent", "clip", "phone", "expression"})
"""Widgets that stand side by side."""
TICKED = ("tool", "bases")
LONGEST_SUMMARY = 160


@dataclass(frozen=True)
class Entry:
    """Something to choose."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Making:
    """What fields are made with: titles of steps by id, what may be named, problems by place. `many`: lists of steps
    hold their chosen entry only, and the page fills them when they are opened."""

    titles: Mapping[str, str]
    offers: Mapping[str, Sequence[Mapping[str, str]]]
    problems: Mapping[str, Sequence[Problem]]
    many: bool = False


@dataclass(frozen=True)
class Row:
    """`inline`: its few short fields stand in one line, else it unfolds."""

    path: str
    title: str
    summary: str
    leads_to: str
    word: str
    inline: bool
    fields: Sequence[Field]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Field:
    """`name`: of its input. `value`: as its input shows it. `own`: it says more than its default."""

    name: str
    declared: Declared
    value: str
    on: bool = False
    entries: Sequence[Entry] = ()
    rows: Sequence[Row] = ()
    parts: Sequence[Field] = ()
    problems: tuple[Problem, ...] = ()
    own: bool = False
    hidden: bool = False
    """It is for another kind of answer than the row has, and holds nothing."""

    @property
    def widget(self) -> str:
        declared = self.declared
        if declared.model is not None:
            return "rows" if declared.many else "part"
        if declared.many and declared.widget in TICKED:
            return "ticks"
        return "switch" if declared.plain == "bool" and not declared.optional else declared.widget or "line"

    @property
    def short(self) -> bool:
        return self.widget in SHORT

    @property
    def lines(self) -> int:
        """The height of a text's input."""
        return min(12, max({"prompt": 4, "lines": 3}.get(self.widget, 2), self.value.count("\n") + 1))

    @property
    def optional(self) -> bool:
        """Whether a form says that nothing needs to stand here."""
        return not self.declared.required and self.declared.default == "" and not self.declared.about


def fields_of(
    source: Mapping[str, Any],
    model: type[BaseModel],
    path: str,
    making: Making,
    names: Iterable[str] | None = None,
) -> list[Field]:
    """The fields of a node, a row or the start, but its name as a step, which the form shows itself."""
    declared = declared_fields(model)
    return [
        _field(source, declared[name], f"{path}.{name}", making)
        for name in (declared if names is None else names)
        if name != "id"
    ]


def _field(source: Mapping[str, Any], declared: Declared, name: str, making: Making) -> Field:
    held = source.get(declared.name, declared.default)
    hidden = bool(declared.only) and not held and source.get("type") != declared.only
    own = declared.name in source and source[declared.name] not in (None, "", [], (), declared.default)
    told = tuple(p for p in making.problems.get(name, ()))
    if declared.model is not None:
        if declared.many:
            rows = held if isinstance(held, list | tuple) else ()
            made = [_row(row, declared, f"{name}.{n}", making) for n, row in enumerate(rows)]
            here = tuple(p for p in told if p.anchor == name)
            return Field(name, declared, "", rows=made, problems=here, own=bool(made))
        inner = held if isinstance(held, Mapping) else {}
        parts = fields_of(inner, declared.model, name, making)
        return Field(name, declared, "", parts=parts, own=any(part.own for part in parts))
    if declared.many and declared.widget in TICKED:
        chosen = [str(one) for one in held] if isinstance(held, list | tuple) else []
        entries = _entries(declared, chosen, making)
        return Field(name, declared, "", entries=entries, problems=told, own=bool(chosen))
    value = _value(declared, held)
    on = held is True if declared.default is not True else held is not False
    return Field(name, declared, value, on, _entries(declared, [value], making), (), (), told, own, hidden)


def _value(declared: Declared, held: Any) -> str:
    if declared.plain == "bool":
        return "" if held is None else "no" if held is False else "yes"
    if isinstance(held, list | tuple):
        return "\n".join(text_of(one) for one in held)
    if isinstance(held, float):
        return f"{held:g}"
    return words(text_of(held)) if declared.named and declared.widget == "line" else text_of(held)


def _entries(declared: Declared, chosen: Sequence[str], making: Making) -> list[Entry]:
    """What there is to choose, and what is chosen though it is not there (any more)."""
    if declared.widget == "node":
        offered = {i: t for i, t in making.titles.items() if not making.many or i in chosen}
    elif declared.choices and declared.widget != "switch":
        offered = dict(declared.choices)
    elif declared.widget in making.offers and declared.widget != "variable":
        offered = {one["value"]: one.get("text") or words(one["value"]) for one in making.offers[declared.widget]}
    elif declared.widget in ("tool", "bases", "agent", "clip"):
        offered = {}
    else:
        return []
    gone = {one: f"{words(one)} (does not exist)" for one in chosen if one and one not in offered}
    return [Entry(value, label, value in chosen) for value, label in {**offered, **gone}.items()]


def _row(row: object, declared: Declared, path: str, making: Making) -> Row:
    assert declared.model is not None
    held = row if isinstance(row, Mapping) else {}
    made = fields_of(held, declared.model, path, making)
    inner = declared_fields(declared.model)
    name = text_of(held.get("name"))
    goto = next((text_of(held.get(key)) for key, one in inner.items() if one.widget == "node"), "")
    number = int(path.rsplit(".", 1)[1]) + 1
    heading = words(name) if name else f"{declared.row} {number}"
    return Row(
        path=path,
        title=heading[:1].upper() + heading[1:],
        summary=_summary(held, inner),
        leads_to=making.titles.get(goto, goto),
        word=declared.row,
        inline=len(made) <= 3 and all(field.short or field.widget == "line" for field in made),
        fields=made,
        problems=tuple(making.problems.get(path, ())),
    )


def _summary(row: Mapping[str, Any], inner: Mapping[str, Declared]) -> str:
    for name, declared in inner.items():
        if declared.widget in ("prose", "expression", "tool") and row.get(name):
            return text_of(row[name])[:LONGEST_SUMMARY]
    said = [text_of(row.get(name)) for name, one in inner.items() if one.widget == "line" and name != "name"]
    kind = CHOICE_LABELS.get(text_of(row.get("type")), "") if "type" in inner else ""
    return ", ".join(part for part in (kind, *said) if part)[:LONGEST_SUMMARY]


def text_of(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(text_of(one) for one in value)
    return "" if value is None else str(value)
