"""The outline's form and the draft's flow: reading what was posted, adding and removing rows.

Fields are named by their place: `flow.nodes.2.slots.0.ask`. Whatever can be typed is kept; whether it makes sense is
for `agents.content.read` to say. Steps are renamed by their title: what leads to them follows.
"""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from agents import rows
from agents.behaviour import number
from agents.flow.outline import STEP_FIELDS, STEP_KINDS, title

_LINES = frozenset({"goals", "examples", "choices", "fallback"})
_REFERENCES = frozenset({"goto", "next", "give_up", "fallback_goto", "start"})
_OPTIONAL = frozenset({"goto", "give_up", "fallback_goto"})
_ARROWS = _REFERENCES | {"otherwise", "failed", "unknown", "heard"}
_CHECKS = ("confirm", "required")


def parse(posted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The flow that the form holds. Rows keep the form's order; names become ids."""
    tree = _tree(posted)
    nodes = list(_rows(tree.get("nodes")))
    renamed = _renamed(nodes)
    return {
        **_kept(tree, renamed),
        "greeting": _text(tree.get("greeting")),
        "prompt": _text(tree.get("prompt")),
        "goals": lines(_text(tree.get("goals"))),
        "start": renamed.get(_text(tree.get("start")), _text(tree.get("start"))),
        "intents": [_topic(row, renamed) for row in _rows(tree.get("intents"))],
        "nodes": [_step(row, renamed) for row in nodes],
    }


def renames(posted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Steps whose title was changed: the id they had, and the one they have now."""
    renamed = _renamed(list(_rows(_tree(posted).get("nodes"))))
    return {old: new for old, new in renamed.items() if old != new}


def _tree(posted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names with dots as dictionaries in dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in posted:
        parts = name.split(".")
        if parts[0] != "flow" or len(parts) > 8:
            continue
        here = tree
        for part in parts[1:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                break
        else:
            here[parts[-1]] = value.replace("\r\n", "\n")
    return tree


def identifier(text: str, otherwise: str) -> str:
    """“Opening hours?” → opening_hours; what has no letters of ours is called `otherwise`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    found = found if found[:1].isalpha() else f"{otherwise}_{found}".strip("_") if found else otherwise
    return found[:40].rstrip("_")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def add(flow: dict[str, Any], where: str) -> tuple[dict[str, Any], str]:
    """The flow with an empty row at the end of `where` (`flow.intents`, `flow.nodes.2.slots`) or a new step
    (`flow.nodes:collect`), and the new row's path. An unknown place changes nothing."""
    flow = copy.deepcopy(flow)
    place, _, kind = where.partition(":")
    found = rows.at({"flow": flow}, place)
    if not isinstance(found, list):
        return flow, ""
    name = place.rsplit(".", 1)[-1]
    if name == "nodes" and kind in STEP_KINDS:
        found.append(_new_step(flow, kind))
    elif name == "slots":
        found.append({"name": _free("answer", [row.get("name") for row in found]), "type": "text", "ask": ""})
    elif name == "intents":
        found.append({"name": _free("topic", [row.get("name") for row in found]), "examples": [], "answer": ""})
    else:
        return flow, ""
    return flow, f"{place}.{len(found) - 1}"


def remove(flow: dict[str, Any], path: str) -> dict[str, Any]:
    """The flow without the row at `path`. What led to a removed step leads to it still, and is shown as a problem."""
    changed: dict[str, Any] = rows.removed({"flow": flow}, path)["flow"]
    return changed


def move(flow: dict[str, Any], path: str, by: int) -> dict[str, Any]:
    """The flow with the row at `path` one place up (-1) or down (+1)."""
    changed: dict[str, Any] = rows.moved({"flow": flow}, path, by)["flow"]
    return changed


def _new_step(flow: dict[str, Any], kind: str) -> dict[str, Any]:
    taken = [node.get("id") for node in flow["nodes"] if isinstance(node, dict)]
    ends = [node["id"] for node in flow["nodes"] if isinstance(node, dict) and node.get("type") == "end"]
    onwards = next(iter(ends), flow.get("start", ""))
    step: dict[str, Any] = {"id": _free(identifier(STEP_KINDS[kind].label, kind), taken), "type": kind}
    if kind == "conversation":
        step |= {"say": "", "intents": [], "fallback": ["Sorry, could you say that again?"]}
    elif kind == "collect":
        step |= {"slots": [{"name": "answer", "type": "text", "ask": ""}], "done": "", "next": onwards}
    elif kind == "say":
        step |= {"text": "", "next": onwards}
    else:
        step |= {"text": "Goodbye.", "outcome": "completed"}
    return step


def _free(name: str, taken: list[Any]) -> str:
    if name not in taken:
        return name
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name[:36]}_{number}") not in taken)


# ── pieces of the form ───────────────────────────────────────────────────────────────────────────


def _rows(source: object) -> Iterable[Mapping[str, Any]]:
    return [row for row in source.values() if isinstance(row, dict)] if isinstance(source, dict) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _renamed(nodes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Old id → id after the titles as they were typed."""
    renamed: dict[str, str] = {}
    for place, node in enumerate(nodes, start=1):
        old, typed = _text(node.get("id")), _text(node.get("title"))
        kept = not typed.strip() or typed.strip() == title(old)
        wanted = old if kept and old else identifier(typed, f"step_{place}")
        renamed[old or f"step_{place}"] = _free(wanted, list(renamed.values()))
    return renamed


def _step(row: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    kind, old = _text(row.get("type")), _text(row.get("id"))
    step: dict[str, Any] = {**_kept(row, renamed), "id": renamed.get(old, old), "type": kind}
    for name in STEP_FIELDS.get(kind, ()):
        if name == "intents":
            step[name] = [_topic(topic, renamed) for topic in _rows(row.get(name))]
        elif name == "slots":
            step[name] = [_question(question) for question in _rows(row.get(name))]
        elif name == "turns":
            step[name] = _turns(row.get(name))
        elif name == "attempts":
            typed = _text(row.get(name)).strip()
            step[name] = int(typed) if typed.isdigit() and len(typed) < 6 else typed or 3
        elif name == "outcome":
            step[name] = identifier(_text(row.get(name)), "completed")
        elif name not in ("id", "type"):
            step[name] = _field(name, row.get(name), renamed)
    return step


def _kept(row: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """What the form does not show, as it was: it travels along, and its arrows follow steps that were renamed."""
    try:
        kept = json.loads(_text(row.get("kept")) or "{}")
    except ValueError:
        return {}
    return _followed(kept, renamed) if isinstance(kept, dict) else {}


def _followed(here: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(here, dict):
        return {
            key: renamed.get(value, value) if key in _ARROWS and isinstance(value, str) else _followed(value, renamed)
            for key, value in here.items()
        }
    return [_followed(item, renamed) for item in here] if isinstance(here, list) else here


def _turns(source: object) -> dict[str, Any]:
    """Turn taking at a step; what is left as the agent has it is None."""
    row = source if isinstance(source, dict) else {}
    interruptible, least = _text(row.get("interruptible")), _text(row.get("min_words")).strip()
    return {
        "interruptible": {"yes": True, "no": False}.get(interruptible),
        "min_words": number(least) if least else None,
        "patience": number(_text(row.get("patience")) or "0"),
    }


def _topic(row: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": identifier(_text(row.get("name")), "topic"),
        **{name: _field(name, row.get(name), renamed) for name in ("examples", "answer", "goto")},
    }


def _question(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": identifier(_text(row.get("name")), "answer"),
        "type": _text(row.get("type")) or "text",
        **{name: _field(name, row.get(name), {}) for name in ("ask", "reask", "choices")},
        **{name: name in row for name in _CHECKS},
    }


def _field(name: str, value: object, renamed: Mapping[str, str]) -> Any:
    text = _text(value)
    if name in _LINES:
        return lines(text)
    if name in _REFERENCES:
        return renamed.get(text, text) or (None if name in _OPTIONAL else "")
    return text
