"""A pydantic model as fields of a form: names, words, widgets, bounds, and what a new row begins with.

Read off the model's JSON schema, so that a field is described where it is declared and nowhere else. Fields without a
hint get the widget their type asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from agents.flow.problems import words

Field = dict[str, Any]
_BOUNDS = {
    "maxLength": "longest",
    "maxItems": "most",
    "minItems": "least",
    "minimum": "lowest",
    "maximum": "highest",
    "pattern": "pattern",
}


def fields_of(model: type[BaseModel], labels: Mapping[str, str], *, leave: tuple[str, ...] = ()) -> list[Field]:
    """The fields in the order of their declaration, without those in `leave`. `labels` names entries of choices."""
    schema = model.model_json_schema()
    return list(_Reader(schema.get("$defs", {}), labels).fields(schema, leave))


class _Reader:
    def __init__(self, parts: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        self.parts, self.labels = parts, labels

    def fields(self, schema: Mapping[str, Any], leave: tuple[str, ...] = ()) -> Iterator[Field]:
        needed = set(schema.get("required", ()))
        for name, declared in schema.get("properties", {}).items():
            if name not in leave:
                yield self.field(name, declared, name in needed)

    def field(self, name: str, declared: Mapping[str, Any], needed: bool) -> Field:
        said, optional = self._plain(declared)
        hint = declared.get("ui", {})
        field: Field = {
            "name": name,
            "title": declared.get("title") or words(name).capitalize(),
            "widget": hint.get("widget") or _widget(said),
            "needed": needed,
        }
        if not hint.get("widget") and said.get("title") and "$ref" in str(declared):
            field["title"] = declared.get("title") or said["title"]
        for key in ("template", "advanced", "rows"):
            if hint.get(key):
                field[key] = hint[key]
        if text := declared.get("description"):
            field["help"] = text
        if optional:
            field["optional"] = True
        field |= {ours: said[theirs] for theirs, ours in _BOUNDS.items() if theirs in said}
        field["type"] = said.get("type", "string")
        if choices := self._choices(said, optional):
            field["choices"] = choices
        inner, _ = self._plain(said.get("items", {}))
        if said.get("type") == "object":
            field["fields"] = list(self.fields(said))
        elif inner.get("type") == "object":
            field["fields"] = list(self.fields(inner))
        field["fresh"] = self._fresh(declared, said, needed=needed, optional=optional)
        return field

    def _plain(self, declared: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The schema behind references and “or null”, and whether null is allowed."""
        said, optional = dict(declared), False
        if "anyOf" in said:
            ways = [way for way in said["anyOf"] if way.get("type") != "null"]
            optional = len(ways) < len(said["anyOf"])
            said |= ways[0] if ways else {}
        if "$ref" in said:
            part = self.parts[said["$ref"].rsplit("/", 1)[-1]]
            said = {**part, **{key: value for key, value in said.items() if key in ("default", "ui")}}
        return said, optional

    def _choices(self, said: Mapping[str, Any], optional: bool) -> list[list[Any]]:
        if said.get("type") == "boolean" and optional:
            return [[None, "As the agent"], [True, "Yes"], [False, "No"]]
        found = [[value, self.labels.get(str(value), words(value).capitalize())] for value in said.get("enum", ())]
        return [[None, "As the agent"], *found] if optional and found else found

    def _fresh(self, declared: Mapping[str, Any], said: Mapping[str, Any], *, needed: bool, optional: bool) -> Any:
        """What the field holds in a step, or a row, that was added just now."""
        if "default" in declared:
            return declared["default"]
        kind = said.get("type")
        if kind == "array":
            inner, _ = self._plain(said.get("items", {}))
            begin = said.get("minItems", 0) if inner.get("type") == "object" else 0
            return [self.row(inner) for _ in range(begin)]
        if kind == "object":
            return self.row(said)
        if optional or not needed:
            return None
        return said["enum"][0] if "enum" in said else {"boolean": False, "number": 0, "integer": 0}.get(str(kind), "")

    def row(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {field["name"]: field["fresh"] for field in self.fields(schema)}


def _widget(said: Mapping[str, Any]) -> str:
    """For a field that says nothing about its widget."""
    if "enum" in said:
        return "choice"
    if said.get("type") == "array":
        return "rows" if "$ref" in said.get("items", {}) else "lines"
    return {"object": "group", "boolean": "switch", "number": "number", "integer": "number"}.get(
        str(said.get("type")), "line"
    )
