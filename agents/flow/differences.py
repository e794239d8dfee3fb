"""What changed between two versions, in words and as text: for the publish dialog and for comparing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.flow.problems import place_of, words

_BY_NAME = {"nodes": "id", "intents": "name", "slots": "name"}
_MOST = 400


@dataclass(frozen=True)
class Line:
    """One line of a text diff: `same`, `gone` or `new`."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class Change:
    """`place` in words; `what` happened; the texts before and after, line by line where both exist."""

    place: str
    what: Literal["added", "removed", "changed"]
    lines: tuple[Line, ...]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference, in the order of the newer document; rows are matched by name, so a moved row is none."""
    old, new = dict(_leaves(before, ())), dict(_leaves(after, ()))
    changes = []
    for path in dict.fromkeys([*new, *old]):
        was, now = old.get(path), new.get(path)
        if was == now:
            continue
        what: Literal["added", "removed", "changed"] = "changed"
        if was in (None, ""):
            what = "added"
        elif now in (None, ""):
            what = "removed"
        changes.append(Change(_place(path), what, tuple(_diff(was or "", now or ""))))
        if len(changes) >= _MOST:
            break
    return changes


def _leaves(here: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value as text under a path of names; lists of plain values are one text."""
    if isinstance(here, Mapping):
        for key, value in here.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(here, list | tuple):
        key = _BY_NAME.get(path[-1]) if path else None
        if key is None:
            yield path, "\n".join(str(item) for item in here)
            return
        for number, item in enumerate(here):
            name = str(item.get(key, number)) if isinstance(item, Mapping) else str(number)
            yield from _leaves({k: v for k, v in item.items() if k != key} or {"": ""}, (*path, name))
    elif path and path[-1] != "type":
        yield path, "" if here is None else _plain(here)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


_KINDS = {"nodes": "Step", "intents": "topic", "slots": "question"}


def _place(path: tuple[str, ...]) -> str:
    parts = []
    skip = False
    for number, key in enumerate(path):
        if skip:
            skip = False
        elif key in _KINDS and number + 1 < len(path):
            if key == "intents" and number == 1:
                parts.append("Everywhere")
            parts.append(f"{_KINDS[key]} “{words(path[number + 1])}”")
            skip = True
        elif key == "flow":
            continue
        elif number == 0:
            parts.append(place_of((key,), {}))
        elif key:
            parts.append(_FIELDS.get(key, words(key)))
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]


_FIELDS = {
    "stt": "ears",
    "llm": "mind",
    "tts": "voice",
    "prompt": "instructions",
    "goto": "goes to",
    "next": "goes to",
    "fallback_goto": "goes to when it gives up",
    "give_up": "goes to when it gives up",
    "fallback": "lines when it did not understand",
    "ask": "question",
    "reask": "question again",
    "start": "first step",
}


def _diff(before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines(), after.splitlines()
    for entry in difflib.ndiff(old, new) if len(old) + len(new) < 400 else difflib.unified_diff(old, new, n=1):
        mark, text = entry[:2].strip(), entry[2:]
        if mark == "?":
            continue
        yield Line("gone" if mark == "-" else "new" if mark == "+" else "same", text)
