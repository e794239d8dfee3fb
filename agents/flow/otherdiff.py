"""What changed between two versions outside their flows: voices and models, behaviour, fallbacks, routing, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agents.flow.problems import place_of, words
from agents.flow.rowdiff import MOST_LINES, What
from agents.flow.wording import Line, compared, plain

Leaf = tuple[str, ...]
_ROWS = {
    "stt_backups": "ears, backup",
    "llm_backups": "mind, backup",
    "tts_backups": "voice, backup",
    "rules": "rule",
}
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
    "nodes": "at these steps",
    "intents": "about these topics",
    "stt": "ears",
    "llm": "mind",
    "tts": "voice",
}


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], accounts: Mapping[str, str], renamed: Mapping[str, str]
) -> Iterator[tuple[str, str, What, tuple[Line, ...]]]:
    """Part, field, what happened, and the texts. Backups and rules go by their place; one that came or went is one
    difference. `renamed` steps are no difference in a rule."""
    old, new = dict(_leaves(before, (), accounts, renamed)), dict(_leaves(after, (), accounts, {}))
    old_rows, new_rows = _rows(old), _rows(new)
    whole: dict[tuple[Leaf, What], list[str]] = {}
    order: list[tuple[Leaf, What, str, str]] = []
    for path in dict.fromkeys([*new, *old]):
        was, now = old.get(path, ""), new.get(path, "")
        if was == now:
            continue
        row = next((path[:n] for n in range(1, len(path)) if (path[:n] in new_rows) != (path[:n] in old_rows)), None)
        what: What = "added" if not was else "removed" if not now else "changed"
        if row is None:
            order.append((path, what, was, now))
            continue
        if (row, what) not in whole:
            order.append((row, what, "", ""))
        whole.setdefault((row, what), []).extend((now or was).splitlines())
    for path, what, was, now in order:
        part, field = _place(path)
        if (path, what) in whole:
            kind = "gone" if what == "removed" else "new"
            lines = tuple(plain(kind, text) for text in whole[path, what][:MOST_LINES])  # type: ignore[arg-type]
        else:
            lines = compared(was, now)
        yield part, field, what, lines


def _rows(leaves: Iterable[Leaf]) -> set[Leaf]:
    """The paths of the rows that hold these leaves: (models, tts_backups, 1)."""
    return {
        path[: number + 2]
        for path in leaves
        for number, key in enumerate(path[:-1])
        if key in _ROWS and number + 2 < len(path)
    }


def _leaves(
    here: Any, path: Leaf, accounts: Mapping[str, str], renamed: Mapping[str, str]
) -> Iterator[tuple[Leaf, str]]:
    """Every value as text under a path of names; lists of plain values are one text."""
    if isinstance(here, Mapping):
        for key, value in here.items():
            yield from _leaves(value, (*path, str(key)), accounts, renamed)
    elif isinstance(here, list | tuple):
        if path and path[-1] in _ROWS:
            for number, item in enumerate(here, start=1):
                yield from _leaves(item or {"": ""}, (*path, str(number)), accounts, renamed)
            return
        steps = path[-2:-1] != () and path[-1] == "nodes"
        yield path, "\n".join(words(renamed.get(str(item), item)) if steps else str(item) for item in here)
    elif path:
        said = "" if here is None else ("yes" if here else "no") if isinstance(here, bool) else str(here)
        yield path, accounts.get(said, said) if path[-1] == "account" else said


def _place(path: Leaf) -> tuple[str, str]:
    parts = []
    skip = False
    for number, key in enumerate(path[1:], start=1):
        if skip:
            skip = False
        elif key in _ROWS and number + 1 < len(path):
            parts.append(f"{_ROWS[key]} {path[number + 1]}")
            skip = True
        elif key:
            parts.append(_FIELDS.get(key, words(key)))
    field = ", ".join(parts)
    return place_of(path[:1], {}), field[:1].upper() + field[1:]
