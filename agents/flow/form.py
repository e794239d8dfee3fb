"""The outline's form and the draft's flow: reading what was posted into the draft that the page was made from.

Fields are named by their place: `flow.nodes.2.slots.0.ask`. A page holds the fields of the steps that were opened on it;
the others stay as they are in the draft. What a step is made of is read off its declaration. Whatever can be typed is
kept; whether it makes sense is for `agents.content.read` to say. Steps are renamed by their title: what leads to them
follows.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from agents.behaviour import number
from agents.flow import week
from agents.flow.declared import Declared, Found, fields, kind_of, within
from agents.flow.outline import title
from media_worker.contract.flow import KINDS, Flow, Hours, NodeBase

Tree = Mapping[str, Any]
DEEPEST = 12
TICKED = ("tool", "bases")
"""Widgets of lists whose entries are ticked."""


@dataclass
class Posted:
    """The flow as it is now. `renamed`: the ids of steps before, and now. `opened`: places of the steps whose fields the
    page holds."""

    flow: dict[str, Any]
    renamed: dict[str, str] = field(default_factory=dict)
    opened: list[int] = field(default_factory=list)


def parse(posted: Iterable[tuple[str, str]], flow: object = None) -> Posted:
    """`flow`: the draft's, that the page was made from; what the page did not hold stays as it is there."""
    tree = _tree(posted)
    found = Posted(copy.deepcopy(flow) if isinstance(flow, dict) else {})
    if not isinstance(found.flow.get("nodes"), list):
        found.flow["nodes"] = []
    places = _places(tree, found.flow["nodes"])
    found.renamed = _renamed(places, found.flow["nodes"])
    follow(found.flow, found.renamed)
    if "is_open" in tree:
        for name, declared in fields(Flow).items():
            found.flow[name] = _value(declared, tree.get(name), found.renamed)
    for place, row in places.items():
        kind = KINDS.get(_text(row.get("type")))
        if kind is not None:
            old = _text(row.get("id"))
            step = {"id": found.renamed.get(old, old), "type": _text(row.get("type"))}
            found.flow["nodes"][place] = {**_fields(kind, row, found.renamed), **step}
        found.opened.append(place)
    return found


def follow(flow: dict[str, Any], renamed: Mapping[str, str]) -> None:
    """Calls the steps of a flow, and all that leads to them, by their new ids."""
    if not renamed:
        return
    for one in _references(flow):
        here: Any = flow
        for key in one.path[:-1]:
            here = here[key]
        here[one.path[-1]] = renamed.get(str(one.value), one.value)


def _references(flow: dict[str, Any]) -> list[Found]:
    found = [one for one in within(flow, Flow, ()) if one.field.widget == "node"]
    for number_, node in enumerate(flow["nodes"]):
        kind = kind_of(node)
        if kind is not None:
            found += [one for one in within(node, kind, ("nodes", number_)) if one.field.widget == "node"]
        if isinstance(node, dict) and "id" in node:
            found.append(Found(("nodes", number_, "id"), fields(NodeBase)["id"], node["id"]))
    return found


def _tree(posted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names with dots as dictionaries in dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in posted:
        parts = name.split(".")
        if parts[0] != "flow" or len(parts) > DEEPEST:
            continue
        here = tree
        for part in parts[1:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                break
        else:
            here[parts[-1]] = value.replace("\r\n", "\n")
    return tree


def _places(tree: Tree, nodes: list[Any]) -> dict[int, Tree]:
    """Where in the draft each posted step lies: by its place and id, else by its id, or by the id that its title gives
    (an answer that told of its new name was lost). One that lies nowhere is left out: somebody removed it."""
    ids = {str(node.get("id")): number_ for number_, node in reversed(list(enumerate(nodes))) if isinstance(node, dict)}
    found: dict[int, Tree] = {}
    posted = tree.get("nodes")
    for key, row in posted.items() if isinstance(posted, dict) else ():
        if not isinstance(row, dict) or "id" not in row:
            continue
        place, old = int(key) if key.isdigit() and len(key) < 6 else -1, _text(row["id"])
        here = nodes[place] if 0 <= place < len(nodes) else None
        if not (isinstance(here, dict) and str(here.get("id", "")) == old):
            place = ids.get(old, ids.get(identifier(_text(row.get("title")), ""), -1))
        if place >= 0 and place not in found:
            found[place] = row
    return found


def _renamed(places: Mapping[int, Tree], nodes: list[Any]) -> dict[str, str]:
    """Old id → new id, of the steps whose title was changed."""
    taken = {str(node.get("id")) for place, node in enumerate(nodes) if isinstance(node, dict) and place not in places}
    renamed: dict[str, str] = {}
    for place, row in places.items():
        old, typed = _text(row.get("id")), _text(row.get("title")).strip()
        kept = not typed or typed == title(old)
        name = free(old if kept and old else identifier(typed, f"step_{place + 1}"), taken)
        taken.add(name)
        if name != old:
            renamed[old] = name
    return renamed


def identifier(text: str, otherwise: str) -> str:
    """“Opening hours?” → opening_hours; what has no letters of ours is called `otherwise`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    found = found if found[:1].isalpha() else f"{otherwise}_{found}".strip("_") if found else otherwise
    return found[:40].rstrip("_")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


# ── one field ────────────────────────────────────────────────────────────────────────────────────


def _fields(model: type[BaseModel], row: Tree, renamed: Mapping[str, str], word: str = "") -> dict[str, Any]:
    return {
        name: _value(declared, row.get(name), renamed, word)
        for name, declared in fields(model).items()
        if declared.widget != "node" or name != "id"
    }


def _value(declared: Declared, typed: Any, renamed: Mapping[str, str], word: str = "") -> Any:
    """What was typed into a field, as the draft holds it. `word`: the row it lies in, for one without a name."""
    if declared.model is Hours:
        return week.parse(typed if isinstance(typed, dict) else {})
    if declared.model is not None:
        model = declared.model
        if not declared.many:
            return _fields(model, typed if isinstance(typed, dict) else {}, renamed)
        return [_fields(model, row, renamed, declared.row) for row in _rows(typed)]
    if declared.many:
        if declared.widget in TICKED:
            return [name for name in typed if name] if isinstance(typed, dict) else []
        return lines(_text(typed))
    return _plain(declared, _text(typed), typed is not None, renamed, word)


def _plain(declared: Declared, text: str, there: bool, renamed: Mapping[str, str], word: str) -> Any:
    if declared.widget == "node":
        return renamed.get(text, text) or (None if declared.optional else "")
    if declared.plain == "bool":
        return {"yes": True, "no": False}.get(text) if declared.optional else there
    if declared.plain in ("int", "float"):
        return number(text) if text.strip() else None if declared.optional else declared.default
    if declared.named and declared.widget != "tool":
        return identifier(text, identifier(str(declared.default or word), "name"))
    if declared.optional or (declared.choices and not text):
        return text or declared.default
    return " ".join(text.split("\n")) if declared.widget == "expression" else text


def _rows(source: object) -> list[Tree]:
    return [row for row in source.values() if isinstance(row, dict)] if isinstance(source, dict) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def free(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    return next(other for number_ in range(2, len(taken) + 3) if (other := f"{name[:36]}_{number_}") not in taken)
