"""What changed between two versions, in words and as text: one rendering for publishing, comparing, roll-outs and “Change it”.

`differences(before, after, accounts)` gives the changes, those of one step in a row; `templates/agents/parts/changes.html`,
included with `changes`, shows them. Both documents should be written out (`agents.content.whole`), so that a default that
one of them leaves unsaid is no difference; anything else is compared as far as it goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.flow import otherdiff
from agents.flow.declared import Path, fields, kind_of, within
from agents.flow.problems import words
from agents.flow.rowdiff import What, of_field, of_fields, titled, whole_row
from agents.flow.wording import Line, plain
from media_worker.contract.flow import Flow
from media_worker.contract.flow.base import About

START = "Start"
LIKENESS = 0.5
MOST_PAIRS = 10_000
_MOST = 400
_UNKNOWN = About("Unknown", "circle-help", "", "Do")


@dataclass(frozen=True)
class Part:
    """What a change belongs to: a step, the start, topics everywhere, or another tab. `kind`: “Questions”, for a step.
    `path` leads to it in the newer document (in the older one where it is gone)."""

    title: str
    icon: str
    kind: str = ""
    what: What = "changed"
    path: Path = ()

    @property
    def anchor(self) -> str:
        return ".".join(map(str, self.path))


@dataclass(frozen=True)
class Change:
    """One field, row or step that differs. `field`: its place in its part, in words; empty: all of it."""

    part: Part
    field: str
    what: What
    lines: tuple[Line, ...]

    @property
    def place(self) -> str:
        """In words, as problems call it: “Greeting”, “Step “booking”, question “day””."""
        if self.part.title == START:
            return self.field
        return f"{self.part.title}, {self.field[:1].lower()}{self.field[1:]}" if self.field else self.part.title


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], accounts: Mapping[str, str] | None = None
) -> list[Change]:
    """Every difference (four hundred at most), in the order of the newer document. Steps are matched by name, and by
    what they hold where one was renamed; rows by name, or by what they say. `accounts` are the labels of provider
    accounts by id."""
    changes: list[Change] = []
    for change in _all(before, after, accounts or {}):
        changes.append(change)
        if len(changes) == _MOST:
            break
    return changes


def _all(before: Mapping[str, Any], after: Mapping[str, Any], accounts: Mapping[str, str]) -> Iterator[Change]:
    old, new = _mapping(before.get("flow")), _mapping(after.get("flow"))
    renamed = _renames(_nodes(old), _nodes(new))
    old = _called_as_now(old, renamed)
    yield from _of_start(old, new)
    yield from _of_nodes(_nodes(old), _nodes(new), renamed)
    first, second = ({k: v for k, v in side.items() if k != "flow"} for side in (before, after))
    for part, field, what, lines in otherdiff.differences(first, second, accounts, renamed):
        yield Change(Part(part, icon="sliders-horizontal"), field, what, lines)


def _of_start(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The start's fields; its topics stand under “Everywhere”."""
    for name, declared in fields(Flow).items():
        topics = name == "intents"
        part = Part("Everywhere", icon="message-circle") if topics else Part(START, Flow.about.icon, path=("flow",))
        for one in of_field(old, new, declared):
            yield Change(part, one.field, one.what, one.lines)


def _of_nodes(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], renamed: Mapping[str, str]
) -> Iterator[Change]:
    """Steps by the name they have now; `old` has those names already."""
    were = {now: was for was, now in renamed.items()}
    for number, (name, node) in enumerate(new.items()):
        path: Path = ("flow", "nodes", number)
        was = old.get(name)
        if was is None:
            yield _whole_step(name, node, "added", path)
            continue
        kind, about = kind_of(node), _about(node)
        part = Part(f"Step “{words(name)}”", about.icon, about.label, "renamed" if name in were else "changed", path)
        if name in were:
            lines = (plain("gone", titled(were[name])), plain("new", titled(name)))
            yield Change(part, "Name of the step", "renamed", lines)
        if was.get("type") != node.get("type"):
            lines = (plain("gone", _about(was).label), plain("new", about.label))
            yield Change(part, "Kind", "changed", lines)
        if kind is not None:
            for one in of_fields(was, node, kind):
                yield Change(part, one.field, one.what, one.lines)
        elif was != node:
            yield Change(part, "", "changed", ())
    for name, node in old.items():
        if name not in new:
            yield _whole_step(name, node, "removed", ("flow", "nodes"))


def _whole_step(name: str, node: Mapping[str, Any], what: What, path: Path) -> Change:
    kind, about = kind_of(node), _about(node)
    part = Part(f"Step “{words(name)}”", about.icon, about.label, what, path)
    return Change(part, "", what, whole_row(node, kind, "gone" if what == "removed" else "new") if kind else ())


def _about(node: Mapping[str, Any]) -> About:
    kind = kind_of(node)
    return kind.about if kind is not None else _UNKNOWN


# ── renamed steps ────────────────────────────────────────────────────────────────────────────────


def _renames(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Steps that have another name now: the one they had, and the one they have. A step that went and one that came, of
    one kind, are the same step when they hold much the same."""
    gone = [name for name in old if name not in new]
    came = [name for name in new if name not in old]
    if not gone or not came or len(gone) * len(came) > MOST_PAIRS:
        return {}
    first, second = ({name: _holds(side[name]) for name in names} for side, names in ((old, gone), (new, came)))
    likeness = sorted(
        (
            (-_like(first[was], second[now]), order, place, was, now)
            for order, was in enumerate(gone)
            for place, now in enumerate(came)
            if old[was].get("type") == new[now].get("type")
        ),
    )
    renamed: dict[str, str] = {}
    for unlike, _, _, was, now in likeness:
        if -unlike >= LIKENESS and was not in renamed and now not in renamed.values():
            renamed[was] = now
    return renamed


def _holds(node: Mapping[str, Any]) -> frozenset[str]:
    """What a step says and does, without its name."""
    kind = kind_of(node)
    found = within(node, kind, ()) if kind else ()
    return frozenset(
        f"{'.'.join(str(key) for key in one.path)} {json.dumps(one.value, default=str, sort_keys=True)}"
        for one in found
        if one.field.model is None and one.path != ("id",) and one.value not in (None, "", [], one.field.default)
    )


def _like(first: Iterable[str], second: Iterable[str]) -> float:
    old, new = set(first), set(second)
    return len(old & new) / len(old | new) if old or new else 0.0


def _called_as_now(flow: Mapping[str, Any], renamed: Mapping[str, str]) -> Mapping[str, Any]:
    """The older flow with its steps, and all that leads to them, called as in the newer one."""
    if not renamed:
        return flow
    copied: dict[str, Any] = json.loads(json.dumps(flow, default=str))
    for one in [*within(copied, Flow, ()), *_in_nodes(copied)]:
        if one.field.widget == "node" or (one.field.name == "id" and len(one.path) == 3):
            here: Any = copied
            for key in one.path[:-1]:
                here = here[key]
            here[one.path[-1]] = renamed.get(str(one.value), one.value)
    return copied


def _in_nodes(flow: Mapping[str, Any]) -> Iterator[Any]:
    for number, node in enumerate(flow.get("nodes") or ()):
        kind = kind_of(node)
        if kind is not None:
            yield from within(node, kind, ("nodes", number))


def _nodes(flow: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    rows = flow.get("nodes")
    for number, node in enumerate(rows if isinstance(rows, list | tuple) else ()):
        if isinstance(node, Mapping):
            found.setdefault(str(node.get("id") or f"step_{number + 1}"), node)
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
