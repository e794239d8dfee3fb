"""What every kind of node has: a description for people, a name, and ways out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from media_worker.contract.flow.parts import Model, NodeId, When, ui

ClipId = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_]{0,39})?$")]


@dataclass(frozen=True)
class About:
    """A kind of node for people. `listens`: a call may wait there for the caller. `icon` is Lucide's name."""

    label: str
    icon: str
    text: str
    group: Literal["Talk", "Decide", "Do", "Finish"]
    listens: bool = False


@dataclass(frozen=True)
class Exit:
    """A way out of a node. `path` is its place in the node (`intents.2.goto`); `how` says who opens it."""

    path: tuple[str | int, ...]
    target: str
    label: str = ""
    how: Literal["always", "expression", "intent", "decision", "failure"] = "always"


class NodeBase(Model):
    about: ClassVar[About]
    id: NodeId = Field(title="Name of the step", json_schema_extra=ui("line"))

    def exits(self) -> Iterator[Exit]:
        """Every way out that leads somewhere."""
        raise NotImplementedError


def always(field: str, target: str | None, label: str = "") -> Iterator[Exit]:
    if target:
        yield Exit((field,), target, label)


def failure(field: str, target: str | None, label: str) -> Iterator[Exit]:
    if target:
        yield Exit((field,), target, label, "failure")


def whens(field: str, whens: tuple[When, ...]) -> Iterator[Exit]:
    for number, when in enumerate(whens):
        yield Exit((field, number, "goto"), when.goto, when.when, "expression")


NEXT: dict[str, Any] = {"title": "Then go to", "json_schema_extra": ui("node")}
