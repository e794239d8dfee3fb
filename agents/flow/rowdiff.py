"""What changed between two rows, or lists of rows, of a flow: by name where rows have one, else by what they say."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from agents.flow.declared import CHOICE_LABELS, Declared, fields
from agents.flow.problems import words
from agents.flow.wording import Line, compared, plain
from media_worker.contract.flow import Opening

What = Literal["added", "removed", "changed", "renamed"]
Side = Literal["gone", "new"]
LONGEST_SHOWN = 600
MOST_LINES = 60


@dataclass(frozen=True)
class Difference:
    """One field, or one row, that differs. `field`: its place within the step, in words."""

    field: str
    what: What
    lines: tuple[Line, ...]


def of_fields(
    before: Mapping[str, Any], after: Mapping[str, Any], model: type[BaseModel], place: str = ""
) -> Iterator[Difference]:
    """The declared fields of one node, row, or the start. What is written nowhere counts as its default."""
    for name, declared in fields(model).items():
        if name not in ("id", "name"):
            yield from of_field(before, after, declared, place)


def of_field(
    before: Mapping[str, Any], after: Mapping[str, Any], declared: Declared, place: str = ""
) -> Iterator[Difference]:
    old, new = _held(before, declared), _held(after, declared)
    if old == new:
        return
    here = f"{place}, {declared.title[:1].lower()}{declared.title[1:]}" if place else declared.title
    if declared.model is not None and declared.many:
        yield from _of_rows(_rows(old), _rows(new), declared, place)
    elif declared.model is not None:
        yield from of_fields(_mapping(old), _mapping(new), declared.model, here)
    else:
        first, second = said(declared, old), said(declared, new)
        if first != second:
            what: What = "added" if not first else "removed" if not second else "changed"
            yield Difference(here, what, compared(first, second))


def _of_rows(old: Sequence[Any], new: Sequence[Any], declared: Declared, place: str) -> Iterator[Difference]:
    named = "name" in fields(declared.model) if declared.model else False
    yield from (_by_name if named else _by_content)(old, new, declared, place)


def _by_name(old: Sequence[Any], new: Sequence[Any], declared: Declared, place: str) -> Iterator[Difference]:
    assert declared.model is not None
    first, second = _named(old), _named(new)
    for name, row in second.items():
        here = _within(place, f"{declared.row} “{words(name)}”")
        if name not in first:
            yield Difference(here, "added", whole_row(row, declared.model, "new"))
        elif first[name] != row:
            yield from of_fields(first[name], row, declared.model, here)
    for name, row in first.items():
        if name not in second:
            here = _within(place, f"{declared.row} “{words(name)}”")
            yield Difference(here, "removed", whole_row(row, declared.model, "gone"))
    shared = [name for name in first if name in second]
    order = [name for name in second if name in first]
    if shared != order and not declared.said_by_name:
        told = compared(", ".join(map(words, shared)), ", ".join(map(words, order)))
        yield Difference(_within(place, f"order of {declared.title.lower()}"), "changed", told)


def _by_content(old: Sequence[Any], new: Sequence[Any], declared: Declared, place: str) -> Iterator[Difference]:
    """Rows without a name are what they say: “if guests > 4 → Big table”."""
    assert declared.model is not None
    model = declared.model
    first = [sentence(_mapping(row), model) for row in old]
    second = [sentence(_mapping(row), model) for row in new]
    for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        pairs = min(i2 - i1, j2 - j1)
        for number in range(pairs):
            here = _within(place, f"{declared.row} {j1 + number + 1}")
            yield Difference(here, "changed", compared(first[i1 + number], second[j1 + number]))
        for number in range(j1 + pairs, j2):
            here = _within(place, f"{declared.row} {number + 1}")
            yield Difference(here, "added", whole_row(_mapping(new[number]), model, "new"))
        for number in range(i1 + pairs, i2):
            here = _within(place, f"{declared.row} {number + 1}")
            yield Difference(here, "removed", whole_row(_mapping(old[number]), model, "gone"))


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


def whole_row(row: Mapping[str, Any], model: type[BaseModel], side: Side) -> tuple[Line, ...]:
    """Everything a row or a step says beyond its defaults, line by line."""
    return tuple(plain(side, text) for text in _told(row, model))[:MOST_LINES]


def _told(row: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    if "name" not in fields(model) and "id" not in fields(model):
        yield sentence(row, model)
        return
    for name, declared in fields(model).items():
        value = _held(row, declared)
        if name in ("id", "name") or value == _plain(declared.default):
            continue
        if declared.model is not None and declared.many:
            for number, inner in enumerate(_rows(value), start=1):
                label = f"“{words(inner['name'])}”" if isinstance(inner, Mapping) and inner.get("name") else f"{number}"
                parts = "; ".join(_told(_mapping(inner), declared.model))
                yield f"{declared.row} {label}: {parts}".removesuffix(": ")
        elif declared.model is not None:
            parts = "; ".join(_told_part(_mapping(value), declared.model))
            if parts:
                yield f"{declared.title}: {parts}"
        elif shown := said(declared, value):
            short = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]} …"
            yield f"{declared.title}: {' / '.join(short.splitlines())}"


def _told_part(part: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    for declared in fields(model).values():
        value = _held(part, declared)
        if value == _plain(declared.default):
            continue
        if declared.model is not None and declared.many:
            row_model = declared.model
            yield ", ".join(sentence(_mapping(row), row_model) for row in _rows(value))
        elif shown := said(declared, value):
            yield f"{declared.title}: {', '.join(shown.splitlines())}"


def sentence(row: Mapping[str, Any], model: type[BaseModel]) -> str:
    """A row without a name, in one line: “if open() → Front desk”."""
    if model is Opening:
        day = CHOICE_LABELS.get(str(row.get("day")), str(row.get("day")))
        return f"{day} {row.get('begin')} to {row.get('end')}"
    parts: list[str] = []
    for declared in fields(model).values():
        value = _held(row, declared)
        if declared.model is not None:
            parts += _told(row, model) if "name" in fields(model) else [_compact(value)] if value else []
        elif shown := said(declared, value):
            before = {"expression": "if ", "node": "→ "}.get(declared.widget, "")
            parts.append(before + " ".join(shown.split()))
    return " ".join(parts)


def _compact(value: Any) -> str:
    rows = [f"{row.get('name', '')} = {row.get('value', '')}" for row in _rows(value) if isinstance(row, Mapping)]
    return f"({', '.join(rows)})" if rows else ""


def said(declared: Declared, value: Any) -> str:
    """A value as people read it; a list one entry a line."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "\n".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)[:LONGEST_SHOWN]
    if declared.widget == "node":
        return titled(value)
    if declared.choices:
        return CHOICE_LABELS.get(str(value), str(value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def titled(node_id: object) -> str:
    shown = words(node_id)
    return shown[:1].upper() + shown[1:]


# ── tolerant of any document ─────────────────────────────────────────────────────────────────────


def _held(source: Mapping[str, Any], declared: Declared) -> Any:
    return source[declared.name] if declared.name in source else _plain(declared.default)


def _plain(default: Any) -> Any:
    """A default as JSON holds it."""
    if isinstance(default, BaseModel):
        return default.model_dump(mode="json")
    if isinstance(default, tuple):
        return [_plain(item) for item in default]
    return default


def _named(rows: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """Rows by name; the second of one name is called so."""
    found: dict[str, Mapping[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        name = str(_mapping(row).get("name") or number)
        found[name if name not in found else f"{name} ({number})"] = _mapping(row)
    return found


def _within(place: str, row: str) -> str:
    return f"{place}, {row}" if place else row[:1].upper() + row[1:]


def _rows(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
