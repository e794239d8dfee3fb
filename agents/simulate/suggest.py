"""A conversation becomes a test: the same words of the caller, and what happened is what is expected from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.simulate.exchange import Exchange
from agents.simulate.judge import words
from agents.simulate.shape import (
    MOST_EXPECTED,
    MOST_STEPS,
    Ended,
    Expectation,
    OutcomeIs,
    Presses,
    Reached,
    Says,
    Scenario,
    Silent,
    Step,
    Used,
    VariableIs,
)
from media_worker.contract.tools import Mocks, Scalar, ToolOutcome

LONGEST_NAME = 60


@dataclass(frozen=True)
class Suggestion:
    name: str
    scenario: Scenario


def suggestion(
    conversation: Sequence[Exchange],
    variables: Mapping[str, Scalar],
    mocks: Mocks,
    now: datetime | None,
) -> Suggestion:
    """Steps reached, values kept, tools used, and how it ended. Not the agent's words: a model says them in another way
    each time. What tools answered becomes their mock, where they have none."""
    told = [turn for turn in conversation if turn.does != "opens"][:MOST_STEPS]
    used = {
        line.tool: ToolOutcome(
            ok=line.ok, text=line.text, variables=line.variables, status=line.status, sources=line.sources
        )
        for turn in conversation
        for line in turn.tools
    }
    scenario = Scenario(
        steps=tuple(_step(turn) for turn in told),
        expects=_at_the_end(conversation),
        variables=dict(variables),
        mocks={**used, **mocks},
        now=now,
    )
    return Suggestion(_name(conversation), scenario)


def _step(turn: Exchange) -> Step:
    expects: list[Expectation] = []
    if turn.nodes:
        expects.append(Reached(node=turn.nodes[-1]))
    expects += [VariableIs(name=name, value=value) for name, value in list(turn.changed.items())[:8]]
    expects += [Used(tool=line.tool) for line in turn.tools[:6]]
    kept = tuple(expects[:MOST_EXPECTED])
    if turn.does == "presses":
        return Presses(digits=turn.text, expects=kept)
    return Says(text=turn.text, expects=kept) if turn.does == "says" else Silent(expects=kept)


def _at_the_end(conversation: Sequence[Exchange]) -> tuple[Expectation, ...]:
    last = conversation[-1] if conversation else None
    if last is None or not last.ended:
        return ()
    try:
        return (OutcomeIs(outcome=last.outcome),)
    except ValueError:
        return (Ended(),)


def _name(conversation: Sequence[Exchange]) -> str:
    """What the caller wanted, and how it ended."""
    first = next((turn.text for turn in conversation if turn.does == "says"), "")
    wish = " ".join(first.split())
    wish = wish if len(wish) <= LONGEST_NAME else f"{wish[:LONGEST_NAME].rsplit(' ', 1)[0]}…"
    last = conversation[-1] if conversation else None
    end = f" → {words(last.outcome)}" if last is not None and last.ended and last.outcome else ""
    return f"{wish[:1].upper()}{wish[1:]}{end}" if wish else f"A caller who says nothing{end}"
