"""The built-in templates to choose from: what each is for, and an outline of what it does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from agents.flow.problems import words
from agents.generate.examples import examples
from agents.generate.facts import Facts
from agents.generate.filling import fill, names, template
from media_worker.contract.flow import KINDS

_SHOWN = Facts("the business")


@dataclass(frozen=True)
class Step:
    """A step for people: its name, what kind it is, and what it says or asks."""

    title: str
    picture: str
    kind: str
    text: str


@dataclass(frozen=True)
class Card:
    """A template. `never` is what its agent never does, `tests` the names of its example tests."""

    name: str
    label: str
    icon: str
    summary: str
    calls: tuple[str, ...]
    goals: tuple[str, ...]
    steps: tuple[Step, ...]
    topics: tuple[str, ...]
    outcomes: tuple[str, ...]
    never: tuple[str, ...]
    tests: tuple[str, ...]


@cache
def cards() -> list[Card]:
    return [_card(name) for name in names()]


def card(name: str) -> Card | None:
    return next((each for each in cards() if each.name == name), None)


def _text(node: dict[str, Any]) -> str:
    """What a step says or asks, else what it is there for."""
    asked = " ".join(slot["ask"] for slot in node.get("slots", ()))
    return str(node.get("say") or node.get("text") or asked or node.get("prompt", "").split(". ")[0])


def _card(name: str) -> Card:
    source, flow = template(name), fill(name, _SHOWN).flow
    nodes = [node.model_dump(mode="json") for node in flow.nodes]
    steps = [
        Step(
            words(node["id"]).capitalize(),
            KINDS[node["type"]].about.icon,
            KINDS[node["type"]].about.label,
            _text(node),
        )
        for node in nodes
        if node["type"] not in ("end", "branch", "set")
    ]
    topics = [intent["name"] for node in nodes for intent in node.get("intents", ())]
    outcomes = [node["outcome"] for node in nodes if "outcome" in node]
    return Card(
        name,
        source["label"],
        source["icon"],
        source["summary"],
        tuple(source["calls"]),
        flow.goals,
        tuple(steps),
        tuple(words(topic) for topic in dict.fromkeys([*topics, *(intent.name for intent in flow.intents)])),
        tuple(words(outcome) for outcome in dict.fromkeys(outcomes)),
        tuple(source["never"]),
        tuple(example.name for example in examples(name, _SHOWN)),
    )
