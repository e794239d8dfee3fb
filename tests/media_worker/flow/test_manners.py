"""How turns are taken at a node: the agent's ways, and what the node changes of them."""

from __future__ import annotations

import uuid

import pytest

from media_worker.contract.flow import ConversationNode, EndNode, Flow, Intent, NodeTurns, SayNode
from media_worker.contract.spec import AgentSpec, CallSpec, TurnTaking
from media_worker.flow.runner import FlowRunner

pytestmark = pytest.mark.unit

FLOW = Flow(
    greeting="Hello.",
    start="talk",
    nodes=(
        ConversationNode(
            id="talk",
            intents=(
                Intent(name="law", examples=("read me the terms",), goto="terms"),
                Intent(name="number", examples=("take my number down",), goto="number"),
                Intent(name="bye", examples=("goodbye",), goto="end"),
            ),
        ),
        SayNode(id="terms", text="These are the terms.", next="talk", turns=NodeTurns(interruptible=False)),
        ConversationNode(id="number", say="Go ahead.", turns=NodeTurns(interruptible=False, min_words=2, patience=1.5)),
        EndNode(id="end", text="Bye."),
    ),
)


def runner() -> FlowRunner:
    agent = AgentSpec(id=uuid.uuid4(), version=1, name="Clinic", flow=FLOW, turns=TurnTaking(min_words=1))
    spec = CallSpec(call_id=uuid.uuid4(), agency="alice", direction="inbound", agent=agent)
    flow = FlowRunner(spec, None, lambda body: None)
    flow.opening()
    return flow


async def test_a_node_changes_the_agents_ways_only_while_the_flow_is_there():
    flow = runner()
    assert flow.turns == flow.spec.agent.turns
    await flow.on_user_turn("take my number down", None)
    assert (flow.node, flow.turns.interruptible, flow.turns.min_words) == ("number", False, 2)
    assert flow.patience == 1.5
    assert flow.turns.speech_timeout == pytest.approx(flow.spec.agent.turns.speech_timeout + 1.5)
    assert flow.turns.smart_turn_deadline == pytest.approx(flow.spec.agent.turns.smart_turn_deadline + 1.5)


async def test_a_node_without_wishes_and_the_last_one_leave_everything_as_it_is():
    flow = runner()
    await flow.on_user_turn("goodbye", None)
    assert (flow.turns, flow.patience) == (flow.spec.agent.turns, 0.0)


async def test_what_a_say_node_wants_heard_makes_the_whole_reply_uninterruptible():
    flow = runner()
    assert flow.opening().interruptible
    reply = await flow.on_user_turn("read me the terms", None)
    assert reply is not None
    assert reply.text.startswith("These are the terms.")
    assert not reply.interruptible
    assert flow.turns.interruptible
