"""What a test is: the caller does one thing after the other, and after each, or at the end, something is expected.

    {"steps": [{"does": "says", "text": "I want to book"}, {"does": "presses", "digits": "1"}, {"does": "silent"}],
     "expects": [{"kind": "outcome", "outcome": "booked"}]}

This is what people fill in on the page Tests, what “Save as a test” writes, what programs send, and what the generator
writes beside a draft. `opening` is expected of the greeting, `expects` of a step once the agent has answered it, and the
test's own `expects` of the whole conversation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from media_worker.contract.flow import Name, NodeId
from media_worker.contract.flow.parts import Expression
from media_worker.contract.tools import Mocks, Scalar

MOST_STEPS = 40
MOST_EXPECTED = 20
LONGEST_SAID = 1_000


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reached(Model):
    """The conversation came to this step of the flow."""

    kind: Literal["reached"] = "reached"
    node: NodeId


class Said(Model):
    """The agent's words hold this text, whatever its case."""

    kind: Literal["said"] = "said"
    text: str = Field(min_length=1, max_length=500)


class NotSaid(Model):
    """The agent's words do not hold this text."""

    kind: Literal["not_said"] = "not_said"
    text: str = Field(min_length=1, max_length=500)


class VariableIs(Model):
    """A variable has this value. Compared as in expressions: “3” is 3, and case does not matter."""

    kind: Literal["variable"] = "variable"
    name: Name
    value: Scalar


class Holds(Model):
    """An expression over the variables holds."""

    kind: Literal["holds"] = "holds"
    expression: Expression


class Used(Model):
    """A tool was used, with at least these arguments. `knowledge` is the tool that looks something up."""

    kind: Literal["used"] = "used"
    tool: Name
    arguments: dict[Name, Scalar] = Field(default_factory=dict, max_length=30)


class OutcomeIs(Model):
    """The agent hung up, and the call counts as this."""

    kind: Literal["outcome"] = "outcome"
    outcome: Name


class Ended(Model):
    """The agent has hung up; with `ended` false: it has not."""

    kind: Literal["ended"] = "ended"
    ended: bool = True


Expectation = Annotated[
    Reached | Said | NotSaid | VariableIs | Holds | Used | OutcomeIs | Ended, Field(discriminator="kind")
]
Expectations = Annotated[tuple[Expectation, ...], Field(max_length=MOST_EXPECTED)]


class Says(Model):
    does: Literal["says"] = "says"
    text: str = Field(min_length=1, max_length=LONGEST_SAID)
    expects: Expectations = ()


class Presses(Model):
    does: Literal["presses"] = "presses"
    digits: str = Field(min_length=1, max_length=64, pattern=r"^[0-9A-D*#]+$")
    expects: Expectations = ()


class Silent(Model):
    """Says nothing, until the agent's patience ends."""

    does: Literal["silent"] = "silent"
    expects: Expectations = ()


Step = Annotated[Says | Presses | Silent, Field(discriminator="does")]


class Scenario(Model):
    """A test. `variables` are those the call brings along, `now` its clock, `mocks` what tools answer, by their names:
    in a test nothing real is reached, and a tool without a mock fails."""

    steps: tuple[Step, ...] = Field(default=(), max_length=MOST_STEPS)
    opening: Expectations = ()
    expects: Expectations = ()
    variables: dict[Name, Scalar] = Field(default_factory=dict, max_length=60)
    mocks: Mocks = Field(default_factory=dict)
    now: datetime | None = None

    def expected(self) -> Iterator[Expectation]:
        yield from self.opening
        for step in self.steps:
            yield from step.expects
        yield from self.expects


expectation: TypeAdapter[Expectation] = TypeAdapter(Expectation)
step: TypeAdapter[Step] = TypeAdapter(Step)
