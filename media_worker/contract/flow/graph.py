"""The graph: where a call starts, its nodes, and what holds everywhere. Its first fields are the start node's.

A flow is validated here for shape only (unknown fields, types, sizes, dangling references); what makes sense is for
`agents.flow.check` to say.
"""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from media_worker.contract.flow.base import About
from media_worker.contract.flow.nodes import Node
from media_worker.contract.flow.parts import (
    LONGEST_PROMPT,
    Argument,
    Intent,
    Model,
    Name,
    NodeId,
    SlotType,
    Spoken,
    ui,
)

MOST_NODES = 500
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


class Opening(Model):
    """Open from `begin` to `end` on `day`; one that ends before it begins lasts into the next day."""

    day: Weekday = Field(title="Day", json_schema_extra=ui("choice"))
    begin: Clock = Field(title="From", json_schema_extra=ui("line"))
    end: Clock = Field(title="To", json_schema_extra=ui("line"))


class Hours(Model):
    """Business hours, in the client's time zone. No openings: always open."""

    openings: tuple[Opening, ...] = Field(
        default=(), max_length=70, title="Open", json_schema_extra=ui("rows", rows="Add an opening")
    )
    closed: tuple[Day, ...] = Field(
        default=(),
        max_length=200,
        title="Closed on these days",
        description="One a line, as 2026-12-24.",
        json_schema_extra=ui("lines"),
    )

    def open_at(self, moment: datetime) -> bool:
        """`moment` is on the client's wall clock. What began on the day before and goes past midnight counts there."""
        if not self.openings:
            return moment.date() not in self.closed
        clock = moment.strftime("%H:%M")
        return self._open(moment.date(), clock, False) or self._open(moment.date() - timedelta(days=1), clock, True)

    def _open(self, day: Day, clock: str, morning_after: bool) -> bool:
        if day in self.closed:
            return False
        for opening in self.openings:
            if opening.day != WEEKDAYS[day.weekday()]:
                continue
            past_midnight = opening.end <= opening.begin
            if morning_after:
                if past_midnight and clock < opening.end:
                    return True
            elif clock >= opening.begin and (past_midnight or clock < opening.end):
                return True
        return False


class Variable(Model):
    """A value that a call brings along (a campaign's column, an API's field, a test's). Known to every text."""

    name: Name = Field(title="Variable", json_schema_extra=ui("variable"))
    type: SlotType = Field(default="text", title="Kind", json_schema_extra=ui("choice"))
    default: str = Field(default="", max_length=500, title="When it is missing", json_schema_extra=ui("line"))
    about: str = Field(default="", max_length=300, title="What it is", json_schema_extra=ui("line"))


class Before(Model):
    """A tool that is asked before the greeting. Its values are there for the first words, if it answers in time."""

    tool: Name = Field(title="Tool", json_schema_extra=ui("tool"))
    arguments: tuple[Argument, ...] = Field(
        default=(), max_length=30, title="Given to it", json_schema_extra=ui("rows", rows="Add an argument")
    )
    deadline: float = Field(
        default=1.5, ge=0.1, le=5.0, title="Waits at most (seconds)", json_schema_extra=ui("number")
    )


class Flow(Model):
    """`intents` hold at every node (a wish for a person, a goodbye)."""

    about: ClassVar[About] = About("Start", "phone-incoming", "Where every call begins", "Talk")

    greeting: Spoken = Field(title="Greeting", json_schema_extra=ui("prose", template=True))
    prompt: str = Field(
        default="",
        max_length=LONGEST_PROMPT,
        title="Instructions",
        description="Who the agent is; holds at every step.",
        json_schema_extra=ui("prompt", template=True),
    )
    goals: tuple[Annotated[str, Field(max_length=300)], ...] = Field(
        default=(), max_length=20, title="Goals", description="One a line.", json_schema_extra=ui("lines")
    )
    variables: tuple[Variable, ...] = Field(
        default=(), max_length=60, title="Brought along by a call", json_schema_extra=ui("rows", rows="Add a variable")
    )
    before: tuple[Before, ...] = Field(
        default=(),
        max_length=3,
        title="Looked up before the greeting",
        json_schema_extra=ui("rows", rows="Add a look-up"),
    )
    hours: Hours = Field(default=Hours(), title="Business hours")
    start: NodeId = Field(title="First step", json_schema_extra=ui("node"))
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=MOST_NODES)
    intents: tuple[Intent, ...] = Field(
        default=(), max_length=100, title="Topics everywhere", json_schema_extra=ui("rows", rows="Add a topic")
    )

    @model_validator(mode="after")
    def _references_exist(self) -> Flow:
        ids = [node.id for node in self.nodes]
        if len(ids) != len(set(ids)):
            seen: set[str] = set()
            twice = sorted({i for i in ids if i in seen or seen.add(i)})  # type: ignore[func-returns-value]
            raise ValueError(f"Two nodes have the same id: {', '.join(twice)}.")
        known = set(ids)
        missing = sorted({target for target in self.targets() if target not in known})
        if missing:
            raise ValueError(f"The flow points to nodes that do not exist: {', '.join(missing)}.")
        return self

    def targets(self) -> list[str]:
        """Every node id that something in the flow points to."""
        found = [self.start, *(intent.goto for intent in self.intents if intent.goto)]
        return [*found, *(way.target for node in self.nodes for way in node.exits())]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError when there is none."""
        return self.by_id[node_id]
