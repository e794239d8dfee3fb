"""The kinds of steps as a canvas needs them: words, icon, fields, ways out. All of it read off the declarations.

A way out is a field that names a step (`next`), or such a field of a row (`when.2.goto`). What it is called and who opens
it is asked of the kind's own `exits`, with marks instead of values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from agents.canvas.fields import Field, fields_of
from agents.flow.declared import CHOICE_LABELS
from media_worker.contract.flow import KINDS, MOST_NODES, Flow, NodeBase

_MARK = "\N{WHITE SQUARE}"


@dataclass(frozen=True)
class Way:
    """A way out: `field` names a step, or `row` does in each row of `field`. `label` is fixed; `parts` are the fields
    of the row that make the label, joined by colons."""

    field: str
    row: str = ""
    label: str = ""
    parts: tuple[str, ...] = ()
    how: str = "always"


@cache
def declarations() -> dict[str, Any]:
    """For JSON. `start` has the same shape as each of `kinds`."""
    kinds = [_kind(name, kind) for name, kind in KINDS.items()]
    fields = fields_of(Flow, CHOICE_LABELS, leave=("nodes",))
    ways = [asdict(way) for way in _ways_of_start(fields, kinds)]
    start = {"type": "start", **asdict(Flow.about), "fields": fields, "ways": ways}
    return {"start": start, "kinds": kinds, "most": MOST_NODES}


def _kind(name: str, kind: type[NodeBase]) -> dict[str, Any]:
    fields = fields_of(kind, CHOICE_LABELS, leave=("id", "type"))
    ways = [asdict(way) for way in _ways(kind, fields)]
    return {"type": name, **asdict(kind.about), "fields": fields, "ways": ways}


def _ways(kind: type[NodeBase], fields: list[Field]) -> list[Way]:
    """In the order in which a call looks at them."""
    node = kind.model_construct(**{field["name"]: _marked(field, kind) for field in fields})
    found = []
    for way in node.exits():
        name, *inner = map(str, way.path)
        parts = tuple(part.split(_MARK)[0] for part in way.label.split(_MARK)[1:] if part.strip(": "))
        label = "" if parts else way.label
        found.append(Way(name, inner[-1] if inner else "", label, parts, way.how))
    return found


def _marked(field: Field, model: type[Any]) -> Any:
    """A value that says in a label where it came from. Rows hold one row of marks."""
    if field["widget"] != "rows":
        return _MARK + field["name"] + _MARK
    (row_model,) = (part for part in model.model_fields[field["name"]].annotation.__args__ if part is not Ellipsis)
    return (row_model.model_construct(**{one["name"]: _marked(one, row_model) for one in field["fields"]}),)


def _ways_of_start(fields: list[Field], kinds: list[dict[str, Any]]) -> list[Way]:
    """The start has no `exits`: its rows are called as the rows of steps with the same name are."""
    known = {way["field"]: way for kind in kinds for way in kind["ways"] if way["row"]}
    found = []
    for field in fields:
        if field["widget"] == "node":
            found.append(Way(field["name"], label=field["title"].lower()))
        for row in field.get("fields", ()):
            if row["widget"] == "node" and field["name"] in known:
                way = known[field["name"]]
                found.append(Way(field["name"], row["name"], "", way["parts"], way["how"]))
    return found
