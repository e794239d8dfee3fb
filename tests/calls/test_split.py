from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from agents import actions as agents
from agents.models import Agent, AgentVersion
from calls import inbound, split
from calls.models import Call, CarrierAccount, PhoneNumber
from calls.numbering import actions
from calls.numbering.actions import CarrierDraft, Split
from calls.queries import versions
from calls.telephony.base import Ringing
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.calls.test_api import api
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


@pytest.fixture
def agent(agency: World) -> Agent:
    made = agents.create(agency.alice, agency.bright_dental, name="Front desk", call_type="both", purpose="").agent
    flow = {**made.draft["flow"], "greeting": "Good day, Bright Dental."}
    agents.save_draft(agency.alice, made, {**made.draft, "flow": flow}, made.draft_revision)
    made.refresh_from_db()
    agents.publish(agency.alice, made, anyway=True)
    made.refresh_from_db()
    return made


@pytest.fixture
def number(agency: World, agent: Agent) -> PhoneNumber:
    account = actions.add_carrier(agency.alice, "twilio", CarrierDraft("Twilio", "AC" + "0" * 32, "token-abcdef"))
    return actions.add_number(
        agency.alice,
        number="+14155550100",
        account=account,
        client=agency.bright_dental,
        agent=agent,
        label="",
        region="US",
    )


@pytest.fixture
def first(agent: Agent) -> AgentVersion:
    return agent.versions.get(number=1)


def share(world: World, number: PhoneNumber, chosen: Split | None) -> PhoneNumber:
    return actions.change_number(
        world.alice,
        number,
        account=number.account,
        client=number.client,
        agent=number.agent,
        label=number.label,
        split=chosen,
    )


def heard(number: PhoneNumber) -> list[int]:
    """The versions that 400 callers hear."""
    versions = (split.version_for(number, f"+1415555{line:04}") for line in range(400))
    return [version.number for version in versions if version is not None]


def test_about_the_chosen_share_of_callers_hears_the_other_version(
    agency: World, number: PhoneNumber, first: AgentVersion
) -> None:
    assert set(heard(number)) == {2}
    a_third = share(agency, number, Split(first, 30))
    assert 80 < heard(a_third).count(1) < 160
    assert heard(a_third) == heard(a_third)


def test_raising_the_share_moves_callers_one_way_only(agency: World, number: PhoneNumber, first: AgentVersion) -> None:
    few = heard(share(agency, number, Split(first, 10)))
    many = heard(share(agency, number, Split(first, 60)))
    assert all(after == 1 for before, after in zip(few, many, strict=True) if before == 1)
    assert set(heard(share(agency, number, Split(first, 100)))) == {1}


def test_a_call_that_comes_in_is_pinned_to_the_version_its_caller_hears(
    agency: World, number: PhoneNumber, first: AgentVersion
) -> None:
    share(agency, number, Split(first, 100))
    ringing = Ringing(
        carrier_call_id="CA1", account_id=number.account.account_sid, caller="+14155550199", called=number.number
    )
    assert inbound.take(number.account, ringing).call.agent_version == first


def test_another_agent_ends_the_split(agency: World, number: PhoneNumber, first: AgentVersion) -> None:
    number = share(agency, number, Split(first, 40))
    other = agents.create(agency.alice, agency.bright_dental, name="Night desk", call_type="both", purpose="").agent
    moved = actions.change_number(
        agency.alice, number, account=number.account, client=number.client, agent=other, label=""
    )
    assert (moved.split_version, moved.split_percent) == (None, 0)
    with pytest.raises(InvalidInput, match="another agent"):
        share(agency, moved, Split(first, 40))


def test_what_cannot_be_shared_is_refused_in_words(agency: World, number: PhoneNumber, first: AgentVersion) -> None:
    assert number.agent is not None
    with pytest.raises(InvalidInput, match="Everybody hears this version already"):
        share(agency, number, Split(number.agent.published, 20))
    with pytest.raises(InvalidInput, match="between 0 and 100"):
        share(agency, number, Split(first, 101))
    with pytest.raises(InvalidInput, match="Choose the version"):
        share(agency, number, Split(None, 20))


def test_the_number_page_and_the_api_set_a_split(agency: World, number: PhoneNumber, first: AgentVersion) -> None:
    page = browser(agency.alice)
    posted = {
        "account": str(number.account_id),
        "client": str(number.client_id),
        "agent": str(number.agent_id),
        "label": "",
        "split_version": str(first.pk),
        "split_percent": "25",
    }
    assert page.post(reverse("number", args=[number.pk]), posted).status_code == 302
    number.refresh_from_db()
    assert (number.split_version, number.split_percent) == (first, 25)
    assert AuditEvent.objects.filter(action="number.split_changed").exists()
    assert "25 % version 1" in page.get(reverse("numbers")).content.decode()
    programs = api(agency.alice)
    answer = programs.patch(f"/api/v1/numbers/{number.pk}/", {"split_percent": 50}, content_type="application/json")
    assert (answer.json()["split_version"], answer.json()["split_percent"]) == (1, 50)
    refused = programs.patch(f"/api/v1/numbers/{number.pk}/", {"split_version": 9}, content_type="application/json")
    assert refused.status_code == 422


def calls(number: PhoneNumber, version: AgentVersion, outcomes: dict[str, int], **fields: Any) -> None:
    now = timezone.now()
    for outcome, count in outcomes.items():
        for _ in range(count):
            Call.objects.create(
                **{
                    "client": number.client,
                    "agent": number.agent,
                    "agent_version": version,
                    "number": number,
                    "account": number.account,
                    "carrier": "twilio",
                    "direction": "inbound",
                    "status": "ended",
                    "ended_reason": "agent_hangup",
                    "ended_by": "agent",
                    "outcome": outcome,
                    "answered_at": now - timedelta(seconds=90),
                    "ended_at": now,
                }
                | fields
            )


def test_results_stand_side_by_side_and_own_up_to_chance(
    agency: World, number: PhoneNumber, first: AgentVersion
) -> None:
    assert number.agent is not None
    second = number.agent.published
    assert second is not None
    calls(number, first, {"appointment_booked": 6, "callback": 4})
    calls(number, second, {"appointment_booked": 5, "callback": 5})
    calls(number, second, {"appointment_booked": 5}, test=True)
    found = versions.results(number.agent, number=number)
    assert [(one.version.number, one.answered, one.goals) for one in sorted(found, key=lambda r: r.version.number)] == [
        (1, 10, 6),
        (2, 10, 5),
    ]
    assert "may well be chance" in versions.verdict(found)
    assert all(one.least < one.percent < one.most and one.seconds == 90 for one in found)
    calls(number, first, {"appointment_booked": 80, "callback": 10})
    calls(number, second, {"appointment_booked": 20, "callback": 70})
    assert "more than chance" in versions.verdict(versions.results(number.agent))
    shown = browser(agency.bob).get(reverse("agent_results", args=[number.agent.pk])).content.decode()
    assert "Goal reached" in shown
    assert "Version 1" in shown


def test_results_are_for_people_who_may_see_internals(agency: World, number: PhoneNumber) -> None:
    where = reverse("agent_results", args=[number.agent_id])
    assert browser(agency.dana).get(where).status_code == 404
    assert browser(agency.alice).get(where).status_code == 200


def test_an_account_of_strings_is_no_number_of_days(agency: World, number: PhoneNumber) -> None:
    where = reverse("agent_results", args=[number.agent_id])
    assert browser(agency.alice).get(f"{where}?days=9999999999999999&number=x").status_code == 200
    assert CarrierAccount.objects.exists()
