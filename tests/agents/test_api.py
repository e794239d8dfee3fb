from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from agents.models import Agent
from calls.models import CarrierAccount, PhoneNumber
from tenants.people import keys
from tenants.people.models import User
from tests.world import HOST, World

pytestmark = pytest.mark.db


def program(person: User) -> Browser:
    token = keys.create_key(person, "Test")[1]
    return Browser(headers={"host": HOST, "authorization": f"Bearer {token}"})


def post(browser: Browser, where: str, **body: Any) -> Any:
    return browser.post(f"/api/v1/{where}", body, content_type="application/json")


def test_a_program_makes_an_agent_and_publishes_its_draft(agency: World) -> None:
    bob = program(agency.bob)
    made = post(
        bob, "agents/", client=str(agency.bright_dental.pk), name="Desk", purpose="Front desk of a dental clinic"
    )
    assert made.status_code == 201
    shown = made.json()
    assert (shown["state"], shown["version"], shown["made_from"]) == ("published", 1, "clinic")
    assert post(bob, f"agents/{shown['id']}/publish/").status_code == 422
    agent = Agent.objects.get(pk=shown["id"])
    agent.draft["flow"]["greeting"] = "Hello."
    agent.save()
    assert bob.get(f"/api/v1/agents/{agent.pk}/").json()["state"] == "changed"
    assert post(bob, f"agents/{agent.pk}/publish/", revision=agent.draft_revision + 1).status_code == 409
    published = post(bob, f"agents/{agent.pk}/publish/", revision=agent.draft_revision, notes="Shorter")
    assert published.status_code == 201
    assert published.json()["number"] == 2


def test_errors_name_their_field(agency: World) -> None:
    bob = program(agency.bob)
    refused = post(bob, "agents/", client=str(agency.bright_dental.pk), name="", purpose="x")
    assert refused.status_code == 422
    assert "name" in refused.json()["error"]["fields"]


def test_a_client_reads_their_own_without_internals(front_desk: Agent, agency: World) -> None:
    dana, erin = program(agency.dana), program(agency.erin)
    (row,) = dana.get("/api/v1/agents/").json()
    assert row["name"] == "Front desk"
    detail = dana.get(f"/api/v1/agents/{front_desk.pk}/").json()
    assert "draft" not in detail
    assert "problems" not in detail
    assert erin.get("/api/v1/agents/").json() == []
    assert erin.get(f"/api/v1/agents/{front_desk.pk}/").status_code == 404
    for person in (dana, erin):
        assert post(person, f"agents/{front_desk.pk}/publish/").status_code == 404
        assert post(person, "agents/", client=str(agency.bright_dental.pk), name="Mine").status_code == 404


def test_a_program_lets_another_agent_answer_a_number(front_desk: Agent, agency: World) -> None:
    account = CarrierAccount.objects.create(carrier="twilio", label="T", account_sid="AC1", auth_token="t" * 32)
    row = PhoneNumber.objects.create(number="+14155550100", account=account, client=agency.bright_dental)
    bob, where = program(agency.bob), f"/api/v1/numbers/{row.pk}/"
    assert bob.get("/api/v1/numbers/").json()[0]["agent"] is None
    assigned = bob.patch(where, {"agent": str(front_desk.pk)}, content_type="application/json")
    assert assigned.json()["agent_name"] == "Front desk"
    assert bob.patch(where, {"agent": None}, content_type="application/json").json()["agent"] is None
    assert program(agency.dana).patch(where, {"agent": None}, content_type="application/json").status_code == 404
    assert program(agency.erin).get(where).status_code == 404


def test_the_schema_knows_agents_and_numbers(agency: World) -> None:
    paths = Browser(headers={"host": HOST}).get("/api/schema/").json()["paths"]
    assert {"/api/v1/agents/", "/api/v1/agents/{agent_id}/publish/", "/api/v1/numbers/{number_id}/"} <= set(paths)
