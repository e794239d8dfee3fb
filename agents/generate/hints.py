"""What a language model is told about flows: a schema and words, made from the declarations of the kinds and of nothing
else, so that a kind or a field that is declared tomorrow can be written tomorrow.

The schema is as the strict mode of model servers wants it: every field required, no bounds, no defaults, one `anyOf` for
the kinds. Fields that a writer of flows had better leave alone (clips, voices, turn taking, what is marked advanced) are
left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import BaseModel

from media_worker.contract.expressions.functions import FUNCTIONS
from media_worker.contract.flow import KINDS, Flow, Hours, Intent, Variable

_LEFT_OUT = frozenset({"clip", "turns", "bases"})
_KEPT = ("type", "anyOf", "items", "enum", "$ref")
_ALONE = frozenset({"tool", "knowledge", "handover"})
"""Kinds that need something of the agency's own: a tool, documents, another agent."""


@cache
def kinds(*, alone: bool = True) -> tuple[str, ...]:
    """The kinds that may be written; with `alone` those that need nothing set up besides."""
    return tuple(kind for kind in KINDS if not (alone and kind in _ALONE))


def node_schema(names: Iterable[str]) -> dict[str, Any]:
    """A step of any of these kinds."""
    return {"anyOf": [object_schema(KINDS[name]) for name in names]}


def object_schema(model: type[BaseModel], *fields: str) -> dict[str, Any]:
    """A model of the contract as strict schema: all its fields, or those named."""
    whole = model.model_json_schema()
    about = getattr(model, "about", None)
    made = _object(whole, whole.get("$defs", {}), fields)
    said = about.text if about is not None else str(whole.get("description", "")).split("\n")[0]
    return {**made, "description": said}


def _object(schema: dict[str, Any], defs: dict[str, Any], fields: tuple[str, ...] = ()) -> dict[str, Any]:
    properties = {
        name: _field(field, defs)
        for name, field in schema.get("properties", {}).items()
        if (name in fields if fields else _for_writers(name, field))
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _for_writers(name: str, field: dict[str, Any]) -> bool:
    shown = field.get("ui", {})
    if name == "type":
        return True
    tools = name == "tools"  # a model would invent them
    return not (tools or shown.get("advanced") or shown.get("widget") in _LEFT_OUT or field.get("format"))


def _field(field: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in field:
        target = defs[field["$ref"].rpartition("/")[2]]
        made = _object(target, defs) if target.get("type") == "object" else _field(target, defs)
    elif "const" in field:
        made = {"type": "string", "enum": [field["const"]]}
    else:
        made = {key: _inner(key, value, defs) for key, value in field.items() if key in _KEPT}
    said = ". ".join(part.rstrip(".") for part in (field.get("title", ""), field.get("description", "")) if part)
    return {**made, "description": said} if said and "const" not in field else made


def _inner(key: str, value: Any, defs: dict[str, Any]) -> Any:
    if key == "anyOf":
        return [_field({k: v for k, v in each.items() if k != "title"}, defs) for each in value]
    return _field({k: v for k, v in value.items() if k != "title"}, defs) if key == "items" else value


def guide(names: Iterable[str]) -> str:
    """The kinds and the language of expressions, in words."""
    told = [f"- {name}: {KINDS[name].about.text}. {' '.join((KINDS[name].__doc__ or '').split())}" for name in names]
    functions = ", ".join(f"{name}() {function.about}" for name, function in FUNCTIONS.items())
    return (
        "Kinds of steps:\n" + "\n".join(told) + "\n"
        "Expressions (in `when` of branches and questions, and in `value`): variables by name, == != < <= > >= in contains "
        f"matches, and or not ( ), + - * / %, texts in quotes, true false none, and functions: {functions}."
    )


def start_schema() -> dict[str, Any]:
    """What a flow begins with, and what holds at every step."""
    shown = object_schema(Flow, "greeting", "prompt", "goals", "start")["properties"]
    return {
        **shown,
        "variables": {"type": "array", "items": object_schema(Variable)},
        "openings": object_schema(Hours, "openings")["properties"]["openings"],
        "intents": {"type": "array", "items": object_schema(Intent)},
    }
