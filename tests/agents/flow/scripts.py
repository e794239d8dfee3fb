"""Flows for tests: a few words each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.content import read
from agents.flow.fields import Field
from agents.flow.outline import outline
from agents.flow.references import Around

Typed = list[tuple[str, str]]
BYE = {"id": "bye", "type": "end", "text": "Bye."}


def script(*nodes: dict[str, Any], **flow: Any) -> dict[str, Any]:
    """A draft that begins with the first of these steps; a goodbye called “bye” comes along."""
    return {"flow": {"greeting": "Hello.", "start": nodes[0]["id"] if nodes else "bye", "nodes": [*nodes, BYE], **flow}}


def told(document: object, around: Around | None = None) -> list[str]:
    """Everything that is wrong, hints with a mark."""
    return [f"{'' if problem.blocking else '(hint) '}{problem}" for problem in read(document, around).problems]


def branch(*cases: str, ident: str = "sort", goto: str = "bye", otherwise: str = "bye") -> dict[str, Any]:
    whens = [{"when": case, "goto": goto} for case in cases]
    return {"id": ident, "type": "branch", "cases": whens, "otherwise": otherwise}


def asks(*slots: dict[str, Any], ident: str = "ask", then: str = "bye") -> dict[str, Any]:
    return {"id": ident, "type": "collect", "slots": [{"ask": "And?", **slot} for slot in slots], "next": then}


def inputs(fields: Iterable[Field]) -> Typed:
    """What a browser sends for these fields."""
    found: Typed = []
    for field in fields:
        if field.widget == "rows":
            found += [pair for row in field.rows for pair in inputs(row.fields)]
        elif field.widget == "part":
            found += inputs(field.parts)
        elif field.widget == "ticks":
            found += [(f"{field.name}.{entry.value}", "on") for entry in field.entries if entry.chosen]
        elif field.widget == "switch":
            found += [(field.name, "on")] if field.on else []
        else:
            found.append((field.name, field.value))
    return found


def as_posted(document: dict[str, Any], opened: Iterable[int] | None = None) -> Typed:
    """What a browser sends for the outline of a draft; `opened` are the steps whose fields are on the page."""
    count = len(document["flow"]["nodes"])
    shown = outline(document, opened=list(range(count) if opened is None else opened))
    found = [("flow.is_open", "1"), ("flow.hours.closed", shown.closed)]
    found += [(f"flow.hours.{day.key}", day.hours) for day in shown.hours]
    for section in (*shown.before, *shown.after):
        found += inputs(section.fields)
    for step in shown.steps:
        if step.fields is not None:
            found += [(f"{step.path}.{name}", getattr(step, name)) for name in ("id", "type", "title")]
            found += inputs(step.fields)
    return found
