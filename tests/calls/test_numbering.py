from __future__ import annotations

import pytest
from django.urls import reverse

from agents import actions as agents
from agents.models import Agent
from calls.models import CarrierAccount, PhoneNumber
from calls.numbering import actions
from calls.numbering.actions import CarrierDraft
from tests.agents.conftest import browser
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db
SID = "AC" + "0" * 32
TOKEN = "twilio-token-abcdef-7890"


@pytest.fixture
def account(agency: World) -> CarrierAccount:
    return actions.add_carrier(agency.alice, "twilio", CarrierDraft("Twilio", SID, TOKEN))


@pytest.fixture
def agent(agency: World) -> Agent:
    made = agents.create(agency.alice, agency.bright_dental, name="Front desk", call_type="both", purpose="")
    return made.agent


def test_a_token_goes_in_and_never_comes_out(account: CarrierAccount, agency: World) -> None:
    page = browser(agency.alice)
    for where in (reverse("carriers"), reverse("carrier", args=[account.pk])):
        shown = page.get(where).content.decode()
        assert TOKEN not in shown
        assert "7890" in shown
    posted = {"label": "Renamed", "account_sid": SID, "auth_token": "", "api_base_url": ""}
    assert page.post(reverse("carrier", args=[account.pk]), posted).status_code == 302
    account.refresh_from_db()
    assert (account.label, account.auth_token) == ("Renamed", TOKEN)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (CarrierDraft("", SID, TOKEN), "label"),
        (CarrierDraft("T", "AC12", TOKEN), "account_sid"),
        (CarrierDraft("T", SID), "auth_token"),
        (CarrierDraft("T", SID, TOKEN, "ftp://x"), "api_base_url"),
    ],
)
def test_what_is_wrong_with_an_account_is_said_at_its_field(agency: World, draft: CarrierDraft, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.add_carrier(agency.alice, "twilio", draft)
    assert refused.value.field == field


def test_the_same_account_is_connected_once(account: CarrierAccount, agency: World) -> None:
    with pytest.raises(InvalidInput, match="connected already"):
        actions.add_carrier(agency.alice, "twilio", CarrierDraft("Again", SID, TOKEN))


def test_a_number_is_added_assigned_and_removed(account: CarrierAccount, agent: Agent, agency: World) -> None:
    page = browser(agency.bob)
    posted = {
        "number": "(415) 555-0100",
        "account": str(account.pk),
        "client": str(agency.bright_dental.pk),
        "agent": str(agent.pk),
        "label": "Main",
    }
    assert page.post(reverse("new_number"), posted).status_code == 302
    row = PhoneNumber.objects.get(number="+14155550100")
    assert row.agent == agent
    shown = page.get(reverse("number", args=[row.pk])).content.decode()
    assert "/telephony/twilio/voice" in shown
    assert page.post(reverse("new_number"), posted).status_code == 422
    assert page.post(reverse("number", args=[row.pk]), posted | {"agent": ""}).status_code == 302
    assert PhoneNumber.objects.get(pk=row.pk).agent is None
    assert page.post(reverse("remove_number", args=[row.pk])).status_code == 302
    assert not PhoneNumber.objects.exists()


def test_an_agent_answers_only_its_own_clients_numbers(account: CarrierAccount, agent: Agent, agency: World) -> None:
    with pytest.raises(InvalidInput, match="another client"):
        actions.add_number(
            agency.bob,
            number="+14155550100",
            account=account,
            client=agency.corner_garage,
            agent=agent,
            label="",
            region="US",
        )


@pytest.mark.parametrize("text", ["", "hello", "123", "+1 415", "+99999999999999999", "<script>"])
def test_what_is_no_number_is_said(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.e164(text, "US")
    assert refused.value.field == "number"


def test_a_client_sees_their_own_numbers_and_changes_none(account: CarrierAccount, agent: Agent, agency: World) -> None:
    row = PhoneNumber.objects.create(number="+14155550100", account=account, client=agency.bright_dental, agent=agent)
    assert "(415) 555-0100" in browser(agency.dana).get(reverse("numbers")).content.decode()
    assert "(415) 555-0100" not in browser(agency.erin).get(reverse("numbers")).content.decode()
    for person in (agency.dana, agency.erin):
        page = browser(person)
        assert page.get(reverse("number", args=[row.pk])).status_code == 404
        assert page.post(reverse("remove_number", args=[row.pk])).status_code == 404
        assert page.get(reverse("new_number")).status_code == 404


def test_an_account_that_carries_numbers_is_not_archived(account: CarrierAccount, agent: Agent, agency: World) -> None:
    row = PhoneNumber.objects.create(number="+14155550100", account=account, client=agency.bright_dental, agent=agent)
    with pytest.raises(InvalidInput, match="still carries numbers"):
        actions.archive_carrier(agency.alice, account)
    actions.remove_number(agency.alice, row)
    actions.archive_carrier(agency.alice, account)
    assert not CarrierAccount.objects.filter(archived_at=None).exists()
