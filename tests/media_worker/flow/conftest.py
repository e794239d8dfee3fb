"""Bella Dental's flow, as a builder would draw it, and calls that follow it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from media_worker.contract.events import EventBody, Snapshot
from media_worker.contract.flow import CollectNode, ConversationNode, EndNode, Flow, Intent, SayNode, Slot
from media_worker.contract.spec import AgentSpec, CallSpec, Provider, Providers, Scalar
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.driving import Driver, Hands
from media_worker.flow.runner import FlowRunner
from media_worker.flow.work import LookUp, ToolWork, Work

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

BELLA = Flow(
    greeting="Hello{{first_name|}}, this is {{business|Bella Dental}}.",
    prompt="You answer for {{business|Bella Dental}}.",
    goals=("Book appointments.",),
    start="talk",
    nodes=(
        ConversationNode(
            id="talk",
            say="How can I help?",
            prompt="Find out what the caller wants.",
            intents=(
                Intent(
                    name="book",
                    examples=("I would like to book an appointment", "can I come in", "I need to see the dentist"),
                    answer="Sure.",
                    goto="form",
                ),
                Intent(
                    name="hours",
                    examples=("what are your opening hours", "when are you open", "what time do you close"),
                    answer="We are open from nine to five.",
                ),
                Intent(
                    name="prices", examples=("how much does a cleaning cost", "what are your prices"), answer="Ninety."
                ),
                Intent(name="cancel", examples=("I want to cancel my appointment",), goto="cancelled"),
                Intent(name="cannot", examples=("I can not come to my appointment",), goto="cancelled"),
            ),
            fallback=("Sorry, could you say that again?", "I did not get that either."),
            fallback_goto="person",
        ),
        CollectNode(
            id="form",
            slots=(
                Slot(name="day", type="date", ask="Which day?", reask="Which day was that?"),
                Slot(name="time", type="time", ask="At what time?"),
                Slot(name="name", type="name", ask="Your name?", confirm=True),
                Slot(name="email", type="email", ask="Your e-mail?", required=False),
            ),
            attempts=2,
            done="Thank you {{name}}, see you {{day}} at {{time}}.",
            next="more",
            give_up="person",
        ),
        ConversationNode(
            id="more",
            say="Anything else?",
            intents=(
                Intent(name="no", examples=("no", "no thank you", "that is all"), goto="bye"),
                Intent(name="yes", examples=("yes", "yes please"), answer="What is it?", goto="talk"),
            ),
        ),
        SayNode(id="cancelled", text="I have noted that.", next="bye"),
        EndNode(id="bye", text="Goodbye.", outcome="done"),
        EndNode(id="person", text="A colleague will call you back.", outcome="handed_over"),
    ),
    intents=(
        Intent(name="person", examples=("I want to speak to a person", "can I talk to a human"), goto="person"),
        Intent(name="goodbye", examples=("goodbye", "thank you goodbye"), goto="bye"),
    ),
)


def spec(
    flow: Flow = BELLA, *, llm: bool = False, variables: dict[str, Scalar] | None = None, **agent: Any
) -> CallSpec:
    model = Provider(vendor="openai_compatible", base_url="http://127.0.0.1:1/v1", options={"model": "m"})
    return CallSpec(
        call_id=uuid.UUID(int=1),
        agency="alice",
        direction="inbound",
        agent=AgentSpec(
            id=uuid.UUID(int=2),
            version=1,
            name="Bella",
            flow=flow,
            providers=Providers(llm=model) if llm else Providers(),
            **agent,
        ),
        variables=variables or {},
    )


class Talk:
    """A call in words alone."""

    def __init__(self, of: CallSpec, resume: Snapshot | None = None) -> None:
        self.events: list[EventBody] = []
        self.spec = of
        self.runner = FlowRunner(of, resume, self.events.append, lambda: NOW)

    async def say(self, text: str, confidence: float | None = None) -> str:
        reply = await self.runner.on_user_turn(text, confidence)
        assert reply is not None, "an LLM has to answer"
        return reply.text

    def drives(self, hands: Hands, turn: int = 1) -> Driver:
        return Driver(self.runner, hands, self.events.append, lambda: 0, lambda: turn)

    def snapshot(self) -> Snapshot:
        taken = Snapshot(
            turn=1,
            seq=1,
            at_ms=1,
            node=self.runner.node,
            variables=dict(self.runner.variables),
            state=self.runner.state(),
        )
        return Snapshot.model_validate_json(taken.model_dump_json())

    def of(self, kind: str) -> list[EventBody]:
        return [event for event in self.events if event.kind == kind]


class FakeHands:
    """Gives each work the outcome of its name, and keeps what was asked. A work without one hangs."""

    def __init__(self, **outcomes: ToolOutcome | Exception) -> None:
        self.outcomes = outcomes
        self.works: list[Work] = []
        self.lines: list[str] = []

    async def patience(self, line: str, turn: int) -> None:
        self.lines.append(line)

    async def do(self, work: Work, turn: int) -> ToolOutcome:
        self.works.append(work)
        name = work.use.tool if isinstance(work, ToolWork | LookUp) else work.kind
        if name not in self.outcomes:
            await asyncio.Event().wait()
        outcome = self.outcomes[name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def talk() -> Callable[..., Talk]:
    def begin(flow: Flow = BELLA, resume: Snapshot | None = None, **changes: object) -> Talk:
        return Talk(spec(flow, **changes), resume)  # type: ignore[arg-type]

    return begin
