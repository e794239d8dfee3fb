"""What the contract declares about the fields of a flow, as forms, checks, differences and docs read it.

Kinds, fields, titles and hints stand in `media_worker.contract.flow` and nowhere else: what is added there appears in the
outline, in the words of problems and differences, and in docs/flow.md by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from media_worker.contract.flow import KINDS, Flow, Name, NodeBase, SlotType, Tier
from media_worker.contract.flow.graph import Weekday

Path = tuple[str | int, ...]
Plain = Literal["text", "int", "float", "bool"]

CHOICE_LABELS: dict[str, str] = {
    "text": "Anything",
    "name": "A name",
    "phone": "A phone number",
    "date": "A day",
    "time": "A time",
    "email": "An e-mail address",
    "number": "A number",
    "choice": "One of a list",
    "yes_no": "Yes or no",
    "code": "A code or a reference",
    "rules": "Built-in rules",
    "small": "Small model",
    "large": "Large model",
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
    "yes": "Yes",
    "no": "No",
}
"""Entries of the lists to choose from, for people."""
assert set(CHOICE_LABELS) >= {*get_args(SlotType), *get_args(Tier), *get_args(Weekday)}


NAME_PATTERN = next(str(one.pattern) for one in get_args(Name)[1].metadata if hasattr(one, "pattern"))


@dataclass(frozen=True)
class Declared:
    """One field. `widget` is how a form shows it; `adds` the button for one more row, `empty` the choice of nothing;
    `only` the kind of answer it is for;
    `model` what its rows, or its parts, are made of; `many`: it holds a list; `named`: small letters, digits and
    underscores only; `longest` characters of a text."""

    name: str
    title: str
    about: str = ""
    widget: str = ""
    template: bool = False
    advanced: bool = False
    adds: str = ""
    empty: str = ""
    only: str = ""
    named: bool = False
    model: type[BaseModel] | None = None
    many: bool = False
    plain: Plain = "text"
    optional: bool = False
    required: bool = False
    default: Any = None
    choices: tuple[tuple[str, str], ...] = field(default=())
    longest: int | None = None

    @property
    def row(self) -> str:
        """One of its rows in words: “question”, “topic”."""
        return self.adds.removeprefix("Add a ").removeprefix("Add an ") or "row"

    @property
    def said_by_name(self) -> bool:
        """Whether people know its rows by name (a topic, a choice) and not by their number (the third question)."""
        name = fields(self.model).get("name") if self.model else None
        return name is not None and name.widget != "variable"


@dataclass(frozen=True)
class Found:
    """A field and what it holds, at its place in the document."""

    path: Path
    field: Declared
    value: Any


@cache
def fields(model: type[BaseModel]) -> Mapping[str, Declared]:
    """The declared fields of a node, a row, or the flow itself, in their order. A node's kind and the flow's nodes are
    none."""
    besides = "type" if issubclass(model, NodeBase) else "nodes" if model is Flow else ""
    return {name: _declared(name, info) for name, info in model.model_fields.items() if name != besides}


def _declared(name: str, info: Any) -> Declared:
    hints = info.json_schema_extra.get("ui", {}) if isinstance(info.json_schema_extra, dict) else {}
    kind, optional = _without_none(info.annotation)
    many = get_origin(kind) is tuple
    inner = _without_none(get_args(kind)[0])[0] if many else kind
    is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
    return Declared(
        name=name,
        title=info.title or _title(name),
        about=info.description or "",
        widget=hints.get("widget", ""),
        template=bool(hints.get("template")),
        advanced=bool(hints.get("advanced")),
        adds=hints.get("rows", ""),
        empty=hints.get("empty", ""),
        only=hints.get("only", ""),
        named=any(getattr(one, "pattern", None) == NAME_PATTERN for one in info.metadata),
        model=inner if is_model else None,
        many=many,
        plain="bool" if inner is bool else "int" if inner is int else "float" if inner is float else "text",
        optional=optional,
        required=info.is_required(),
        default=None if info.is_required() else info.get_default(call_default_factory=True),
        choices=_choices(inner),
        longest=next((m.max_length for m in info.metadata if hasattr(m, "max_length") and not many), None),
    )


def _without_none(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) is Annotated:
        return _without_none(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        rest = [arm for arm in get_args(kind) if arm is not NoneType]
        if len(rest) == 1:
            return _without_none(rest[0])[0], True
    return kind, False


def _choices(kind: Any) -> tuple[tuple[str, str], ...]:
    if kind is bool:
        return ("yes", CHOICE_LABELS["yes"]), ("no", CHOICE_LABELS["no"])
    if get_origin(kind) is not Literal:
        return ()
    return tuple((str(key), CHOICE_LABELS.get(str(key), _title(str(key)))) for key in get_args(kind))


def _title(name: str) -> str:
    said = " ".join(name.split("_"))
    return said[:1].upper() + said[1:]


# ── through a document ───────────────────────────────────────────────────────────────────────────


def kind_of(node: object) -> type[NodeBase] | None:
    """The declaration of a raw node, or of a node; None for a kind that does not exist."""
    name = node.get("type") if isinstance(node, Mapping) else getattr(node, "type", None)
    return KINDS.get(name) if isinstance(name, str) else None


def of_flow(flow: object) -> Iterator[Found]:
    """Every field of a flow, raw or read, that is there: the start's first, then those of each node and of their rows.

    What has another shape than the declared one is passed over.
    """
    yield from within(flow, Flow, ("flow",))
    nodes = flow.get("nodes") if isinstance(flow, Mapping) else getattr(flow, "nodes", ())
    for number, node in enumerate(nodes if isinstance(nodes, list | tuple) else ()):
        kind = kind_of(node)
        if kind is not None:
            yield from within(node, kind, ("flow", "nodes", number))


def within(part: object, model: type[BaseModel], path: Path) -> Iterator[Found]:
    """Every field of one node or row, and of what lies in it."""
    raw = isinstance(part, Mapping)
    if not raw and not isinstance(part, BaseModel):
        return
    for name, declared in fields(model).items():
        if raw:
            if name not in cast("Mapping[str, Any]", part):
                continue
            value = cast("Mapping[str, Any]", part)[name]
        else:
            value = getattr(part, name)
        here = (*path, name)
        yield Found(here, declared, value)
        if declared.model is None:
            continue
        if not declared.many:
            yield from within(value, declared.model, here)
        elif isinstance(value, list | tuple):
            for number, row in enumerate(value):
                yield from within(row, declared.model, (*here, number))


def declared_at(path: Sequence[str | int], document: object) -> Declared | None:
    """The declaration of the field that a path leads to, or of the nearest around it; None outside the flow."""
    if path[:1] != ("flow",) and list(path[:1]) != ["flow"]:
        return None
    here: Any = document.get("flow") if isinstance(document, Mapping) else None
    model: type[BaseModel] | None = Flow
    found: Declared | None = None
    for number, key in enumerate(path[1:], start=1):
        if isinstance(here, Mapping):
            here = here.get(key)
        elif isinstance(here, list | tuple) and isinstance(key, int):
            here = here[key] if key < len(here) else None
        else:
            here = None
        if isinstance(key, int):
            if path[number - 1] == "nodes" and number == 2:
                model = kind_of(here)
            continue
        declared = fields(model).get(key) if model else None
        if declared is None:
            if key == "nodes" and number == 1:
                continue
            return None
        found, model = declared, declared.model
    return found
