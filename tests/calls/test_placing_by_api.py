"""`POST /api/v1/calls/`: a program asks for a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from agents import actions
from agents.models import Agent
from calls.models import Call, CarrierAccount, PhoneNumber
from tenants.people import keys
from tenants.people.models import User
from tests.world import HOST, World

pytestmark = pytest.mark.db
TO = "+14155552671"


@pytest.fixture
def agent(agency: World) -> Agent:
    made = actions.create(
        None,
        agency.bright_dental,
        name="Reminders",
        call_type="outbound",
        purpose="Remind patients of their appointment.",
        ask_model=False,
    ).agent
    account = CarrierAccount.objects.create(carrier="twilio", label="Main", account_sid="AC1", auth_token="t")
    PhoneNumber.objects.create(number="+14155550100", account=account, client=agency.bright_dental, agent=made)
    return made


def post(person: User, body: object, key: str = "") -> Any:
    prefix, secret = f"p{str(person.pk)[:7]}", "s" * 32
    if not person.api_keys.exists():
        keys.store_key(person, "tests", prefix=prefix, secret=secret)
    headers = {"Authorization": f"Bearer vo_{prefix}_{secret}", "Host": HOST}
    if key:
        headers["Idempotency-Key"] = key
    return Client().post("/api/v1/calls/", json.dumps(body), content_type="application/json", headers=headers)


def test_a_call_is_queued(agency: World, agent: Agent) -> None:
    answer = post(agency.alice, {"agent": str(agent.pk), "to": "+1 415 555 2671", "variables": {"patient": "Peter"}})
    assert answer.status_code == 201, answer.content
    call = Call.objects.get(pk=answer.json()["id"])
    assert (call.status, call.called, call.caller) == ("queued", TO, "+14155550100")
    assert call.variables == {"patient": "Peter"}


def test_the_same_key_asks_once_per_person(agency: World, agent: Agent) -> None:
    body = {"agent": str(agent.pk), "to": TO}
    first, second = post(agency.alice, body, "k1").json(), post(agency.alice, body, "k1").json()
    assert first["id"] == second["id"]
    assert post(agency.bob, body, "k1").json()["id"] != first["id"]
    other = post(agency.alice, body | {"to": "+14155552672"}, "k1")
    assert other.status_code == 422
    assert Call.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "911"}, "to"),
        ({"to": "+19005551234"}, "to"),
        ({"to": ""}, "to"),
        ({"to": "+14155550100"}, "to"),
        ({"from": "+14155559999"}, "from"),
        ({"from": "; drop"}, "from"),
        ({"agent": "nobody"}, "agent"),
        ({"variables": {"a b": 1}}, "variables"),
        ({"variables": {"a": [1]}}, "variables"),
        ({"variables": "text"}, "variables"),
    ],
)
def test_what_cannot_be_done_is_said_of_its_field(
    agency: World, agent: Agent, change: dict[str, Any], field: str
) -> None:
    answer = post(agency.alice, {"agent": str(agent.pk), "to": TO} | change)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["error"]["fields"]
    assert not Call.objects.exists()


def test_an_agent_that_only_answers_does_not_call(agency: World, agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(call_type="inbound")
    assert post(agency.alice, {"agent": str(agent.pk), "to": TO}).status_code == 422


def test_erin_cannot_call_with_another_clients_agent(agency: World, agent: Agent) -> None:
    assert post(agency.erin, {"agent": str(agent.pk), "to": TO}).status_code == 404


def test_a_clients_limit_is_said_to_pass(agency: World, agent: Agent) -> None:
    agency.bright_dental.concurrent_calls_cap = 1
    agency.bright_dental.save()
    assert post(agency.alice, {"agent": str(agent.pk), "to": TO}).status_code == 201
    refused = post(agency.alice, {"agent": str(agent.pk), "to": TO})
    assert refused.status_code == 429
    assert refused.json()["error"]["retry"]
