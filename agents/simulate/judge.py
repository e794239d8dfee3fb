"""Whether what happened is what a test expects. Every verdict is a sentence that a builder understands."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from agents.simulate.exchange import Exchange
from agents.simulate.shape import (
    Expectation,
    Holds,
    NotSaid,
    OutcomeIs,
    Reached,
    Said,
    Used,
    VariableIs,
)
from media_worker.contract.expressions import Surroundings, compiled
from media_worker.contract.tools import Scalar

SAME = compiled("one == other")


class Finding(BaseModel):
    """`place` is 0 for the greeting, the number of a step, or -1 for the whole conversation.

    `expected` says what should be, `found` what was instead; empty when it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: int
    expected: str
    ok: bool
    found: str = ""


def judged(
    expected: Sequence[Expectation],
    seen: Sequence[Exchange],
    place: int,
    surroundings: Surroundings,
) -> list[Finding]:
    """`seen` are the turns that count: one for a step, all for the whole conversation."""
    found = []
    for one in expected:
        wrong = _wrong(one, seen, surroundings)
        found.append(Finding(place=place, expected=sentence(one), ok=not wrong, found=wrong))
    return found


def sentence(one: Expectation) -> str:
    if isinstance(one, Reached):
        return f"It reaches “{words(one.node)}”"
    if isinstance(one, Said):
        return f"It says “{one.text}”"
    if isinstance(one, NotSaid):
        return f"It does not say “{one.text}”"
    if isinstance(one, VariableIs):
        return f"“{words(one.name)}” is {shown(one.value)}"
    if isinstance(one, Holds):
        return f"{one.expression} holds"
    if isinstance(one, Used):
        given = ", ".join(f"{words(name)}: {shown(value)}" for name, value in one.arguments.items())
        return f"It uses “{words(one.tool)}”" + (f" with {given}" if given else "")
    if isinstance(one, OutcomeIs):
        return f"The call ends as “{words(one.outcome)}”"
    return "The agent hangs up" if one.ended else "The agent has not hung up"


def _wrong(one: Expectation, seen: Sequence[Exchange], surroundings: Surroundings) -> str:
    """What was found instead; empty when the expectation holds."""
    last = seen[-1]
    if isinstance(one, Reached):
        nodes = [node for turn in seen for node in turn.nodes]
        if one.node in nodes or last.at == one.node:
            return ""
        return f"It passed {_listed(nodes)}." if nodes else f"It stayed at “{words(last.at)}”."
    if isinstance(one, Said | NotSaid):
        said = " ".join(turn.reply for turn in seen)
        if (_plain(one.text) in _plain(said)) is isinstance(one, Said):
            return ""
        return f"It said “{_cut(said)}”." if said else "It said nothing."
    if isinstance(one, VariableIs):
        value = last.variables.get(one.name)
        return "" if same(value, one.value) else f"It is {shown(value)}."
    if isinstance(one, Holds):
        return "" if compiled(one.expression).holds(last.variables, surroundings) else "It does not hold."
    if isinstance(one, Used):
        return _not_used(one, seen)
    if isinstance(one, OutcomeIs):
        if not last.ended:
            return "The agent has not hung up."
        return "" if last.outcome == one.outcome else f"It ended as “{words(last.outcome) or 'nothing'}”."
    return "" if last.ended is one.ended else f"The agent has {'' if last.ended else 'not '}hung up."


def _not_used(one: Used, seen: Sequence[Exchange]) -> str:
    tools = [line for turn in seen for line in turn.tools]
    uses = [line for line in tools if line.tool == one.tool]
    if not uses:
        return f"It used {_listed([line.tool for line in tools])}." if tools else "It used no tool."
    for use in uses:
        if all(same(use.arguments.get(name), value) for name, value in one.arguments.items()):
            return ""
    given = ", ".join(f"{words(name)}: {shown(value)}" for name, value in uses[-1].arguments.items())
    return f"It was used with {given or 'nothing'}."


def same(one: Scalar, other: Scalar) -> bool:
    """As expressions compare."""
    return SAME.holds({"one": one, "other": other})


def words(name: str) -> str:
    return name.replace("_", " ")


def shown(value: Scalar) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{_cut(str(value), 80)}”"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{words(name)}”" for name in dict.fromkeys(names))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
