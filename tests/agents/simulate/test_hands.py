"""Tools in a try and in a test: mocks first, and nothing real unless somebody said so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agents.models import Agent, Tool
from agents.simulate import actions, run
from agents.simulate.hands import NO_MOCK
from agents.simulate.shape import Scenario
from agents.simulate.talk import talk
from media_worker.contract.flow import Argument, ConversationNode, EndNode, Flow, Intent, ToolNode
from media_worker.contract.tools import ToolOutcome
from tests.agents.simulate.conftest import Media
from tests.agents.tools.making import FAILURE, http_tool
from tests.fakes.tool_server import ToolServer
from tests.world import World

pytestmark = pytest.mark.db

FLOW = Flow(
    greeting="Hello.",
    start="talk",
    nodes=(
        ConversationNode(
            id="talk",
            say="What can I do?",
            intents=(Intent(name="order", examples=("where is my order",), goto="look"),),
        ),
        ToolNode(
            id="look", tool="order", arguments=(Argument(name="number", value="17"),), next="there", failed="lost"
        ),
        EndNode(id="there", text="It is {{state|somewhere}}.", outcome="told"),
        EndNode(id="lost", outcome="failed"),
    ),
)
ASKS = "where is my order"


@pytest.fixture
def shop(settings: Any) -> Iterator[ToolServer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with ToolServer() as server:
        yield server


@pytest.fixture
def order(shop: ToolServer, agency: World) -> Tool:
    config = {
        "parameters": [{"name": "number", "about": "Of the order"}],
        "mapping": [{"path": "status", "name": "state"}],
    }
    return http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=config)


@pytest.fixture
def shopkeeper(front_desk: Agent, order: Tool) -> Agent:
    front_desk.draft = {**front_desk.draft, "flow": FLOW.model_dump(mode="json")}
    front_desk.draft_revision += 1
    front_desk.save()
    return front_desk


def asked(agent: Agent, **how: Any) -> Any:
    with talk(agent, **how) as line:
        line.turn("opens")
        return line.turn("says", ASKS)


def test_without_a_mock_nothing_is_reached_and_the_tool_fails_in_words(
    media: Media, shopkeeper: Agent, shop: ToolServer
) -> None:
    turn = asked(shopkeeper)
    assert FAILURE in turn.reply
    assert (turn.outcome, turn.tools[0].text) == ("failed", NO_MOCK)
    assert shop.asked == []


def test_the_tools_own_mock_answers(media: Media, shopkeeper: Agent, order: Tool, shop: ToolServer) -> None:
    order.mocks = {"": {"text": "On its way.", "variables": {"state": "on its way"}}}
    order.save()
    turn = asked(shopkeeper)
    assert turn.reply.endswith("It is on its way.")
    assert (turn.tools[0].mocked, turn.changed["state"]) == (True, "on its way")
    assert shop.asked == []


def test_what_the_try_says_goes_before_the_tools_own_mock(media: Media, shopkeeper: Agent, order: Tool) -> None:
    order.mocks = {"": {"text": "On its way."}}
    order.save()
    mine = {"order": ToolOutcome(ok=True, variables={"state": "lost at sea"})}
    assert asked(shopkeeper, mocks=mine).reply.endswith("It is lost at sea.")


def test_a_tool_is_used_for_real_only_where_that_was_switched_on(
    media: Media, shopkeeper: Agent, shop: ToolServer
) -> None:
    turn = asked(shopkeeper, real=True)
    assert [one.path for one in shop.asked] == ["/orders/17"]
    assert turn.tools[0].ok
    assert not turn.tools[0].mocked
    assert turn.outcome == "told"


def test_a_test_mocks_its_own_tools_and_expects_their_use(
    media: Media, shopkeeper: Agent, shop: ToolServer, agency: World
) -> None:
    scenario = Scenario.model_validate(
        {
            "steps": [
                {
                    "does": "says",
                    "text": ASKS,
                    "expects": [{"kind": "used", "tool": "order", "arguments": {"number": 17}}],
                }
            ],
            "expects": [{"kind": "outcome", "outcome": "told"}],
            "mocks": {"order": {"ok": True, "variables": {"state": "there"}}},
        }
    )
    made = run.start(None, shopkeeper, [actions.save(agency.alice, shopkeeper, "Order", scenario)])
    run.execute(made.pk)
    result = made.results.get()
    assert result.status == "passed", result.findings
    assert shop.asked == []
