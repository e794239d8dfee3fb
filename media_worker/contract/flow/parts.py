"""What nodes are made of: names, questions, topics, and the ways that lead out of a node.

Titles, descriptions and `ui` hints of the fields are what the canvas, the outline, docs/flow.md and the generator's
prompt show: a field is described here and nowhere else. Text fields marked `template` may hold `{{variable}}` and
`{{variable|default}}`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from media_worker.contract.expressions import check

NodeId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Spoken = Annotated[str, Field(max_length=2_000)]
Expression = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(check)]

SlotType = Literal["text", "name", "phone", "date", "time", "email", "number", "choice", "yes_no", "code"]

Tier = Literal["rules", "small", "large"]
"""Who answers a turn: the built-in engine, a small model, the large one."""

LONGEST_PROMPT = 50_000

CALL_VARIABLES: dict[str, str] = {
    "caller": "the number of who calls, or is called",
    "called": "the number that was called, or that calls",
    "client_name": "the business the agent speaks for",
    "agent_name": "the agent’s own name",
    "timezone": "where the business is, as Europe/Berlin",
    "last_said": "what the caller said last",
    "direction": "inbound, outbound or web",
    "choice": "what the caller chose in the last menu",
    "outcome": "ok or failed: how the last tool, look-up or transfer went",
}
"""Variables that every call has, each with what it is."""

Widget = Literal[
    "line", "lines", "prose", "prompt", "expression", "node", "variable", "tool", "clip", "agent", "phone", "switch",
    "number", "choice", "rows", "turns", "pairs", "bases",
]  # fmt: skip


def ui(
    widget: Widget, *, template: bool = False, advanced: bool = False, rows: str = "", empty: str = "", only: str = ""
) -> dict[str, Any]:
    """How a form shows a field. `rows` is the word for one more row (“Add a question”), `empty` the choice of nothing,
    `only` the kind of answer (the row's `type`) that the field is for."""
    said: dict[str, Any] = {"widget": widget}
    if template:
        said["template"] = True
    if advanced:
        said["advanced"] = True
    if rows:
        said["rows"] = rows
    if empty:
        said["empty"] = empty
    if only:
        said["only"] = only
    return {"ui": said}


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slot(Model):
    """One thing the agent has to learn from the caller; kept as the variable `name`."""

    name: Name = Field(title="Kept as", json_schema_extra=ui("variable"))
    type: SlotType = Field(default="text", title="Kind of answer", json_schema_extra=ui("choice"))
    ask: Spoken = Field(title="Question", json_schema_extra=ui("prose", template=True))
    reask: Spoken = Field(default="", title="When asked again", json_schema_extra=ui("prose", template=True))
    choices: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(
        default=(),
        max_length=50,
        title="Choices",
        description="One a line.",
        json_schema_extra=ui("lines", only="choice"),
    )
    pattern: str = Field(
        default="",
        max_length=40,
        pattern=r"^[#@?A-Z0-9 -]*$",
        title="Pattern of a code",
        description="# is a digit, @ a letter, ? either; anything else stands for itself: AB-####.",
        json_schema_extra=ui("line", advanced=True, only="code"),
    )
    confirm: bool = Field(default=False, title="Read back and ask whether it is right", json_schema_extra=ui("switch"))
    required: bool = Field(default=True, title="Has to be answered", json_schema_extra=ui("switch"))


class Intent(Model):
    """Something a caller may want. `answer` is spoken, then the call goes to `goto`, or stays where it is."""

    name: Name = Field(title="Topic", json_schema_extra=ui("line"))
    examples: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(),
        max_length=50,
        title="What callers say",
        description="One a line, as callers really say it.",
        json_schema_extra=ui("lines"),
    )
    answer: Spoken = Field(default="", title="Answer", json_schema_extra=ui("prose", template=True))
    goto: NodeId | None = Field(
        default=None, title="Then go to", json_schema_extra=ui("node", empty="Stay where the call is")
    )


class When(Model):
    """A way out that an expression opens. Asked before anything else, without a model."""

    when: Expression = Field(title="If", json_schema_extra=ui("expression"))
    goto: NodeId = Field(title="Go to", json_schema_extra=ui("node"))


class Decision(Model):
    """A way out that a language model decides on, where neither an expression nor a topic did."""

    when: str = Field(
        min_length=1,
        max_length=300,
        title="When, in plain words",
        description="“the caller is angry or asks for a refund”",
        json_schema_extra=ui("line"),
    )
    goto: NodeId = Field(title="Go to", json_schema_extra=ui("node"))


class Extract(Model):
    """Something to keep when it comes up in a conversation, without asking for it."""

    name: Name = Field(title="Kept as", json_schema_extra=ui("variable"))
    type: SlotType = Field(default="text", title="Kind", json_schema_extra=ui("choice"))
    about: str = Field(default="", max_length=300, title="What it is", json_schema_extra=ui("line"))
    choices: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(
        default=(), max_length=50, title="Choices", json_schema_extra=ui("lines", only="choice")
    )


class Assign(Model):
    """A variable and the expression whose value it gets."""

    name: Name = Field(title="Variable", json_schema_extra=ui("variable"))
    value: Expression = Field(title="Value", json_schema_extra=ui("expression"))


class Option(Model):
    """A choice of a menu: a key of the phone, a word, or both."""

    digit: str = Field(default="", pattern=r"^[0-9*#]?$", title="Key", json_schema_extra=ui("line"))
    name: Name = Field(title="Choice", json_schema_extra=ui("line"))
    examples: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=30, title="What callers say", json_schema_extra=ui("lines")
    )
    goto: NodeId = Field(title="Go to", json_schema_extra=ui("node"))


class Argument(Model):
    """What a tool is given: a text in which variables are filled in."""

    name: Name = Field(title="Argument", json_schema_extra=ui("line"))
    value: str = Field(default="", max_length=2_000, title="Value", json_schema_extra=ui("line", template=True))


class NodeTurns(Model):
    """Turn taking at one node, where it differs from the agent's. `patience` is added silence, in seconds."""

    interruptible: bool | None = Field(
        default=None, title="Callers may interrupt", json_schema_extra=ui("choice", empty="As the agent has it")
    )
    min_words: int | None = Field(
        default=None, ge=0, le=10, title="Least words that interrupt", json_schema_extra=ui("number")
    )
    patience: float = Field(
        default=0.0, ge=0.0, le=10.0, title="Added patience (seconds)", json_schema_extra=ui("number")
    )
