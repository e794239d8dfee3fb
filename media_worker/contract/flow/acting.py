"""Nodes that decide, do something, or finish the call, without a word from the caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from media_worker.contract.flow.base import NEXT, About, ClipId, Exit, NodeBase, always, failure, whens
from media_worker.contract.flow.parts import Argument, Assign, Name, NodeId, Spoken, When, ui


class BranchNode(NodeBase):
    """Goes to the first case whose expression holds, else to `otherwise`. Says nothing, asks no model."""

    about = About("Branch", "split", "Goes on by rules about what is known, the caller and the time", "Decide")
    type: Literal["branch"] = "branch"
    cases: tuple[When, ...] = Field(
        min_length=1, max_length=50, title="Cases", json_schema_extra=ui("rows", rows="Add a case")
    )
    otherwise: NodeId = Field(title="Otherwise go to", json_schema_extra=ui("node"))

    def exits(self) -> Iterator[Exit]:
        yield from whens("cases", self.cases)
        yield from always("otherwise", self.otherwise, "otherwise")


class SetNode(NodeBase):
    """Sets variables, in order, each by an expression. Says nothing."""

    about = About("Set variables", "variable", "Keeps values for later steps", "Decide")
    type: Literal["set"] = "set"
    values: tuple[Assign, ...] = Field(
        min_length=1, max_length=30, title="Values", json_schema_extra=ui("rows", rows="Add a value")
    )
    next: NodeId = Field(**NEXT)

    def exits(self) -> Iterator[Exit]:
        yield from always("next", self.next)


class ToolNode(NodeBase):
    """Uses a tool, with a line while it runs. A failure says the tool's spoken answer and goes to `failed`."""

    about = About("Tool", "wrench", "Asks or tells another system: a calendar, a CRM, a web address", "Do")
    type: Literal["tool"] = "tool"
    tool: Name = Field(title="Tool", json_schema_extra=ui("tool"))
    arguments: tuple[Argument, ...] = Field(
        default=(), max_length=30, title="Given to it", json_schema_extra=ui("rows", rows="Add an argument")
    )
    say: Spoken = Field(
        default="",
        title="Says while it runs",
        description="Nothing here: the tool's own line.",
        json_schema_extra=ui("prose", template=True),
    )
    when: tuple[When, ...] = Field(
        default=(), max_length=30, title="Ways out by rule", json_schema_extra=ui("rows", rows="Add a rule")
    )
    next: NodeId = Field(**NEXT)
    failed: NodeId | None = Field(
        default=None, title="When it fails, go to", json_schema_extra=ui("node", empty="Go on all the same")
    )

    def exits(self) -> Iterator[Exit]:
        yield from whens("when", self.when)
        yield from always("next", self.next, "done")
        yield from failure("failed", self.failed, "failed")


class KnowledgeNode(NodeBase):
    """Answers `question` from the agent's knowledge; what it does not know, it says, and goes to `unknown`."""

    about = About("Answer from knowledge", "book-open", "Looks a question up in documents and answers it", "Do")
    type: Literal["knowledge"] = "knowledge"
    question: str = Field(
        default="{{last_said}}", max_length=500, title="Question", json_schema_extra=ui("line", template=True)
    )
    bases: tuple[Name, ...] = Field(
        default=(),
        max_length=20,
        title="Looks in",
        description="Nothing chosen: all that the agent may read.",
        json_schema_extra=ui("bases"),
    )
    say: Spoken = Field(default="", title="Says while it looks", json_schema_extra=ui("prose", template=True))
    unknown_say: Spoken = Field(
        default="I do not know that, I am afraid.",
        title="Says when it does not know",
        json_schema_extra=ui("prose", template=True),
    )
    next: NodeId = Field(**NEXT)
    unknown: NodeId | None = Field(
        default=None, title="When it does not know, go to", json_schema_extra=ui("node", empty="Go on all the same")
    )

    def exits(self) -> Iterator[Exit]:
        yield from always("next", self.next, "answered")
        yield from failure("unknown", self.unknown, "not known")


class WaitNode(NodeBase):
    """Waits, and goes on after `seconds`; with `heard`, words of the caller end the wait and lead there."""

    about = About("Wait", "hourglass", "Waits a moment, or until the caller speaks", "Do", True)
    type: Literal["wait"] = "wait"
    say: Spoken = Field(default="", title="Says first", json_schema_extra=ui("prose", template=True))
    seconds: float = Field(default=3.0, ge=0.1, le=120.0, title="Seconds", json_schema_extra=ui("number"))
    next: NodeId = Field(**NEXT)
    heard: NodeId | None = Field(
        default=None, title="When the caller speaks, go to", json_schema_extra=ui("node", empty="Go on waiting")
    )

    def exits(self) -> Iterator[Exit]:
        yield from always("next", self.next, "time is up")
        yield from always("heard", self.heard, "caller speaks")


class TransferNode(NodeBase):
    """Hands the caller to a person. `to` is a number, or variables that no caller filled. When it fails: `failed`."""

    about = About("Transfer", "phone-forwarded", "Connects the caller with a person", "Finish")
    type: Literal["transfer"] = "transfer"
    to: str = Field(
        max_length=200,
        title="Number",
        description="With its country code: +14155550123.",
        json_schema_extra=ui("phone", template=True),
    )
    say: Spoken = Field(
        default="One moment, I will put you through.", title="Says first", json_schema_extra=ui("prose", template=True)
    )
    failed: NodeId | None = Field(
        default=None,
        title="When nobody can be reached, go to",
        json_schema_extra=ui("node", empty="Hang up"),
    )
    failed_say: Spoken = Field(
        default="I could not put you through.", title="Says then", json_schema_extra=ui("prose", template=True)
    )

    def exits(self) -> Iterator[Exit]:
        yield from failure("failed", self.failed, "not connected")


class HandoverNode(NodeBase):
    """Another agent of the same client goes on, with what was said and known. When there is none: `failed`."""

    about = About("Hand over", "users", "Lets another agent go on, with all that is known", "Finish")
    type: Literal["handover"] = "handover"
    agent: str = Field(
        min_length=1, max_length=120, title="Agent", description="By its name.", json_schema_extra=ui("agent")
    )
    say: Spoken = Field(default="", title="Says first", json_schema_extra=ui("prose", template=True))
    greet: bool = Field(
        default=False, title="The other agent greets the caller", json_schema_extra=ui("switch", advanced=True)
    )
    failed: NodeId | None = Field(
        default=None, title="When it is not there, go to", json_schema_extra=ui("node", empty="Hang up")
    )

    def exits(self) -> Iterator[Exit]:
        yield from failure("failed", self.failed, "not there")


class VoicemailNode(NodeBase):
    """Leaves a message: waits until the greeting is over (a second of silence, `patience` at most), speaks, hangs up."""

    about = About("Voicemail", "voicemail", "Leaves a message on an answering machine and hangs up", "Finish")
    type: Literal["voicemail"] = "voicemail"
    text: Spoken = Field(title="Message", json_schema_extra=ui("prose", template=True))
    clip: ClipId = Field(default="", title="Recorded clip", json_schema_extra=ui("clip"))
    patience: float = Field(
        default=15.0,
        ge=0.0,
        le=60.0,
        title="Waits for the beep (seconds)",
        json_schema_extra=ui("number", advanced=True),
    )
    outcome: Name = Field(default="voicemail_left", title="Outcome", json_schema_extra=ui("line"))

    def exits(self) -> Iterator[Exit]:
        return iter(())


class EndNode(NodeBase):
    """Says goodbye, waits until it was heard, and hangs up."""

    about = About("Goodbye", "phone-off", "Says goodbye and hangs up", "Finish")
    type: Literal["end"] = "end"
    text: Spoken = Field(default="", title="Says", json_schema_extra=ui("prose", template=True))
    clip: ClipId = Field(default="", title="Recorded clip", json_schema_extra=ui("clip"))
    outcome: Name = Field(
        default="completed",
        title="Outcome",
        description="How the call counts: completed, booked, declined…",
        json_schema_extra=ui("line"),
    )

    def exits(self) -> Iterator[Exit]:
        return iter(())
