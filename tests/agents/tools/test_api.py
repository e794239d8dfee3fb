"""Tools by API: what people can do on pages, programs can do too, and no answer holds a key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agents.test_api import program
from tests.agents.tools.making import FAILURE
from tests.fakes.tool_server import ToolServer
from tests.world import World

pytestmark = pytest.mark.db
ROOT = "/api/v1/tools/"


def new(shop: ToolServer, **more: Any) -> dict[str, Any]:
    config = {"url": f"{shop.url}/orders/{{{{number}}}}", "auth": "bearer", "parameters": [{"name": "number"}]}
    return {
        "kind": "http",
        "name": "order",
        "failure": FAILURE,
        "config": config,
        "secrets": {"secret": "s3cret-key"},
    } | more


def sent(person: Any, method: str, address: str, body: Any = None) -> Any:
    return getattr(program(person), method)(address, body, content_type="application/json")


def test_a_program_makes_changes_tries_and_archives_a_tool(agency: World, shop: ToolServer) -> None:
    made = sent(agency.bob, "post", ROOT, new(shop, client=str(agency.bright_dental.pk)))
    assert made.status_code == 201, made.content
    tool = made.json()
    assert (tool["client"], tool["has_secrets"], tool["label"]) == (str(agency.bright_dental.pk), ["secret"], "Order")
    assert [one["name"] for one in tool["operations"]] == ["order"]
    assert "s3cret" not in made.content.decode()
    address = f"{ROOT}{tool['id']}/"
    changed = sent(agency.bob, "patch", address, {"waiting": "One moment."}).json()
    assert (changed["waiting"], changed["config"]) == ("One moment.", tool["config"])
    tried = sent(agency.bob, "post", f"{address}try/", {"use": "order", "arguments": {"number": "7"}}).json()
    assert (tried["ok"], tried["status"]) == (True, 200)
    assert shop.asked[0].headers["authorization"] == "Bearer s3cret-key"
    assert [one["name"] for one in program(agency.bob).get(ROOT).json()] == ["order"]
    assert program(agency.bob).delete(address).status_code == 204
    assert program(agency.bob).get(address).status_code == 404


def test_what_is_wrong_is_said_with_its_place(agency: World, shop: ToolServer) -> None:
    answer = sent(agency.bob, "post", ROOT, new(shop, config={"url": "https://{{host}}/"}))
    assert answer.status_code == 422
    assert "host that is written out" in answer.json()["error"]["fields"]["config.url"][0]


def test_clients_and_analysts_change_nothing(agency: World, shop: ToolServer) -> None:
    tool = sent(agency.bob, "post", ROOT, new(shop)).json()
    address = f"{ROOT}{tool['id']}/"
    for person in (agency.dana, agency.erin):
        assert program(person).get(ROOT).status_code == 404
        assert program(person).get(address).status_code == 404
        assert sent(person, "post", ROOT, new(shop)).status_code == 404
        assert sent(person, "post", f"{address}try/", {"use": "order"}).status_code == 404
    agency.bob.role = "analyst"
    agency.bob.save()
    assert program(agency.bob).get(address).status_code == 200
    assert sent(agency.bob, "patch", address, {"waiting": "x"}).status_code == 404
    assert program(agency.bob).delete(address).status_code == 404
    assert shop.asked == []
