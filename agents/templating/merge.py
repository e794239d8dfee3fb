"""A new version of a template into an instance that was changed: three documents, one result.

`base` is what the instance was made from, `template` the same from the new version, `instance` what it became. Where
only one side changed, its change is taken. Where both did, it is a `Clash`: somebody chooses, and until then the
instance keeps its own. Documents are compared as trees: steps by their id, topics, questions and variables by their
name, other lists and long texts by what stands in them.

Pure: documents go in and come out as `agents.content.AgentContent.document` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal, TypeVar

from agents.content import UNHEARD

Side = Literal["instance", "template"]
Rule = Literal["leave", "instance", "template"]
KeyPath = tuple[str, ...]
T = TypeVar("T")

KEYS = {
    "nodes": "id", "intents": "name", "slots": "name", "options": "name", "values": "name", "arguments": "name",
    "extract": "name", "variables": "name", "before": "tool",
}  # fmt: skip
"""The rows of these lists are known by a field, wherever they stand."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
"""The value of what is not there."""


@dataclass(frozen=True)
class Clash:
    """One place that both sides changed. `path` names rows by their key; a side that removed it holds MISSING. `kind`
    is that of the step in which it lies."""

    path: KeyPath
    base: Any
    instance: Any
    template: Any
    kind: str = ""

    @property
    def key(self) -> str:
        """As a form and a program name it."""
        return "/".join(self.path)


@dataclass(frozen=True)
class Merged:
    """`clashes` are all places that both changed, `undecided` those of them that nobody decided about."""

    document: dict[str, Any]
    clashes: tuple[Clash, ...]
    undecided: tuple[Clash, ...]


def merge(
    base: Mapping[str, Any],
    instance: Mapping[str, Any],
    template: Mapping[str, Any],
    *,
    choices: Mapping[str, str] | None = None,
    rule: Rule = "leave",
) -> Merged:
    """`choices` decide clash by clash (by `Clash.key`), `rule` all others; `leave` decides nothing."""
    work = _Work(dict(choices or {}), rule, _kinds(base, template, instance))
    document = work.mapping(_heard(base), _heard(instance), _heard(template), ())
    document["layout"] = _layout(document, instance, template)
    return Merged(document, tuple(work.clashes), tuple(work.undecided))


def overrides(base: Mapping[str, Any], instance: Mapping[str, Any]) -> tuple[Clash, ...]:
    """What the instance says otherwise than what it was made from."""
    work = _Work({}, "leave", _kinds(base, instance), two_way=True)
    work.mapping(_heard(base), _heard(instance), _heard(base), ())
    return tuple(work.clashes)


def without(base: Mapping[str, Any], instance: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The instance with the template's own at these places again."""
    work = _Work(dict.fromkeys(keys, "template"), "instance", {}, two_way=True)
    document = work.mapping(_heard(base), _heard(instance), _heard(base), ())
    document["layout"] = _layout(document, instance, base)
    return document


@dataclass
class _Work:
    """`two_way`: whatever differs between instance and template is a clash, whoever changed it."""

    choices: dict[str, str]
    rule: Rule
    kinds: Mapping[str, str]
    two_way: bool = False
    clashes: list[Clash] = field(default_factory=list)
    undecided: list[Clash] = field(default_factory=list)

    def one(self, base: Any, instance: Any, template: Any, path: KeyPath) -> Any:
        if _same(instance, template):
            return instance
        if not self.two_way:
            if _same(base, instance):
                return template
            if _same(base, template):
                return instance
        if isinstance(instance, dict) and isinstance(template, dict) and not _whole(base, instance, template, path):
            return self.mapping(base if isinstance(base, dict) else {}, instance, template, path)
        if isinstance(instance, list) and isinstance(template, list):
            return self.rows(base if isinstance(base, list) else [], instance, template, path)
        if not self.two_way and all(isinstance(text, str) for text in (base, instance, template)) and "\n" in base:
            lines = _woven(base.splitlines(), instance.splitlines(), template.splitlines(), append=False)
            if lines is not None:
                return "\n".join(lines)
        return self.clash(path, base, instance, template)

    def clash(self, path: KeyPath, base: Any, instance: Any, template: Any) -> Any:
        kind = self.kinds.get(path[2], "") if path[:2] == ("flow", "nodes") and len(path) > 2 else ""
        clash = Clash(path, base, instance, template, kind)
        self.clashes.append(clash)
        chosen = self.choices.get(clash.key) or ("" if self.rule == "leave" else self.rule)
        if chosen not in ("instance", "template"):
            self.undecided.append(clash)
        return clash.template if chosen == "template" else clash.instance

    def mapping(
        self, base: Mapping[str, Any], instance: Mapping[str, Any], template: Mapping[str, Any], path: KeyPath
    ) -> dict[str, Any]:
        merged = {}
        for key in dict.fromkeys([*instance, *template]):
            value = self.field(key, base, instance, template, path)
            if value is not MISSING:
                merged[key] = value
        return merged

    def field(
        self, key: str, base: Mapping[str, Any], instance: Mapping[str, Any], template: Mapping[str, Any], path: KeyPath
    ) -> Any:
        was, own, new = (side.get(key, MISSING) for side in (base, instance, template))
        return self.one(was, own, new, (*path, str(key)))

    def rows(self, base: list[Any], instance: list[Any], template: list[Any], path: KeyPath) -> list[Any]:
        key = KEYS.get(path[-1]) if path else None
        if key is not None:
            was, own, new = (_by_key(rows, key) for rows in (base, instance, template))
            if was is not None and own is not None and new is not None:
                return self.keyed(was, own, new, path)
        if not self.two_way:
            plain = not any(isinstance(row, dict | list) for row in (*base, *instance, *template))
            woven = _woven(base, instance, template, append=plain)
            if woven is not None:
                return woven
        chosen: list[Any] = self.clash(path, base, instance, template)
        return chosen

    def keyed(
        self, base: dict[str, Any], instance: dict[str, Any], template: dict[str, Any], path: KeyPath
    ) -> list[Any]:
        merged = {}
        for name in _order(list(base), list(instance), list(template)):
            row = self.field(name, base, instance, template, path)
            if row is not MISSING:
                merged[name] = row
        return list(merged.values())


def _kinds(*documents: Mapping[str, Any]) -> dict[str, str]:
    """The kinds of all steps by their ids."""
    flows = [document.get("flow") for document in documents]
    nodes = [node for flow in flows if isinstance(flow, dict) for node in flow.get("nodes", ())]
    return {str(node.get("id")): str(node.get("type", "")) for node in nodes if isinstance(node, dict)}


def _heard(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in UNHEARD}


def _same(one: Any, other: Any) -> bool:
    """As JSON, where 1, 1.0 and true are not all the same; numbers that are equal are."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one is other or one == other)


def _whole(base: Any, instance: dict[str, Any], template: dict[str, Any], path: KeyPath) -> bool:
    """Whether these make sense only as they are: steps of different kinds, choices of different vendors."""
    sides = [side for side in (base, instance, template) if isinstance(side, dict)]
    return any(
        len({json.dumps(side.get(key)) for side in sides}) > 1
        for key in (("vendor", "account") if path[:1] == ("models",) else ("type",))
        if any(key in side for side in sides)
    )


def _by_key(rows: list[Any], key: str) -> dict[str, Any] | None:
    """The rows by their key; None when one has none, or two have the same."""
    found: dict[str, Any] = {}
    for row in rows:
        name = row.get(key) if isinstance(row, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = row
    return found


def _order(base: list[str], instance: list[str], template: list[str]) -> list[str]:
    """All rows. Who moved rows decides their order; both: the instance. A new row stays behind the one it followed."""
    common = set(instance) & set(template)
    leads, other = instance, template
    if [name for name in instance if name in base] == [name for name in base if name in instance]:
        leads, other = (template, instance) if len(common) > 1 else (instance, template)
    order = list(leads)
    for number, name in enumerate(other):
        if name not in order:
            before = next((one for one in reversed(other[:number]) if one in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, name)
    return order


def _woven(base: Sequence[T], one: Sequence[T], other: Sequence[T], *, append: bool) -> list[T] | None:
    """Both sides' changes to a list; None where they changed the same stretch otherwise. With `append` what both put
    into the same spot stands one after the other."""
    first, second = _edits(base, one), _edits(base, other)
    edits: list[tuple[int, int, list[T]]] = list(first)
    for begin, end, new in second:
        clashing = [edit for edit in first if _meet(edit, (begin, end))]
        if (begin, end, new) in clashing:
            continue
        if clashing:
            same_spot = all(edit[0] == edit[1] == begin == end for edit in clashing)
            if not (append and same_spot):
                return None
            known = [item for edit in clashing for item in edit[2]]
            new = [item for item in new if item not in known]
        edits.append((begin, end, new))
    woven: list[T] = []
    at = 0
    for begin, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        woven += [*base[at:begin], *new]
        at = max(at, end)
    return [*woven, *base[at:]]


def _meet(edit: tuple[int, int, Any], span: tuple[int, int]) -> bool:
    if edit[0] == edit[1] or span[0] == span[1]:  # something is put in: also beside a change it may depend on it
        return edit[0] <= span[1] and span[0] <= edit[1]
    return edit[0] < span[1] and span[0] < edit[1]


def _edits(base: Sequence[T], side: Sequence[T]) -> list[tuple[int, int, list[T]]]:
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (base, side))
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(i1, i2, list(side[j1:j2])) for tag, i1, i2, j1, j2 in codes if tag != "equal"]


def _layout(document: dict[str, Any], instance: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """Where the canvas shows each step: the instance's places, and the template's for what it brings."""
    flow = document.get("flow")
    ids = {node.get("id") for node in flow.get("nodes", ()) if isinstance(node, dict)} if isinstance(flow, dict) else {}
    places = {**_dict(template.get("layout")), **_dict(instance.get("layout"))}
    return {name: place for name, place in places.items() if name in ids or name == "start"}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
