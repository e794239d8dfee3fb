"""Which fields of a document are words, and which are expressions: read from the declarations of the flow.

A name, an id or a choice of the house is no text: “Bright” in a greeting may differ from client to client, the step
`bright` may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from media_worker.contract.flow import Flow
from media_worker.contract.spec import Fallbacks, Limits

Path = tuple[str | int, ...]
_REFERENCES = frozenset({"tool", "clip", "agent", "node", "variable", "bases", "expression"})
_ROOTS = ("flow", "fallbacks", "limits")


def is_expression(path: Path) -> bool:
    """Whether the text at this place is an expression: the rule of a branch, the value of a variable."""
    if len(path) < 2 or path[0] != "flow" or not isinstance(path[-1], str):
        return False
    row = path[-3] if isinstance(path[-2], int) and len(path) > 2 else path[-2]
    return (row, path[-1]) in _expressions()


def is_free_text(path: Path) -> bool:
    """Whether the text at this place is words, which callers hear or a model reads."""
    if not path or path[0] not in _ROOTS:
        return False
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    return named in _free()


@cache
def _definitions() -> tuple[dict[str, Any], ...]:
    """The JSON schema of every model that a document of this kind is made of."""
    found: list[dict[str, Any]] = []
    for model in (Flow, Fallbacks, Limits):
        schema = model.model_json_schema()
        found += [schema, *schema.get("$defs", {}).values()]
    return tuple(found)


@cache
def _free() -> frozenset[str]:
    return frozenset(
        name
        for definition in _definitions()
        for name, field in definition.get("properties", {}).items()
        if field.get("ui", {}).get("widget") not in _REFERENCES and any(_is_words(kind) for kind in _kinds(field))
    )


def _kinds(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The field itself, what it may be instead, and what a list of it holds."""
    yield field
    for other in (*field.get("anyOf", ()), *field.get("prefixItems", ()), field.get("items")):
        if isinstance(other, dict):
            yield from _kinds(other)


def _is_words(kind: dict[str, Any]) -> bool:
    return kind.get("type") == "string" and not any(key in kind for key in ("pattern", "enum", "const", "format"))


@cache
def _expressions() -> frozenset[tuple[str, str]]:
    """(list, field) of every expression: (cases, when), (values, value), …"""
    schema = Flow.model_json_schema()
    models = {"": schema} | {f"#/$defs/{name}": one for name, one in schema.get("$defs", {}).items()}
    found = set()
    for model in models.values():
        for row, field in model.get("properties", {}).items():
            for reference in _references(field):
                for name, inner in models[reference].get("properties", {}).items():
                    if inner.get("ui", {}).get("widget") == "expression":
                        found.add((row, name))
    return frozenset(found)


def _references(field: Any) -> Iterator[str]:
    if isinstance(field, dict):
        if isinstance(field.get("$ref"), str):
            yield field["$ref"]
        for value in field.values():
            yield from _references(value)
    elif isinstance(field, list):
        for value in field:
            yield from _references(value)
