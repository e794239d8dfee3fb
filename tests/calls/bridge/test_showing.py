from __future__ import annotations

import pytest

from calls.bridge.showing import shown
from media_worker.contract.events import (
    AgentTurn,
    CallEvent,
    EventBody,
    Fault,
    Latency,
    NodeEntered,
    ToolUsed,
    UserTurn,
    VariableSet,
)

pytestmark = pytest.mark.unit

SAID: list[EventBody] = [
    UserTurn(turn=1, text="hello", started_ms=0, ended_ms=9),
    AgentTurn(turn=1, text="Good day.", started_ms=10, ended_ms=19),
]
INTERNALS: list[EventBody] = [
    NodeEntered(node="booking"),
    VariableSet(name="phone", value="+14155550199"),
    ToolUsed(turn=1, tool="crm", ok=True, text="VIP", started_ms=0, ended_ms=9),
    Fault(whose="provider", stage="llm", message="The model of OpenAI failed."),
]


def event(body: EventBody) -> CallEvent:
    return CallEvent(seq=1, at_ms=0, body=body)


def test_who_builds_the_draft_sees_everything() -> None:
    assert all(shown(event(body), draft=True) == event(body) for body in [*SAID, *INTERNALS])


def test_who_talks_to_a_published_agent_sees_the_conversation_alone() -> None:
    assert all(shown(event(body), draft=False) == event(body) for body in SAID)
    assert [shown(event(body), draft=False) for body in INTERNALS] == [None] * len(INTERNALS)


def test_how_long_an_answer_took_is_shown_without_the_vendors() -> None:
    seen = shown(event(Latency(turn=1, turn_end_ms=5, llm_vendor="openai", tts_vendor="cartesia")), draft=False)
    assert seen is not None
    assert isinstance(seen.body, Latency)
    assert (seen.body.turn_end_ms, seen.body.llm_vendor, seen.body.tts_vendor) == (5, "", "")
