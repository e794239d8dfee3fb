"""What a language model is asked to write: a whole flow with its example tests, in a shape made from the declared kinds.

Models get small things wrong: names with spaces, an arrow to nowhere, one example too many. What can be put right without
guessing is put right here; what cannot is told to the model once.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.content import AgentContent, Choices
from agents.flow.form import identifier
from agents.generate import Example
from agents.generate.facts import clean, line, number_in
from agents.generate.hints import kinds, node_schema, start_schema
from agents.simulate.shape import Scenario
from media_worker.contract.flow import Flow

MOST_TESTS = 8
MOST_STEPS = 60
_ARROWS = frozenset(
    {"goto", "next", "otherwise", "give_up", "failed", "fallback_goto", "heard", "unknown", "start"}
)  # fmt: skip
_NAMES = frozenset({"name", "outcome", "id"})
_LONGEST = {"examples": 200, "choices": 80, "goals": 300, "fallback": 2_000}


class Unusable(ValueError):
    """What a model wrote makes no agent. The text is for the model, to mend it."""


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class WrittenStep(Model):
    """What the caller says in a test, and the step that the call has come to then."""

    caller: str = Field(min_length=1, max_length=500)
    reaches: str = ""


class WrittenTest(Model):
    name: str = Field(min_length=1, max_length=120)
    turns: list[WrittenStep] = Field(min_length=1, max_length=20)
    outcome: str = ""


class Written(Model):
    """A model's answer, before anything of it is believed."""

    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    greeting: str
    prompt: str
    goals: list[str] = []
    start: str
    variables: list[dict[str, Any]] = []
    openings: list[dict[str, Any]] = []
    intents: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_STEPS)
    tests: list[WrittenTest] = []


def schema() -> dict[str, Any]:
    """As the strict mode of model servers wants it."""
    turn = _object(
        {"caller": {"type": "string"}, "reaches": {"type": "string", "description": "A step's name, or empty"}}
    )
    test = _object({"name": {"type": "string"}, "turns": _list(turn), "outcome": {"type": "string"}})
    return _object(
        {"language": {"type": "string"}, **start_schema(), "nodes": _list(node_schema(kinds())), "tests": _list(test)}
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def build(
    written: Written, models: Choices, purpose: str, region: str = "US"
) -> tuple[AgentContent, tuple[Example, ...]]:
    """The agent these words make, and its tests. Raises Unusable with what the model has to mend."""
    flow: dict[str, Any] = {
        "greeting": written.greeting,
        "prompt": written.prompt,
        "goals": written.goals[:20],
        "start": written.start,
        "variables": written.variables,
        "hours": {"openings": written.openings},
        "intents": written.intents,
        "nodes": written.nodes,
    }
    flow = tidied(flow)
    _refuse_other_numbers(flow["nodes"], purpose, region)
    document = {"language": written.language, "models": models.model_dump(mode="json"), "flow": flow}
    try:
        content = AgentContent.model_validate(document)
    except ValidationError as error:
        raise Unusable(told(error)) from None
    return content, _tests(written.tests, content.flow)


def told(error: ValidationError) -> str:
    """The first errors, with their places, for a model."""
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:8]) + "."


def tidied(here: Any, key: str = "") -> Any:
    """Names as names are written, empty arrows and nulls left out, rows of examples cut to what is allowed."""
    if isinstance(here, dict):
        made = {name: tidied(value, name) for name, value in here.items() if value is not None}
        return {name: value for name, value in made.items() if not (name in _ARROWS and value == "")}
    if isinstance(here, list):
        found = [tidied(item, key) for item in here if item not in (None, "")]
        return [line(item, _LONGEST[key]) if isinstance(item, str) and key in _LONGEST else item for item in found][:50]
    if isinstance(here, str) and key in (_ARROWS | _NAMES):
        return identifier(here, "") if here.strip() else ""
    return here


def _refuse_other_numbers(nodes: list[dict[str, Any]], purpose: str, region: str) -> None:
    """A number that callers are put through to has to stand in the description: a model's invention is a stranger's."""
    for node in nodes:
        if node.get("type") != "transfer":
            continue
        number = number_in(str(node.get("to", "")), region)
        if not number or number not in _numbers(purpose, region):
            raise Unusable(
                f"Step {node.get('id')}: it transfers to a number that the description does not name. Leave the step out "
                "and take a message instead."
            )
        node["to"] = number


def _numbers(purpose: str, region: str) -> set[str]:
    return {number for part in clean(purpose).replace(". ", "\n").split("\n") if (number := number_in(part, region))}


def _tests(written: list[WrittenTest], flow: Flow) -> tuple[Example, ...]:
    """Tests that can be kept: what they expect is in the flow. Words are not expected of a model, steps and ends are."""
    outcomes = {getattr(node, "outcome", "") for node in flow.nodes}
    made: dict[str, Example] = {}
    for test in written[:MOST_TESTS]:
        steps = [
            {
                "does": "says",
                "text": turn.caller,
                "expects": [{"kind": "reached", "node": node}]
                if (node := identifier(turn.reaches, "x")) in flow.by_id
                else [],
            }
            for turn in test.turns
        ]
        outcome = identifier(test.outcome, "x")
        expects = [{"kind": "outcome", "outcome": outcome}] if outcome in outcomes else []
        if expects or any(step["expects"] for step in steps):
            made.setdefault(
                test.name, Example(test.name, Scenario.model_validate({"steps": steps, "expects": expects}))
            )
    return tuple(made.values())
