"""A template of the library and the facts of a description become an agent and its example tests.

A template is a flow in which `[fact]` stands for a fact, `{needs = "fact", text = …, otherwise = …}` for a text that
depends on one, `common` and `take` for nodes that templates share, and `use` for shared topics. A node that `needs` a
fact which nobody gave is left out, and what would lead to it leads to its `instead`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from agents.content import AgentContent
from agents.generate.facts import Facts, clean, topics
from agents.generate.hours import openings

LIBRARY = Path(__file__).parent / "library"
_PIECES = frozenset({"common", "topics"})
_HOLE = re.compile(r"\[([a-z]+)\]")
_BUILD_KEYS = frozenset({"common", "use", "use_from", "intents", "needs", "instead"})
_ARROWS = frozenset({"goto", "next", "otherwise", "give_up", "failed", "fallback_goto", "heard", "unknown"})
_OWN_FIELDS = ("greeting", "prompt", "start", "use", "intents", "nodes", "take")


@cache
def template(name: str) -> dict[str, Any]:
    with (LIBRARY / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml") if path.stem not in _PIECES))


def values_of(facts: Facts) -> dict[str, str]:
    """What may stand in a hole, and what `needs` may ask for."""
    found = {"business": facts.business, **facts.known()}
    return found | ({"transfer": facts.transfer} if facts.transfer else {})


def fill(name: str, facts: Facts, purpose: str = "") -> AgentContent:
    """The template's agent, with the facts in place."""
    source, values = template(name)["flow"], values_of(facts)
    nodes = _nodes(source)
    flow: dict[str, Any] = {
        **{key: value for key, value in source.items() if key not in _OWN_FIELDS},
        "greeting": filled(source["greeting"], values),
        "prompt": _prompt(name, filled(source["prompt"], values), facts, purpose),
        "goals": [filled(goal, values) for goal in template(name)["goals"]],
        "hours": openings(facts.hours).model_dump(mode="json"),
        "start": source["start"],
        "intents": _intents(source, values, facts),
        "nodes": [
            _node(node, nodes, values, facts) for node in nodes.values() if node.get("needs", "business") in values
        ],
    }
    return AgentContent.model_validate({"flow": _redirected(flow, _instead(nodes, values))})


def _nodes(source: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The template's nodes by id, its own first, each with what it has in common with other templates."""
    shared = template("common")["nodes"]
    own = [{**(shared[node["common"]] if "common" in node else {}), **node} for node in source["nodes"]]
    taken = [{"id": name, **shared[name]} for name in source.get("take", ())]
    return {node["id"]: node for node in (*own, *taken)}


def _instead(nodes: dict[str, dict[str, Any]], values: dict[str, str]) -> dict[str, str]:
    """Where an arrow to a node that is left out leads."""
    left_out = {key: node["instead"] for key, node in nodes.items() if node.get("needs", "business") not in values}
    for key in left_out:
        while left_out[key] in left_out:
            left_out[key] = left_out[left_out[key]]
    return left_out


def _redirected(here: Any, instead: dict[str, str]) -> Any:
    if isinstance(here, dict):
        return {
            key: instead.get(value, value) if key in _ARROWS and isinstance(value, str) else _redirected(value, instead)
            for key, value in here.items()
        }
    return [_redirected(item, instead) for item in here] if isinstance(here, list) else here


def _node(node: dict[str, Any], nodes: dict[str, Any], values: dict[str, str], facts: Facts) -> dict[str, Any]:
    built = {key: filled(value, values) for key, value in node.items() if key not in _BUILD_KEYS}
    if node.get("type") == "conversation":
        built["intents"] = _intents(node, values, facts)
        if "use_from" in node:
            built["intents"] += _besides(built["intents"], filled(nodes[node["use_from"]].get("intents", []), values))
    return built


def _besides(own: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The topics of another node that may stand beside these: a plain “no” keeps the meaning that it has here."""
    names = {intent["name"] for intent in own}
    said = {example for intent in own for example in intent["examples"]}
    return [
        {**intent, "examples": [example for example in intent["examples"] if example not in said]}
        for intent in others
        if intent["name"] not in names
    ]


def _intents(source: dict[str, Any], values: dict[str, str], facts: Facts) -> list[dict[str, Any]]:
    """The source's own topics, then those it shares; a topic whose answer needs an unknown fact is left out."""
    built = [filled(intent, values) for intent in source.get("intents", ())]
    for name in source.get("use", ()):
        if name == "facts":
            built += [
                {"name": topic, "answer": answer, "examples": list(topics()[topic]["examples"])}
                for topic, answer in facts.answers.items()
            ]
            continue
        shared = {"name": name, **template("common")["intents"][name]}
        if not _missing(shared.get("answer", ""), values):
            built.append(filled(shared, values))
    kept: dict[str, dict[str, Any]] = {}
    for intent in built:
        kept.setdefault(intent["name"], intent)
    return list(kept.values())


def _missing(text: Any, values: dict[str, str]) -> bool:
    return isinstance(text, dict) and text["needs"] not in values and "otherwise" not in text


def filled(value: Any, values: dict[str, str]) -> Any:
    """Texts with their holes filled, at any depth."""
    if isinstance(value, str):
        return _HOLE.sub(lambda match: values.get(match[1], ""), value).replace("..", ".")
    if isinstance(value, dict) and "needs" in value and "text" in value:
        return filled(value["text"] if value["needs"] in values else value.get("otherwise", ""), values)
    if isinstance(value, dict):
        return {key: filled(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, values) for part in value]
    return value


def _prompt(name: str, prompt: str, facts: Facts, purpose: str) -> str:
    """The instructions for when a language model takes over: the template's own, what never to do, how to speak, what to
    do when unsure, the builder's own words, and the facts."""
    manners = template("common")["manners"]
    never = [*template(name).get("never", ()), *manners["never"]]
    parts = [prompt.strip(), "Never:\n" + "\n".join(f"- {line}" for line in never)]
    parts += [manners["speaking"].strip(), manners["unsure"].strip()]
    wish = clean(purpose, 4_000)
    if wish:
        parts.append(f"What the agent is for, in the words of its builder:\n{wish}")
    known = [f"- {key.capitalize()}: {value}" for key, value in facts.known().items()]
    known += [f"- {answer}" for answer in facts.answers.values()]
    parts.append(
        "What you know:\n" + ("\n".join(known) or f"- You work for {facts.business}. More is not written here.")
    )
    return "\n\n".join(parts)
