"""Flows for tests: a few words each."""

from __future__ import annotations

from typing import Any

from agents.content import read
from agents.flow.references import Around

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
