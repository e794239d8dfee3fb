"""From the flow to somebody's server and back: a real worker follows the flow, a real server is asked."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from agents import actions as agents
from agents.models import Agent, KnowledgeBase
from agents.simulate.talk import talk
from agents.tools import actions
from agents.tools.actions import ToolDraft
from media_worker.contract.flow import (
    Argument,
    Before,
    CollectNode,
    EndNode,
    Flow,
    HandoverNode,
    KnowledgeNode,
    SayNode,
    Slot,
    ToolNode,
)
from tests.agents.knowledge.conftest import base, bring, read
from tests.agents.simulate.conftest import Media, media
from tests.agents.tools.making import FAILURE, http_tool
from tests.fakes.tool_server import ToolServer
from tests.world import World

pytestmark = pytest.mark.db
__all__ = ["base", "media"]


def drafted(agent: Agent, flow: Flow, **more: Any) -> Agent:
    agent.draft = {**agent.draft, "flow": flow.model_dump(mode="json"), **more}
    agent.draft_revision += 1
    agent.save()
    return agent


def orders(**tool: Any) -> Flow:
    return Flow(
        greeting="Lamps and more.",
        start="ask",
        nodes=(
            CollectNode(id="ask", slots=(Slot(name="order_number", type="text", ask="Which order?"),), next="look"),
            ToolNode(
                id="look",
                tool="order",
                arguments=(Argument(name="number", value="{{order_number}}"),),
                next="told",
                failed="sorry",
                **tool,
            ),
            EndNode(id="told", text="It is {{state}}.", outcome="told"),
            EndNode(id="sorry", text="Please call again.", outcome="failed"),
        ),
    )


GIVEN = {"parameters": [{"name": "number"}], "mapping": [{"name": "state", "path": "order.state"}]}


def test_a_step_uses_a_tool_and_its_value_is_spoken(
    agency: World, shop: ToolServer, media: Media, front_desk: Agent
) -> None:
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=GIVEN, waiting="One moment.")
    with talk(drafted(front_desk, orders()), real=True) as line:
        line.turn("opens")
        answered = line.turn("says", "A7")
    (used,) = answered.tools
    assert (used.tool, used.ok, used.status, used.variables) == ("order", True, 200, {"state": "shipped"})
    assert "One moment." in answered.reply
    assert (answered.reply.endswith("It is shipped."), answered.outcome) == (True, "told")
    assert len(shop.asked) == 1


def test_when_it_fails_the_caller_hears_the_tools_own_words(
    agency: World, shop: ToolServer, media: Media, front_desk: Agent
) -> None:
    http_tool(agency, f"{shop.url}/broken?n={{{{number}}}}", config=GIVEN)
    with talk(drafted(front_desk, orders()), real=True) as line:
        line.turn("opens")
        answered = line.turn("says", "A7")
    assert not answered.tools[0].ok
    assert FAILURE in answered.reply
    assert answered.outcome == "failed"


def test_without_leave_nothing_real_is_reached(
    agency: World, shop: ToolServer, media: Media, front_desk: Agent
) -> None:
    mock = {"": {"ok": True, "text": "On its way", "variables": {"state": "on its way"}}}
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=GIVEN, mocks=mock)
    with talk(drafted(front_desk, orders())) as line:
        line.turn("opens")
        answered = line.turn("says", "A7")
    assert (answered.tools[0].mocked, answered.outcome, shop.asked) == (True, "told", [])
    assert "It is on its way." in answered.reply


def test_a_look_up_before_the_greeting_is_in_its_first_words(
    agency: World, shop: ToolServer, media: Media, front_desk: Agent
) -> None:
    config = {"parameters": [{"name": "number", "source": "variable", "value": "caller", "trusted": True, "required": False}],
              "mapping": [{"name": "state", "path": "order.state"}]}  # fmt: skip
    http_tool(agency, f"{shop.url}/orders/{{{{number|unknown}}}}", config=config)
    flow = Flow(
        greeting="Hello, your order is {{state|somewhere}}.",
        before=(Before(tool="order", deadline=5.0),),
        start="bye",
        nodes=(EndNode(id="bye", text="Goodbye."),),
    )
    with talk(drafted(front_desk, flow), real=True) as line:
        opened = line.turn("opens")
    assert opened.reply.startswith("Hello, your order is shipped.")
    assert opened.tools[0].by == "before"


def test_the_knowledge_that_it_may_read_answers_and_another_clients_does_not(
    agency: World, media: Media, front_desk: Agent, base: KnowledgeBase
) -> None:
    read(bring(base, "hours.txt", b"Opening hours\n\nThe practice is open from Monday to Friday, 8 am to 5 pm.\n"))
    flow = Flow(
        greeting="Hello.",
        start="answer",
        nodes=(
            KnowledgeNode(
                id="answer", question="When are you open? What are the opening hours?", next="bye", unknown="lost"
            ),
            EndNode(id="bye", text="Goodbye.", outcome="known"),
            EndNode(id="lost", text="Goodbye.", outcome="unknown"),
        ),
    )
    with talk(drafted(front_desk, flow, knowledge=[base.name])) as line:
        opened = line.turn("opens")
    assert opened.outcome == "known"
    assert opened.tools[0].sources[0].document
    with talk(drafted(front_desk, flow, knowledge=[])) as line:
        assert line.turn("opens").outcome == "unknown"


def test_a_colleague_goes_on_with_its_own_tools(
    agency: World, shop: ToolServer, media: Media, front_desk: Agent
) -> None:
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=GIVEN)
    made = agents.create(agency.alice, agency.bright_dental, name=f"Orders {uuid.uuid4().hex[:6]}", call_type="inbound", purpose="", ask_model=False)  # fmt: skip
    made.agent.tests.all().delete()
    orders_desk = drafted(made.agent, orders())
    agents.publish(agency.alice, orders_desk)
    flow = Flow(
        greeting="Hello.",
        start="hand",
        nodes=(
            HandoverNode(id="hand", agent=orders_desk.name, failed="lost"),
            SayNode(id="lost", text="Nobody is there.", next="bye"),
            EndNode(id="bye", text="Goodbye."),
        ),
    )
    with talk(drafted(front_desk, flow), real=True) as line:
        assert line.turn("opens").handed_to == orders_desk.name
        answered = line.turn("says", "A7")
    assert "It is shipped." in answered.reply


def test_a_transfer_by_name_goes_to_its_configured_number(agency: World, front_desk: Agent) -> None:
    from agents.simulate.talk import AUDIO, Pretended
    from agents.spec import build_spec_for_draft

    numbers = [{"name": "reception", "number": "+14155550177"}]
    actions.create(agency.alice, ToolDraft("transfer", "put_through", "", FAILURE, config={"numbers": numbers}))
    flow = Flow(
        greeting="Hello.",
        start="on",
        nodes=(ToolNode(id="on", tool="put_through", next="bye"), EndNode(id="bye", text="Goodbye.")),
    )
    spec = build_spec_for_draft(
        agent=drafted(front_desk, flow), call=Pretended(uuid.uuid4(), "inbound"), audio=AUDIO, variables=None
    )
    (tool,) = spec.agent.tools
    assert (tool.act, tool.parameters[0].value) == ("transfer", "+14155550177")
