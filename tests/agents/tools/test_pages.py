"""Library → Tools and the agent's tab: forms made of the kinds, keys that never come out, the test button, who may."""

from __future__ import annotations

import copy
import html
from typing import Any

import pytest
from django.urls import reverse

from agents import actions as agents
from agents.models import Agent, KnowledgeBase, Tool
from agents.tools.registry import configured_kinds
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.agents.tools.making import FAILURE, http_tool
from tests.fakes.tool_server import ToolServer
from tests.world import RIVAL_HOST, World

pytestmark = pytest.mark.db
NEW = {
    "label": "Order status", "name": "", "client": "", "about": "Looks an order up.", "waiting": "One moment.",
    "failure": FAILURE, "seconds": "5", "config.method": "GET", "config.auth": "bearer", "config.body_kind": "none",
    "config.retries": "1", "secrets.secret": "s3cret-key", "config.headers": "X-Shop: lamps\nX-Who: {{number}}",
    "config.parameters.0.name": "number", "config.parameters.0.type": "text", "config.parameters.0.source": "model",
    "config.parameters.0.required": "on", "config.parameters.0.about": "The order’s number.",
    "config.parameters.1.type": "text", "config.parameters.1.source": "model", "config.parameters.1.required": "on",
    "config.mapping.0.name": "state", "config.mapping.0.path": "order.state",
}  # fmt: skip


def made(agency: World, shop: ToolServer, **more: Any) -> Tool:
    form = {**NEW, "config.url": f"{shop.url}/orders/{{{{number}}}}", **more}
    answer = browser(agency.bob).post(reverse("new_tool", args=["http"]), form)
    assert answer.status_code == 302, html.unescape(answer.content.decode())
    return Tool.objects.latest("created_at")


def test_a_builder_makes_a_tool_and_its_key_never_comes_out(agency: World, shop: ToolServer) -> None:
    tool = made(agency, shop)
    assert (tool.name, tool.client, tool.secrets) == ("order_status", None, {"secret": "s3cret-key"})
    assert tool.config["headers"] == [{"name": "X-Shop", "value": "lamps"}, {"name": "X-Who", "value": "{{number}}"}]
    assert [row["name"] for row in tool.config["parameters"]] == ["number"]
    page = browser(agency.bob).get(reverse("tool", args=[tool.pk])).content.decode()
    assert "s3cret" not in page
    assert "Stored. Paste another to replace it." in page
    assert 'value="order.state"' in page
    assert AuditEvent.objects.filter(action="tool.created").exists()


def test_saved_as_it_was_shown_nothing_changes(agency: World, shop: ToolServer) -> None:
    tool = made(agency, shop)
    before = (tool.config, tool.secrets, tool.name)
    form = {**NEW, "name": "order_status", "secrets.secret": "", "config.url": tool.config["url"]}
    assert browser(agency.bob).post(reverse("tool", args=[tool.pk]), form).status_code == 302
    tool.refresh_from_db()
    assert (tool.config, tool.secrets, tool.name) == before


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(agency: World, shop: ToolServer) -> None:
    form = {**NEW, "config.url": "https://{{host}}/x", "config.parameters.1.name": "Bad name"}
    answer = browser(agency.bob).post(reverse("new_tool", args=["http"]), form)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "a host that is written out" in page
    assert "Lower-case letters, digits and underscores only" in page
    assert 'value="Bad name"' in page
    assert not Tool.objects.exists()


def test_rows_are_added_and_removed_before_anything_is_saved(agency: World) -> None:
    address = reverse("new_tool", args=["http"])
    page = browser(agency.bob).post(address, {**NEW, "config.url": "", "add": "config.mapping"}).content.decode()
    assert 'name="config.mapping.1.path"' in page
    assert 'value="order.state"' in page
    page = browser(agency.bob).post(address, {**NEW, "remove": "config.parameters.0"}).content.decode()
    assert 'name="config.parameters.0.name"' not in page
    assert 'name="config.parameters.1.name"' in page
    assert not Tool.objects.exists()


def test_the_test_button_shows_what_was_sent_without_the_key(agency: World, shop: ToolServer) -> None:
    tool = made(agency, shop)
    form = {"use": "order_status", "arguments.number": "7", "caller": "+14155550123"}
    answer = browser(agency.bob).post(reverse("try_tool", args=[tool.pk]), form)
    page = html.unescape(answer.content.decode())
    for words in ("It worked", f"GET {shop.url}/orders/7", "Bearer •••", "x-who: 7".title(), "shipped", "One moment."):
        assert words.lower() in page.lower()
    assert "s3cret" not in page
    assert AuditEvent.objects.filter(action="tool.tested").exists()


def test_a_try_that_fails_says_what_callers_would_hear(agency: World, shop: ToolServer) -> None:
    tool = http_tool(agency, f"{shop.url}/broken")
    page = browser(agency.bob).post(reverse("try_tool", args=[tool.pk]), {"use": "order"}).content.decode()
    assert "It failed" in page
    assert "Status 500" in page
    assert FAILURE in page


@pytest.mark.parametrize("kind", [kind.name for kind in configured_kinds()])
def test_every_kind_has_a_form(agency: World, kind: str) -> None:
    answer = browser(agency.bob).get(reverse("new_tool", args=[kind]))
    assert answer.status_code == 200
    assert "Says when it does not work" in answer.content.decode()


def test_a_transfer_and_its_numbers(agency: World) -> None:
    form = {"label": "Put through", "failure": FAILURE, "seconds": "8", "client": str(agency.bright_dental.pk),
            "config.numbers.0.name": "reception", "config.numbers.0.number": "+1 415 555 0177"}  # fmt: skip
    assert browser(agency.bob).post(reverse("new_tool", args=["transfer"]), form).status_code == 302
    tool = Tool.objects.get()
    assert (tool.client, tool.config["numbers"][0]["number"]) == (agency.bright_dental, "+14155550177")
    form["config.numbers.0.number"] = "0177"
    answer = browser(agency.bob).post(reverse("tool", args=[tool.pk]), form)
    assert "Write the number with its country code" in answer.content.decode()


def test_a_mock_is_kept(agency: World, shop: ToolServer) -> None:
    tool = made(agency, shop)
    form = {**NEW, "config.url": tool.config["url"], "secrets.secret": "", "mocks..ok": "ok", "mocks..text": "On its way",
            "mocks..variables": "state: shipped\nother: x"}  # fmt: skip
    assert browser(agency.bob).post(reverse("tool", args=[tool.pk]), form).status_code == 302
    tool.refresh_from_db()
    assert tool.mocks == {"": {"ok": True, "text": "On its way", "variables": {"state": "shipped"}}}


# ── the agent's tab ──────────────────────────────────────────────────────────────────────────────


def named(agency: World, agent: Agent, name: str) -> None:
    draft = copy.deepcopy(agent.draft)
    next(node for node in draft["flow"]["nodes"] if node["type"] == "conversation")["tools"] = [name]
    agents.save_draft(agency.alice, agent, draft, agent.draft_revision)


def test_the_tab_says_what_the_flow_uses_and_what_is_missing(
    agency: World, shop: ToolServer, front_desk: Agent
) -> None:
    named(agency, front_desk, "order")
    address = reverse("agent_tools", args=[front_desk.pk])
    assert "There is no tool of this name for this client." in browser(agency.bob).get(address).content.decode()
    tool = http_tool(agency, f"{shop.url}/orders/7")
    page = browser(agency.bob).get(address).content.decode()
    assert reverse("tool", args=[tool.pk]) in page
    assert "There is no tool of this name" not in page
    assert "Front desk" in browser(agency.bob).get(reverse("tool", args=[tool.pk])).content.decode()


def test_the_tab_says_which_knowledge_the_agent_may_read(agency: World, front_desk: Agent) -> None:
    KnowledgeBase.objects.create(client=agency.bright_dental, name="prices", label="Price list")
    KnowledgeBase.objects.create(client=agency.corner_garage, name="tyres", label="Tyres")
    address = reverse("agent_tools", args=[front_desk.pk])
    page = browser(agency.bob).get(address).content.decode()
    assert "Price list" in page
    assert "Tyres" not in page
    front_desk.refresh_from_db()
    form = {"revision": front_desk.draft_revision, "knowledge": ["prices"]}
    assert browser(agency.bob).post(address, form).status_code == 302
    front_desk.refresh_from_db()
    assert front_desk.draft["knowledge"] == ["prices"]


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


def test_neither_a_stranger_nor_a_client_reaches_tools(agency: World, shop: ToolServer, front_desk: Agent) -> None:
    tool = made(agency, shop)
    ours = [
        reverse("tools"),
        reverse("tool_kinds"),
        reverse("new_tool", args=["http"]),
        reverse("tool", args=[tool.pk]),
    ]
    theirs = [reverse(name, args=[tool.pk]) for name in ("try_tool", "archive_tool", "connect_tool")]
    dana, erin = browser(agency.dana), browser(agency.erin)
    for address in ours:
        assert dana.get(address).status_code == 404
        assert erin.get(address).status_code == 404
    for address in theirs:
        assert dana.post(address, {"use": "order_status"}).status_code == 404
    assert shop.asked == []
    page = dana.get(reverse("agent_tools", args=[front_desk.pk]))
    assert page.status_code == 404
    from django_tenants.utils import schema_context

    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
        assert charlie.get(reverse("tool", args=[tool.pk])).status_code == 404
        assert charlie.post(reverse("try_tool", args=[tool.pk]), {"use": "order_status"}).status_code == 404
    tool.refresh_from_db()
    assert tool.archived_at is None
