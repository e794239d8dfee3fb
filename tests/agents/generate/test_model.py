"""The agency's own language model writes the agent; whatever it writes, an agent comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents import actions
from agents.accounts import actions as accounts
from agents.accounts.actions import AccountDraft
from agents.content import read
from agents.generate import Request, hints, model
from agents.generate.brief import schema
from agents.generate.make import generate
from agents.models import Agent, ProviderAccount
from agents.simulate.shape import OutcomeIs, Reached
from media_worker.contract.flow import KINDS
from tests.agents.conversations import ring
from tests.agents.generate.written import PURPOSE, WRITTEN
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, say
from tests.world import World

pytestmark = pytest.mark.db
KEY = "sk-right-key-1234"


@pytest.fixture
def account(agency: World, models_server: FakeOpenAI) -> ProviderAccount:
    draft = AccountDraft("openai_compatible", "GPU server", base_url=models_server.base_url, api_key=KEY)
    return accounts.create(agency.alice, draft)


def test_the_language_model_writes_flow_questions_branches_and_tests(
    account: ProviderAccount, models_server: FakeOpenAI
) -> None:
    models_server.replies = [say("```json\n" + json.dumps(WRITTEN) + "\n```")]
    made = generate(Request(PURPOSE, "Bright Dental"))
    assert made.template == "model"
    assert read(made.content.document()).blocking == ()
    flow = made.content.flow
    assert [node.type for node in flow.nodes] == ["conversation", "collect", "branch", "say", "end", "transfer", "end"]
    assert flow.node("through").to == "+14155552671"  # type: ignore[union-attr]
    assert flow.hours.openings[0].day == "thu"
    (example,) = made.tests
    assert example.scenario.expects == (OutcomeIs(outcome="booked"),)
    assert [step.expects for step in example.scenario.steps] == [
        (Reached(node="details"),),
        (),
        (Reached(node="booked"),),
    ]
    talk = ring(made.content)
    assert "Behind the house" in talk.caller("where can I park")
    assert "day" in talk.caller("I need an appointment")
    talk.caller("next Thursday")
    assert "Bob Miller" in talk.caller("my name is Bob Miller")
    assert talk.ended == "booked"


def test_the_model_is_told_the_kinds_as_they_are_declared(account: ProviderAccount, models_server: FakeOpenAI) -> None:
    models_server.replies = [say(json.dumps(WRITTEN))]
    generate(Request(PURPOSE, "Bright Dental"))
    (asked,) = models_server.requests("llm")
    assert asked.body["model"] == "fake"
    shaped = asked.body["response_format"]["json_schema"]
    assert shaped["strict"] is True
    assert shaped["schema"] == schema()
    system = asked.body["messages"][0]["content"]
    for kind in hints.kinds():
        assert KINDS[kind].about.text in system
    assert "days_until()" in system


def test_the_schema_is_one_that_strict_servers_take() -> None:
    def walk(here: Any) -> None:
        if isinstance(here, list):
            for item in here:
                walk(item)
        if not isinstance(here, dict):
            return
        if here.get("type") == "object":
            assert here["additionalProperties"] is False
            assert here["required"] == list(here["properties"])
            for field in here["properties"].values():
                walk(field)
        else:
            assert not {"$ref", "default", "minLength", "maxLength", "pattern", "const", "oneOf", "ui"} & here.keys()
            for value in here.values():
                walk(value)

    walk(schema())
    kinds = [each["properties"]["type"]["enum"][0] for each in schema()["properties"]["nodes"]["items"]["anyOf"]]
    assert kinds == list(hints.kinds())
    assert not {"tool", "knowledge", "handover"} & set(kinds)


STRANGER = [*WRITTEN["nodes"][:5], {**WRITTEN["nodes"][5], "to": "+19005550199"}, *WRITTEN["nodes"][6:]]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"nodes": []}, "nodes"),
        ({"start": "nowhere"}, "do not exist"),
        ({"nodes": STRANGER}, "does not name"),
        ({"greeting": "x" * 3000}, "greeting"),
        ({"nodes": [{**WRITTEN["nodes"][2], "cases": [{"when": "import os", "goto": "bye"}]}, *WRITTEN["nodes"]]}, "when"),
    ],
    ids=["no-steps", "dangling", "stranger", "too-long", "no-expression"],
)  # fmt: skip
def test_what_the_model_got_wrong_is_mended_once(
    account: ProviderAccount, models_server: FakeOpenAI, wrong: dict[str, Any], told: str
) -> None:
    models_server.replies = [say(json.dumps(WRITTEN | wrong)), say(json.dumps(WRITTEN))]
    assert model.generate(Request(PURPOSE, "Bright Dental"), account).template == "model"
    assert told in models_server.requests("llm")[1].body["messages"][-1]["content"]


@pytest.mark.parametrize(
    "fault",
    [Fault("status", status=500), Fault("status", status=429), Fault("html"), Fault("cut"), None],
    ids=["500", "429", "html", "cut", "nonsense"],
)
def test_a_model_that_fails_leaves_the_built_in_generator(
    account: ProviderAccount, models_server: FakeOpenAI, fault: Fault | None, agency: World
) -> None:
    models_server.usual_reply = say("I cannot do that, Dave.")
    if fault is not None:
        models_server.faults["llm"] = [fault] * 5
    created = actions.create(
        agency.alice, agency.bright_dental, name="Desk", call_type="inbound", purpose="Front desk of a dental clinic"
    )
    assert created.made.template == "clinic"
    assert "could not write it" in created.made.notes[0]
    agent = Agent.objects.get(name="Desk")
    assert agent.published is not None


def test_a_template_that_was_chosen_needs_no_model(account: ProviderAccount, models_server: FakeOpenAI) -> None:
    made = generate(Request(PURPOSE, "Bright Dental", template="clinic"))
    assert made.template == "clinic"
    assert models_server.requests("llm") == []
