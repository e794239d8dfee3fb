"""Servers of the Model Context Protocol as tools: connected by a builder, used in a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from pydantic import ValidationError

from agents.models import Tool
from agents.tools import actions
from agents.tools.kinds.base import ToolFailed
from agents.tools.kinds.mcp import McpConfig
from agents.tools.queries import offered
from tests.agents.conftest import browser
from tests.agents.tools.connecting import ask, tool, troubles
from tests.fakes.connectors.mcp_server import FakeMcp
from tests.world import World
from voiceops.lib.errors import AddressRefused

pytestmark = pytest.mark.db
MAPPING = [{"name": "state", "path": "order.state", "required": False}]


@pytest.fixture(params=[False, True], ids=["json", "events"])
def server(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeMcp]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with FakeMcp(events=request.param) as fake:
        yield fake


@pytest.fixture
def shop(server: FakeMcp, agency: World) -> Tool:
    made = tool(agency, "mcp", "shop", {"url": f"{server.url}/mcp", "mapping": MAPPING}, {"key": "mcp-key"})
    return actions.connect(agency.alice, made)


def test_connecting_takes_the_servers_tools_over(shop: Tool, server: FakeMcp, agency: World) -> None:
    there = offered(agency.bright_dental.pk)
    look_up = there["shop_look_up_order"]
    kinds = {parameter.name: (parameter.type, parameter.required) for parameter in look_up.parameters}
    assert kinds == {
        "ordernumber": ("text", True),
        "since": ("date", False),
        "kind": ("choice", False),
        "limit": ("number", False),
    }
    assert look_up.operation.safe
    assert "shop_ping" in there
    assert "shop_bulk" not in there, "it needs a list, which nobody says on the phone"
    assert server.sessions == set(), "the session was given back"


def test_a_tool_is_called_by_its_name_and_its_arguments_names_there(shop: Tool, server: FakeMcp, agency: World) -> None:
    outcome = ask(agency, "shop_look_up_order", ordernumber="A-7", limit="3", kind="Open")
    assert outcome.ok, outcome.text
    assert outcome.variables == {"state": "shipped"}
    assert server.called == [{"name": "look-up.Order", "arguments": {"orderNumber": "A-7", "limit": 3, "kind": "open"}}]
    assert ask(agency, "shop_ping").text == "pong"


def test_what_the_server_calls_an_error_is_one(shop: Tool, agency: World) -> None:
    refused = ask(agency, "shop_look_up_order", ordernumber="wrong")
    assert (refused.ok, refused.text) == (False, "The tool says: No such order.")
    assert "Bad arguments" in ask(agency, "shop_look_up_order", ordernumber="protocol").text


def test_a_tool_that_was_switched_off_or_renamed_stays_so(shop: Tool, agency: World) -> None:
    shop.config["tools"] = [
        {**row, "use": row["name"] != "ping", "name": row["name"].replace("look_up_order", "order")}
        for row in shop.config["tools"]
    ]
    shop.save()
    actions.connect(agency.alice, shop)
    there = offered(agency.bright_dental.pk)
    assert "shop_ping" not in there
    assert "shop_order" in there


@troubles
def test_what_goes_wrong_there_is_a_sentence(
    shop: Tool, server: FakeMcp, agency: World, trouble: str, told: str
) -> None:
    server.trouble = [trouble]
    outcome = ask(agency, "shop_ping")
    assert not outcome.ok
    assert told in outcome.text
    server.trouble = [trouble]
    with pytest.raises(Exception, match=told):
        actions.connect(agency.alice, shop)
    shop.refresh_from_db()
    assert shop.config["tools"], "what was taken over stays"


def test_a_wrong_key_and_a_lost_session(server: FakeMcp, agency: World) -> None:
    made = tool(agency, "mcp", "other", {"url": f"{server.url}/mcp"}, {"key": "wrong-key"})
    with pytest.raises(ToolFailed, match="refused the key") as refused:
        actions.connect(agency.alice, made)
    assert "wrong-key" not in refused.value.sentence


@pytest.mark.parametrize(
    "config",
    [
        {"url": "ftp://mcp.example.com/"},
        {"url": "https://user:pass@mcp.example.com/"},
        {"url": "https://mcp.example.com/", "header": "Host"},
        {"url": "https://mcp.example.com/", "header": "X\r\nEvil"},
        {"url": "https://mcp.example.com/", "tools": [{"name": "a", "remote": "a"}, {"name": "a", "remote": "b"}]},
    ],
)
def test_settings_that_make_no_sense_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        McpConfig.model_validate(config)


def test_inner_addresses_are_not_reached(agency: World, server: FakeMcp, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = []
    made = tool(agency, "mcp", "inner", {"url": f"http://localhost:{server.url.rpartition(':')[2]}/mcp"}, {})
    with pytest.raises(AddressRefused):
        actions.connect(agency.alice, made)
    assert server.begun == 0


def test_the_form_of_a_connected_server_keeps_its_tools(shop: Tool, agency: World) -> None:
    page = browser(agency.bob)
    where = reverse("tool", args=[shop.pk])
    shown = page.get(where)
    assert "look-up.Order" in shown.content.decode()
    form = shown.context["form"]
    posted = {bound.html_name: value for bound in form if (value := bound.value()) not in (None, False)}
    before = dict(shop.config)
    answer = page.post(where, {**posted, "label": "Our shop"})
    assert answer.status_code == 302, answer.context["form"].errors
    shop.refresh_from_db()
    assert shop.label == "Our shop"
    assert [row["takes"] for row in shop.config["tools"]] == [row["takes"] for row in before["tools"]]
    assert "mcp-key" not in shown.content.decode()


@pytest.mark.parametrize("kind", ["mcp", "google_calendar", "calcom", "hubspot", "salesforce"])
def test_every_ready_kind_has_a_form_that_opens(kind: str, agency: World) -> None:
    page = browser(agency.bob)
    assert page.get(reverse("new_tool", args=[kind])).status_code == 200
    assert page.post(reverse("new_tool", args=[kind]), {"label": ""}).status_code == 422
    assert browser(agency.dana).get(reverse("new_tool", args=[kind])).status_code == 404


def test_what_a_server_says_of_its_tools_is_text_on_the_page(shop: Tool, agency: World) -> None:
    for row in shop.config["tools"]:
        row["about"] = "<i>evil</i>"
    shop.save()
    shown = browser(agency.bob).get(reverse("tool", args=[shop.pk])).content.decode()
    assert "<i>evil" not in shown
    assert "&lt;i&gt;evil" in shown
