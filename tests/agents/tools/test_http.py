"""A web address as a tool, against a real server: what goes out, what is made of the answer, and how it fails."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import ValidationError

from agents.models import Tool
from agents.tools import queries, using
from agents.tools.kinds.http import Http, HttpConfig
from tests.agents.tools.making import ask, caller, http_tool
from tests.fakes.tool_server import ToolServer
from tests.world import World

pytestmark = pytest.mark.db

NUMBER = {"name": "number", "type": "text", "about": "The order's number."}


def test_an_answer_is_mapped_into_variables_and_told_to_the_model(agency: World, shop: ToolServer) -> None:
    mapping = [{"name": "state", "path": "order.state"}, {"name": "item", "path": "order.items[0].name"},
               {"name": "total", "path": "$.total"}, {"name": "gift", "path": "gift"}, {"name": "note", "path": "no.such"}]  # fmt: skip
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config={"parameters": [NUMBER], "mapping": mapping})
    outcome = ask(agency, "order", number="A/7 ?x=1")
    assert (outcome.ok, outcome.status) == (True, 200)
    assert outcome.variables == {"state": "shipped", "item": "Lamp", "total": 12.5, "gift": False, "note": None}
    assert '"state": "shipped"' in outcome.text
    assert shop.asked[0].path == "/orders/A%2F7%20%3Fx%3D1"


def test_what_the_model_reads_may_be_a_sentence(agency: World, shop: ToolServer) -> None:
    config = {"parameters": [NUMBER], "mapping": [{"name": "state", "path": "order.state"}],
              "tell": "Order {{number}} is {{state}}."}  # fmt: skip
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=config)
    assert ask(agency, "order", number="7").text == "Order 7 is shipped."


def test_values_are_inserted_into_json_as_values(agency: World, shop: ToolServer) -> None:
    parameters = [
        {"name": "who", "type": "name"},
        {"name": "guests", "type": "number"},
        {"name": "vip", "type": "yes_no"},
        {"name": "note", "required": False},
    ]
    body = '{"who": "{{who}}", "table": {"guests": {{guests}}, "vip": "{{vip}}"}, "text": "For {{who}}!", "note": {{note}}}'
    http_tool(
        agency,
        f"{shop.url}/echo",
        config={"method": "POST", "parameters": parameters, "body_kind": "json", "body": body},
    )
    evil = 'Bob", "admin": true, "x": "{{vip}}'
    assert ask(agency, "order", who=evil, guests="4", vip="yes").ok
    assert shop.asked[0].json == {
        "who": evil, "table": {"guests": 4, "vip": True}, "text": f"For {evil}!", "note": None,
    }  # fmt: skip
    assert shop.asked[0].headers["content-type"] == "application/json"


def test_a_form_is_encoded_and_a_header_stays_one_line(agency: World, shop: ToolServer) -> None:
    config = {
        "method": "POST", "parameters": [{"name": "who"}], "body_kind": "form",
        "form": [{"name": "name", "value": "{{who}}"}], "headers": [{"name": "X-Who", "value": "{{who}}"}],
    }  # fmt: skip
    http_tool(agency, f"{shop.url}/echo", config=config)
    assert ask(agency, "order", who="Ann & Bob\r\nX-Admin: yes").ok
    assert shop.asked[0].body == b"name=Ann+%26+Bob%0D%0AX-Admin%3A+yes"
    assert shop.asked[0].headers["x-who"] == "Ann & Bob X-Admin: yes"
    assert "x-admin" not in shop.asked[0].headers


@pytest.mark.parametrize(
    ("auth", "name", "where", "value"),
    [
        ("bearer", "", "authorization", "Bearer s3cret-key"),
        ("basic", "shop", "authorization", "Basic c2hvcDpzM2NyZXQta2V5"),
        ("header", "X-Api-Key", "x-api-key", "s3cret-key"),
    ],
)
def test_the_key_signs_in_and_is_never_shown(
    agency: World, shop: ToolServer, auth: str, name: str, where: str, value: str
) -> None:
    http_tool(agency, f"{shop.url}/echo", config={"auth": auth, "auth_name": name}, secrets={"secret": "s3cret-key"})
    tried = using.try_out(queries.offered(agency.bright_dental.pk)["order"], {}, caller(agency))
    assert shop.asked[0].headers[where] == value
    assert "s3cret" not in str(tried.exchanges)
    assert "c2hvcDpzM2NyZXQta2V5" not in str(tried.exchanges)
    raw = Tool.objects.filter(name="order").values_list("secrets", flat=True)[0]
    assert "s3cret" not in raw


def test_a_key_in_the_address_is_hidden_too(agency: World, shop: ToolServer) -> None:
    http_tool(
        agency, f"{shop.url}/echo?a=1", config={"auth": "query", "auth_name": "key"}, secrets={"secret": "s3&cret"}
    )
    tried = using.try_out(queries.offered(agency.bright_dental.pk)["order"], {}, caller(agency))
    assert shop.asked[0].query == {"a": ["1"], "key": ["s3&cret"]}
    assert tried.exchanges[0].url.endswith("?a=1&key=•••")


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/missing", 404, "does not know this address (404)"),
        ("/broken", 500, "problem of its own (500)"),
        ("/refused", 401, "refused the key (401)"),
        ("/later", 429, "asked too often (429)"),
        ("/page", 200, "web page (HTML)"),
        ("/disguised", 200, "web page (HTML)"),
        ("/large", None, "larger than 1 MB"),
        ("/bomb", None, "larger than 1 MB"),
        ("/inward", None, "leads into a private network"),
        ("/slow", None, "did not answer in time"),
    ],
)
def test_every_failure_is_an_outcome_in_words(
    agency: World, shop: ToolServer, path: str, status: int | None, says: str
) -> None:
    http_tool(agency, shop.url + path, seconds=0.8)
    began = time.monotonic()
    outcome = ask(agency, "order")
    assert (outcome.ok, outcome.status) == (False, status)
    assert says in outcome.text
    assert time.monotonic() - began < 6


def test_nothing_is_an_answer_only_where_nothing_is_needed(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/empty", config={"method": "POST"})
    assert ask(agency, "order").text == "Done."
    http_tool(agency, f"{shop.url}/empty", name="other", config={"mapping": [{"name": "state", "path": "state"}]})
    assert ask(agency, "other").text == "The answer was empty."


def test_a_value_that_has_to_be_there_fails_when_it_is_not(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/fine", config={"mapping": [{"name": "slot", "path": "slot", "required": True}]})
    outcome = ask(agency, "order")
    assert (outcome.ok, outcome.text, outcome.variables) == (False, "The answer has no “slot”.", {})


def test_plain_text_is_told_as_it_is(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/text")
    assert ask(agency, "order").text == "Open until five."


def test_a_busy_server_is_asked_again_but_only_for_what_is_safe(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/busy")
    assert ask(agency, "order").ok
    assert len(shop.asked) == 2
    shop.busy = 1
    http_tool(agency, f"{shop.url}/busy", name="book", config={"method": "POST"})
    assert not ask(agency, "book").ok
    assert len(shop.asked) == 3


def test_a_post_follows_no_redirect(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/inward?to=/fine", config={"method": "POST"})
    assert "redirect (302)" in ask(agency, "order").text


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest", "http://2130706434/x", "http://[::1]/"])
def test_a_tool_does_not_reach_inside(agency: World, shop: ToolServer, address: str) -> None:
    http_tool(agency, address)
    assert "private network" in ask(agency, "order").text


def test_a_value_cannot_walk_to_another_path(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}/items", config={"parameters": [NUMBER]})
    assert not ask(agency, "order", number="..").ok
    assert ask(agency, "order", number="../../admin").ok
    assert shop.asked[-1].path == "/orders/..%2F..%2Fadmin/items"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"url": "https://{{host}}/x"}, "a host that is written out"),
        ({"url": "https://api.{{region}}.example.com/x"}, "a host that is written out"),
        ({"url": "ftp://example.com/x"}, "begins with https"),
        ({"url": "https://user:pw@example.com/"}, "user and a password"),
        ({"url": "https://example.com:25/"}, "port 25"),
        ({"url": "https://example.com/{{order}}"}, "not among the arguments"),
        ({"url": "https://example.com/{{ order + 1 }}"}, "braces"),
        ({"url": "https://example.com/", "headers": [{"name": "Host", "value": "x"}]}, "set by VoiceOps itself"),
        ({"url": "https://example.com/", "headers": [{"name": "X:", "value": "x"}]}, "letters, digits and dashes"),
        ({"url": "https://example.com/", "body_kind": "json", "body": '{"a": }'}, "not JSON: line 1"),
        ({"url": "https://example.com/", "auth": "header"}, "name of the header"),
        ({"url": "https://example.com/", "tell": "{{what}}"}, "not kept of the answer"),
        ({"url": "https://example.com/", "parameters": [{"name": "a", "trusted": True}]}, "not for callers to say"),
        ({"url": "https://example.com/", "parameters": [{"name": "a"}, {"name": "a"}]}, "same name"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=r"(?s).*") as refused:
        HttpConfig.model_validate(config)
    assert says in str(refused.value)


def test_only_reading_is_safe() -> None:
    assert Http().operations(HttpConfig(url="https://example.com/"))[0].safe
    assert not Http().operations(HttpConfig(url="https://example.com/", method="DELETE"))[0].safe
