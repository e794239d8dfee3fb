"""Changing the rows and steps of a draft's flow from its outline: adding, removing, moving.

A new row holds what its declaration asks for; a path names a row as the form does (`flow.nodes.2.slots.0`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from agents import rows
from agents.flow.declared import Declared, fields, kind_of
from agents.flow.form import free, identifier
from media_worker.contract.flow import KINDS, Flow


def add(flow: dict[str, Any], where: str) -> tuple[dict[str, Any], str]:
    """The flow with a new row at the end of `where` (`flow.intents`, `flow.nodes.2.slots`) or a new step
    (`flow.nodes:collect`), and the new row's path. An unknown place changes nothing."""
    flow = copy.deepcopy(flow)
    place, _, kind = where.partition(":")
    found = rows.at({"flow": flow}, place)
    if place == "flow.nodes" and kind in KINDS and isinstance(found, list):
        found.append(_new_step(flow, kind))
        return flow, f"{place}.{len(found) - 1}"
    declared = field_at(flow, place)
    if declared is None or declared.model is None or not declared.many:
        return flow, ""
    if not isinstance(found, list):
        above = rows.at({"flow": flow}, place.rpartition(".")[0])
        if not isinstance(above, dict):
            return flow, ""
        found = above[place.rpartition(".")[2]] = []
    found.append(_new_row(declared.model, flow, declared.row, [_name(row) for row in found]))
    return flow, f"{place}.{len(found) - 1}"


def field_at(flow: object, place: str) -> Declared | None:
    """The declaration of the rows at a place."""
    here: Any = {"flow": flow}
    model: type[BaseModel] | None = None
    found: Declared | None = None
    for number_, part in enumerate(place.split(".")):
        here = rows.at(here, part)
        if number_ == 0:
            model = Flow if part == "flow" else None
        elif part.isdigit():
            model = kind_of(here) if found is None else found.model
        elif model is Flow and part == "nodes":
            found = None
        else:
            found = fields(model).get(part) if model else None
            model = found.model if found else None
    return found


def remove(flow: dict[str, Any], path: str) -> dict[str, Any]:
    """The flow without the row at `path`. What led to a removed step leads to it still, and is shown as a problem."""
    changed: dict[str, Any] = rows.removed({"flow": flow}, path)["flow"]
    return changed


def move(flow: dict[str, Any], path: str, by: int) -> dict[str, Any]:
    """The flow with the row at `path` one place up (-1) or down (+1)."""
    changed: dict[str, Any] = rows.moved({"flow": flow}, path, by)["flow"]
    return changed


def _new_step(flow: dict[str, Any], kind: str) -> dict[str, Any]:
    taken = [str(node.get("id")) for node in flow["nodes"] if isinstance(node, dict)]
    made = _new_row(KINDS[kind], flow, kind, [])
    return {**made, "id": free(identifier(KINDS[kind].about.label, kind), taken), "type": kind}


def _new_row(model: type[BaseModel], flow: dict[str, Any], word: str, taken: list[str]) -> dict[str, Any]:
    """What a row has to hold; all else is left to its defaults."""
    return {
        name: _fresh(declared, flow, word, taken)
        for name, declared in fields(model).items()
        if declared.required or (declared.named and name == "name")
    }


def _fresh(declared: Declared, flow: dict[str, Any], word: str, taken: list[str]) -> Any:
    if declared.widget == "node":
        return _onwards(flow)
    if declared.model is not None:
        return [_new_row(declared.model, flow, declared.row, [])] if declared.many else {}
    if declared.named and declared.name == "name":
        return free(identifier(word, "name"), taken)
    return declared.choices[0][0] if declared.choices else ""


def _onwards(flow: dict[str, Any]) -> str:
    """Where a new way leads at first: to the end."""
    nodes = [node for node in flow.get("nodes", ()) if isinstance(node, dict)]
    return next((str(node.get("id")) for node in nodes if node.get("type") == "end"), str(flow.get("start", "")))


def _name(row: object) -> str:
    return str(row.get("name")) if isinstance(row, dict) else ""


# ── where opened steps are after rows changed ────────────────────────────────────────────────────


def step_of(path: str) -> int:
    """The number of the step that a path lies in; -1 outside the steps."""
    parts = path.split(".")
    return int(parts[2]) if path.startswith("flow.nodes.") and parts[2].isdigit() else -1


def places_without(opened: list[int], removed: str) -> list[int]:
    """The numbers of the opened steps, after the row at `removed` went; rows of steps change nothing here."""
    if removed.count(".") != 2 or step_of(removed) < 0:
        return opened
    gone = step_of(removed)
    return [place - (place > gone) for place in opened if place != gone]


def places_moved(opened: list[int], path: str, by: int, count: int) -> list[int]:
    """The same, after the row at `path` moved one place."""
    here = step_of(path)
    there = here + by
    if path.count(".") != 2 or here < 0 or not 0 <= there < count:
        return opened
    return [there if place == here else here if place == there else place for place in opened]


def renamed_elsewhere(document: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """The parts of a draft beside the flow that go by the ids of steps: the canvas's layout."""
    layout = document.get("layout")
    if not isinstance(layout, dict):
        return {}
    return {"layout": {renamed.get(str(step), step): place for step, place in layout.items()}}
