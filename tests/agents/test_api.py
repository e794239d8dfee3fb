from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from agents.accounts import actions as accounts
from agents.accounts.actions import AccountDraft
from agents.models import Agent
from calls.models import CarrierAccount, PhoneNumber
from tenants.people import keys
from tenants.people.models import User
from tests.fakes.vendors.openai_server import FakeOpenAI
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
    assert agent.tests.count() >= 3
    agent.tests.all().delete()
    agent.draft["flow"]["greeting"] = "Hello."
    agent.save()
    assert bob.get(f"/api/v1/agents/{agent.pk}/").json()["state"] == "changed"
    assert post(bob, f"agents/{agent.pk}/publish/", revision=agent.draft_revision + 1).status_code == 409
    published = post(bob, f"agents/{agent.pk}/publish/", revision=agent.draft_revision, notes="Shorter")
    assert published.status_code == 201
    assert published.json()["number"] == 2


def test_a_program_compares_versions_in_words(front_desk: Agent, agency: World) -> None:
    before = front_desk.draft["flow"]["greeting"]
    front_desk.draft["flow"]["greeting"] = f"{before} Ciao."
    front_desk.save()
    where = f"/api/v1/agents/{front_desk.pk}/compare/"
    (change,) = program(agency.bob).get(where).json()
    assert (change["part"], change["field"], change["what"]) == ("Start", "Greeting", "changed")
    assert [line["kind"] for line in change["lines"]] == ["mixed"]
    assert change["lines"][0]["text"].endswith("Ciao.")
    assert program(agency.bob).get(f"{where}?a=1&b=1").json() == []
    for wrong in ("a=9", "b=x", "a=²", "a=99999999999999"):
        assert program(agency.bob).get(f"{where}?{wrong}").status_code == 404
    assert program(agency.dana).get(where).status_code in (403, 404)
    assert program(agency.erin).get(where).status_code == 404


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


def test_a_program_changes_the_draft_and_hears_what_is_wrong(front_desk: Agent, agency: World) -> None:
    bob, where = program(agency.bob), f"/api/v1/agents/{front_desk.pk}/draft/"
    draft = front_desk.draft | {"fallbacks": front_desk.draft["fallbacks"] | {"transfer_to": "Bob"}}
    draft["models"]["tts_backups"] = [{"vendor": "builtin"}]
    sent = {"revision": front_desk.draft_revision, "draft": draft}
    answer = bob.put(where, sent, content_type="application/json")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["revision"], shown["state"]) == (front_desk.draft_revision + 1, "changed")
    assert shown["problems"] == [
        "Fallbacks, transfer: calls go on to a phone number that exists, with its country code: +14155550123."
    ]
    assert "the same as the first choice" in shown["hints"][0]
    assert bob.put(where, sent | {"draft": {}}, content_type="application/json").status_code == 409
    for person in (agency.dana, agency.erin):
        assert program(person).put(where, sent, content_type="application/json").status_code == 404


def test_a_program_keeps_a_pool_and_never_reads_a_key(agency: World, models_server: FakeOpenAI) -> None:
    account = accounts.create(
        agency.alice,
        AccountDraft("openai_compatible", "GPU", base_url=models_server.base_url, api_key=models_server.key),
    )
    alice, pool = program(agency.alice), f"providers/{account.pk}/keys/"
    added = post(alice, pool, alias="Night", secret="sk-of-the-night-4242", weight=2, limit=5)
    assert added.status_code == 201
    key = added.json()
    assert (key["alias"], key["last4"], key["weight"], key["limit"], key["state"]) == (
        "Night",
        "4242",
        2,
        5,
        "untested",
    )
    assert post(alice, pool, alias="Night", secret="sk-again").json()["error"]["fields"]["alias"]
    where = f"/api/v1/{pool}{key['id']}/"
    tried = alice.post(f"{where}try/")
    assert tried.status_code == 502
    assert "refused the key" in tried.json()["error"]["message"]
    (shown,) = alice.get("/api/v1/providers/").json()
    assert shown["state"] == "partly"
    assert {row["alias"]: row["state"] for row in shown["keys"]} == {"Key 1": "untested", "Night": "refused"}
    changed = alice.patch(where, {"secret": models_server.key, "limit": None}, content_type="application/json").json()
    assert (changed["limit"], changed["weight"], changed["state"]) == (None, 2, "untested")
    assert "It works" in alice.post(f"{where}try/").json()["said"]
    assert "sk-" not in alice.get(f"/api/v1/providers/{account.pk}/").content.decode()
    for person in (agency.bob, agency.dana):
        assert program(person).get("/api/v1/providers/").status_code == 404
        assert program(person).delete(where).status_code == 404
    assert alice.delete(where).status_code == 204
    assert account.keys.count() == 1
