"""Tools an agent may use, as the media plane sees them: what to say, what they take, what came back.

How a tool is reached (address, keys, mapping) stays with the host: a worker asks by name and is told the outcome.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from media_worker.contract.flow.parts import Name, SlotType

Scalar = str | int | float | bool | None

LONGEST_OUTCOME = 8_000

Act = Literal["host", "knowledge", "transfer", "end_call", "send_digits", "remember"]
"""Who does it: the host (everything that leaves the house), or the worker itself."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(Model):
    """One thing a tool takes. `source` says who fills it.

    model     the language model, from the conversation: typed and checked, never trusted
    variable  the variable named by `value`, at the moment of use
    fixed     `value` itself, in which variables are filled in

    With `trusted` (a destination, an amount) what a caller said may not fill it, on any way: no `model`, and no variable
    that was heard from the caller.
    """

    name: Name
    type: SlotType = "text"
    about: str = Field(default="", max_length=500)
    required: bool = True
    choices: tuple[str, ...] = Field(default=(), max_length=50)
    source: Literal["model", "variable", "fixed"] = "model"
    value: str = Field(default="", max_length=2_000)
    trusted: bool = False


class ToolSpec(Model):
    """`failure` is what callers hear when it does not work; no tool is without it. `seconds` is the host's own limit."""

    name: Name
    label: str = Field(default="", max_length=120)
    about: str = Field(max_length=1_000)
    act: Act = "host"
    parameters: tuple[Parameter, ...] = Field(default=(), max_length=30)
    waiting: str = Field(default="", max_length=300)
    failure: str = Field(min_length=1, max_length=300)
    seconds: float = Field(default=8.0, ge=0.1, le=60.0)
    sets: tuple[Name, ...] = Field(default=(), max_length=40)
    """The variables its answer may fill."""


class UseTool(Model):
    """`key` names this use in this call: asked again under it (by another worker after a crash), the host gives the same
    outcome and does nothing twice."""

    tool: Name
    arguments: dict[Name, Scalar] = Field(default_factory=dict)
    key: str = Field(max_length=80)
    turn: int = Field(default=0, ge=0)


class Source(Model):
    """A passage that an answer rests on. `score` is 0 to 1."""

    document: str = Field(max_length=300)
    heading: str = Field(default="", max_length=300)
    text: str = Field(default="", max_length=4_000)
    score: float = Field(ge=0, le=1)


class ToolOutcome(Model):
    """`text` is for the model: what came back, or a sentence about why it failed. `variables` are kept by the flow.

    `ok` is False for every status of 400 and above, an answer that cannot be read, and a time that ran out.
    """

    ok: bool
    text: str = Field(default="", max_length=LONGEST_OUTCOME)
    variables: dict[Name, Scalar] = Field(default_factory=dict)
    status: int | None = None
    ms: int = Field(default=0, ge=0)
    sources: tuple[Source, ...] = Field(default=(), max_length=20)
    note: str = Field(default="", max_length=300)
    """For whoever reads the trace: what was not as usual, in a sentence."""
    mocked: bool = False


Mocks = Annotated[dict[Name, ToolOutcome], Field(max_length=60)]
"""Outcomes by the name of their tool, where a test or a try must reach nothing real."""
