"""What changed between two versions, in words and as text: for the publish dialog and for comparing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.flow.problems import place_of, words

_BY_NAME = {"nodes": "id", "intents": "name", "slots": "name"}
_MOST = 400
Path = tuple[str, ...]
What = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Line:
    """One line of a text diff: `same`, `gone` or `new`."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class Change:
    """`place` in words; `what` happened; the texts before and after, line by line where both exist."""

    place: str
    what: What
    lines: tuple[Line, ...]


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], accounts: Mapping[str, str] | None = None
) -> list[Change]:
    """Every difference, in the order of the newer document. Rows are matched by name, so a moved row is none, and one
    that came or went is one difference; backups and rules have none and go by their place. `accounts` are the labels
    of provider accounts by id."""
    old, new = _named(dict(_leaves(before, ())), accounts), _named(dict(_leaves(after, ())), accounts)
    old_rows, new_rows = _rows(old), _rows(new)
    whole: dict[tuple[Path, What], list[str]] = {}
    changes: list[Change | tuple[Path, What]] = []
    for path in dict.fromkeys([*new, *old]):
        was, now = old.get(path, ""), new.get(path, "")
        if was == now:
            continue
        row = next((path[:n] for n in range(1, len(path)) if (path[:n] in new_rows) != (path[:n] in old_rows)), None)
        what: What = "added" if not was else "removed" if not now else "changed"
        if row is None:
            changes.append(Change(_place(path), what, tuple(_diff(was, now))))
            continue
        if (row, what) not in whole:
            changes.append((row, what))
        whole.setdefault((row, what), []).extend((now or was).splitlines())
    return [
        item if isinstance(item, Change) else Change(_place(item[0]), item[1], _all_of(whole[item], item[1]))
        for item in changes[:_MOST]
    ]


def _named(leaves: dict[Path, str], accounts: Mapping[str, str] | None) -> dict[Path, str]:
    """The same, with accounts called as people know them."""
    return {path: (accounts or {}).get(text, text) if path[-1] == "account" else text for path, text in leaves.items()}


def _holds_rows(key: str) -> bool:
    return key in _BY_NAME or key in _BY_PLACE


def _rows(leaves: Iterable[Path]) -> set[Path]:
    """The paths of the rows that hold these leaves: (nodes, booking), (nodes, booking, slots, day), …"""
    return {
        path[: number + 2]
        for path in leaves
        for number, key in enumerate(path[:-1])
        if _holds_rows(key) and number + 2 < len(path)
    }


def _all_of(texts: list[str], what: What) -> tuple[Line, ...]:
    kind: Literal["gone", "new"] = "gone" if what == "removed" else "new"
    return tuple(Line(kind, text) for text in texts[:60])


def _leaves(here: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value as text under a path of names; lists of plain values are one text."""
    if isinstance(here, Mapping):
        for key, value in here.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(here, list | tuple):
        key = _BY_NAME.get(path[-1]) if path else None
        if path and path[-1] in _BY_PLACE:
            for number, item in enumerate(here, start=1):
                yield from _leaves(item or {"": ""}, (*path, str(number)))
            return
        if key is None:
            yield path, "\n".join(str(item) for item in here)
            return
        for number, item in enumerate(here):
            name = str(item.get(key, number)) if isinstance(item, Mapping) else str(number)
            fields = {k: v for k, v in item.items() if k != key} if isinstance(item, Mapping) else {}
            yield from _leaves(fields or {"": ""}, (*path, name))
    elif path and path[-1] != "type":
        yield path, "" if here is None else _plain(here)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


_KINDS = {"nodes": "Step", "intents": "topic", "slots": "question"}
_BY_PLACE = {
    "stt_backups": "ears, backup",
    "llm_backups": "mind, backup",
    "tts_backups": "voice, backup",
    "rules": "rule",
}


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
        elif key in _BY_PLACE and number + 1 < len(path):
            parts.append(f"{_BY_PLACE[key]} {path[number + 1]}")
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
    "s2s": "speech-to-speech",
    "small": "small model",
    "backchannels": "“uh-huh” does not interrupt",
    "speculate": "thinks ahead",
    "resume_after": "goes on after a noise, seconds",
    "least_confidence": "least confidence of the ears",
    "reasks": "tries before a backup listens",
    "filler_after": "seconds before it fills a pause",
    "fillers": "lines while the model thinks",
    "next_model_after": "seconds before the next model is asked",
    "apology": "what it says when all else failed",
    "transfer_to": "who takes the call then",
    "tier": "who answers",
    "default": "all other turns",
    "escalate": "the large model helps the small one",
    "interruptible": "may be interrupted",
    "min_words": "least number of words",
    "max_words": "largest number of words",
    "patience": "added patience, seconds",
    "turns": "taking turns",
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
