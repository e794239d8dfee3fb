"""HubSpot and Salesforce as tools, against servers that speak as theirs do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agents.tools.kinds import hubspot as hubspot_kind
from agents.tools.kinds.hubspot import same_number
from agents.tools.kinds.salesforce import soql_text, spellings
from tests.agents.tools.connecting import CALLER, OTHER, ask, by, tool, troubles
from tests.fakes.connectors.crm_servers import TOKEN, FakeHubspot, FakeSalesforce
from tests.world import World

pytestmark = pytest.mark.db


@pytest.fixture
def hubspot(settings: Any, agency: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHubspot]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with FakeHubspot() as server:
        monkeypatch.setattr(hubspot_kind, "API", server.url)
        tool(agency, "hubspot", "crm", {"owner": "42"}, {"token": TOKEN})
        yield server


@pytest.fixture
def salesforce(settings: Any, agency: World) -> Iterator[FakeSalesforce]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with FakeSalesforce() as server:
        tool(agency, "salesforce", "sf", {"url": server.url, "client_id": "consumer"}, {"client_secret": "secret-good"})
        yield server


def test_hubspot_knows_a_caller_however_the_number_is_written(hubspot: FakeHubspot, agency: World) -> None:
    hubspot.contacts["7"] = {
        "firstname": "Alice",
        "lastname": "Cooper",
        "phone": "(415) 555-2671",
        "email": "a@example.com",
    }
    found = ask(agency, "crm_find", phone=CALLER)
    assert found.ok, found.text
    assert found.variables["contact_id"] == "7"
    assert found.variables["contact_name"] == "Alice Cooper"
    assert "Alice Cooper" in found.text
    unknown = ask(agency, "crm_find", by(agency, OTHER), phone=OTHER)
    assert (unknown.ok, unknown.variables["contact_found"]) == (True, False)
    hubspot.contacts["8"] = {"firstname": "Bob", "phone": "415 555 2671"}
    assert ask(agency, "crm_find", phone=CALLER).variables["contact_found"] is False, "nobody is guessed"


def test_hubspot_keeps_a_contact_once_and_writes_notes_and_deals(hubspot: FakeHubspot, agency: World) -> None:
    made = ask(agency, "crm_save", phone=CALLER, name="Alice Cooper", email="a@example.com")
    assert made.ok, made.text
    contact = made.variables["contact_id"]
    assert hubspot.contacts[str(contact)]["hubspot_owner_id"] == "42"
    again = ask(agency, "crm_save", phone=CALLER, company="Acme")
    assert again.variables["contact_id"] == contact
    assert hubspot.contacts[str(contact)]["company"] == "Acme"
    assert ask(agency, "crm_note", contact_id=contact, text="Wants <b>a quote</b>\nsoon").ok
    (note,) = hubspot.notes
    assert note["properties"]["hs_note_body"] == "Wants &lt;b&gt;a quote&lt;/b&gt;<br>soon"
    assert note["associations"][0]["types"][0]["associationTypeId"] == 202
    deal = ask(agency, "crm_deal", title="New roof", contact_id=contact)
    assert deal.variables == {"deal_id": "1"}
    assert hubspot.deals[0]["properties"]["dealstage"] == "appointmentscheduled"
    nothing = ask(agency, "crm_save", by(agency, ""))
    assert "nothing to keep" in nothing.text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+14155552671", "(415) 555-2671", True),
        ("+4930123456789", "030 123456789", True),
        ("+14155552671", "555-2671", False),
        ("+14155552671", "+14155552672", False),
        ("", "", False),
    ],
)
def test_numbers_are_the_same_only_with_their_area(one: str, other: str, same: bool) -> None:
    assert same_number(one, other) is same


@troubles
def test_what_goes_wrong_at_hubspot_is_a_sentence(hubspot: FakeHubspot, agency: World, trouble: str, told: str) -> None:
    for verb in ("crm_find", "crm_save"):
        hubspot.trouble = [trouble]
        outcome = ask(agency, verb, phone=CALLER)
        assert not outcome.ok
        assert told in outcome.text
    assert not hubspot.contacts


def test_salesforce_finds_contacts_before_leads(salesforce: FakeSalesforce, agency: World) -> None:
    salesforce.records["Lead"] = [{"Id": "00Q1", "Name": "Old lead", "Phone": "4155552671"}]
    assert ask(agency, "sf_find", phone=CALLER).variables["record_kind"] == "lead"
    salesforce.records["Contact"] = [{"Id": "0031", "Name": "Alice Cooper", "MobilePhone": "(415) 555-2671"}]
    found = ask(agency, "sf_find", phone=CALLER)
    assert (found.variables["record_id"], found.variables["record_name"]) == ("0031", "Alice Cooper")
    assert all("169.254" not in query for query in salesforce.queries)
    assert ask(agency, "sf_find", by(agency, OTHER), phone=OTHER).variables["record_found"] is False
    assert len(salesforce.tokens) == 1


def test_salesforce_adds_leads_tasks_and_cases(salesforce: FakeSalesforce, agency: World) -> None:
    lead = ask(agency, "sf_lead", name="Alice B Cooper", phone=CALLER, text="A new roof")
    assert lead.ok, lead.text
    kind, made = salesforce.made[0]
    assert kind == "Lead"
    assert (made["FirstName"], made["LastName"], made["Company"], made["LeadSource"]) == (
        "Alice B",
        "Cooper",
        "Unknown",
        "Phone",
    )
    assert ask(agency, "sf_task", subject="Call back", record_id=lead.variables["record_id"]).ok
    assert ask(agency, "sf_case", subject="Broken", text="The tap", record_id="003000000000001").ok
    assert salesforce.made[2][1]["ContactId"] == "003000000000001"
    assert "no record" in ask(agency, "sf_task", subject="x", record_id="1' OR Name != '").text
    assert "field is missing" in ask(agency, "sf_task", subject="bad").text


def test_salesforce_signs_in_anew_and_says_when_it_may_not(salesforce: FakeSalesforce, agency: World) -> None:
    assert ask(agency, "sf_find", phone=CALLER).ok
    salesforce.tokens.clear()
    assert ask(agency, "sf_find", phone=CALLER).ok
    config = {"url": salesforce.url, "client_id": "consumer", "sign_in": "refresh_token"}
    secrets = {"client_secret": "secret-good", "refresh_token": "refresh-good"}
    tool(agency, "salesforce", "other", config, secrets)
    assert ask(agency, "other_find", phone=CALLER).ok
    tool(agency, "salesforce", "wrong", config, {"client_secret": "secret-wrong"})
    refused = ask(agency, "wrong_find", phone=CALLER)
    assert "sign in" in refused.text
    assert "secret-wrong" not in refused.text


@troubles
def test_what_goes_wrong_at_salesforce_is_a_sentence(
    salesforce: FakeSalesforce, agency: World, trouble: str, told: str
) -> None:
    for verb, more in (("sf_find", {"phone": CALLER}), ("sf_lead", {"name": "Alice"})):
        salesforce.trouble = [trouble]
        outcome = ask(agency, verb, **more)
        assert not outcome.ok
        assert told in outcome.text
    assert not salesforce.made


def test_texts_of_a_query_stay_within_their_quotes() -> None:
    assert soql_text("a' OR Name LIKE '%") == "'a\\' OR Name LIKE \\'%'"
    assert soql_text("back\\slash\n") == "'back\\\\slash\\n'"
    assert "(415) 555-2671" in spellings("+14155552671")
    assert spellings("+4930123456") == ["+4930123456", "4930123456"]
