"""What a caller gets whom no agent can take is the agency's to choose, for each of its numbers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.urls import reverse

from agents.models import Agent
from calls import busy
from calls.models import Call, CarrierAccount, PhoneNumber
from calls.reasons import BUSY_NOW, EndedReason
from calls.telephony.registry import CARRIERS
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.world import World

pytestmark = pytest.mark.db

SENTENCE = "All our chairs are taken."
COLLEAGUE = "+14155550123"


@pytest.fixture
def number(agency: World) -> PhoneNumber:
    account = CarrierAccount.objects.create(
        carrier="twilio", label="Main", account_sid=f"AC{'0' * 32}", auth_token="tests-only"
    )
    agent = Agent.objects.create(client=agency.bright_dental, name="Front desk")
    return PhoneNumber.objects.create(
        number="+14155550100", account=account, client=agency.bright_dental, agent=agent, label="Main"
    )


def verbs(number: PhoneNumber, reason: str, direction: str = Call.Direction.INBOUND) -> list[tuple[str, str]]:
    call = Call(number=number, direction=direction)
    document = busy.answer(CARRIERS["twilio"], call, reason)
    return [(element.tag, element.text or "") for element in ElementTree.fromstring(document.body)]


def posted(number: PhoneNumber, **more: str) -> dict[str, str]:
    agent = str(number.agent_id)
    return {"account": str(number.account_id), "client": str(number.client_id), "agent": agent, "label": "Main"} | more


def test_bob_chooses_what_callers_get_and_it_is_written_down(agency: World, number: PhoneNumber) -> None:
    page = browser(agency.bob)
    where = reverse("number", args=[number.pk])
    assert "When no agent is free" in page.get(where).content.decode()
    chosen = posted(number, busy_sentence=f"  {SENTENCE} ", busy_transfer_to="+1 (415) 555-0123")
    assert page.post(where, chosen).status_code == 302
    number.refresh_from_db()
    assert (number.busy_sentence, number.busy_transfer_to) == (SENTENCE, COLLEAGUE)
    assert AuditEvent.objects.filter(action="number.busy_answer_changed").count() == 1
    assert page.post(where, chosen).status_code == 302
    assert AuditEvent.objects.filter(action="number.busy_answer_changed").count() == 1
    assert SENTENCE in page.get(where).content.decode()


@pytest.mark.parametrize("wrong", ["+14155550100", "12", "<b>", "+19005550100"])
def test_a_number_that_cannot_help_is_refused_in_words(agency: World, number: PhoneNumber, wrong: str) -> None:
    answer = browser(agency.bob).post(reverse("number", args=[number.pk]), posted(number, busy_transfer_to=wrong))
    assert answer.status_code == 422
    number.refresh_from_db()
    assert number.busy_transfer_to == ""


def test_the_usual_words_are_said_where_nothing_was_chosen(number: PhoneNumber) -> None:
    assert verbs(number, EndedReason.BUSY_NO_CAPACITY) == [("Say", BUSY_NOW), ("Hangup", "")]


def test_the_chosen_words_and_the_chosen_number_are_used(number: PhoneNumber) -> None:
    number.busy_sentence = SENTENCE
    assert verbs(number, EndedReason.CLIENT_CAP_REACHED) == [("Say", SENTENCE), ("Hangup", "")]
    number.busy_transfer_to = COLLEAGUE
    assert verbs(number, EndedReason.NO_WORKER) == [("Say", SENTENCE), ("Dial", COLLEAGUE)]


def test_a_caller_who_was_lost_in_the_midst_is_passed_on_without_another_word(number: PhoneNumber) -> None:
    assert verbs(number, EndedReason.WORKER_LOST) == [("Hangup", "")]
    number.busy_sentence, number.busy_transfer_to = SENTENCE, COLLEAGUE
    assert verbs(number, EndedReason.WORKER_LOST) == [("Dial", COLLEAGUE)]


def test_other_ends_and_calls_that_we_placed_are_no_matter_of_it(number: PhoneNumber) -> None:
    number.busy_sentence, number.busy_transfer_to = SENTENCE, COLLEAGUE
    assert verbs(number, EndedReason.CALLER_HANGUP) == [("Hangup", "")]
    assert ("Dial", COLLEAGUE) not in verbs(number, EndedReason.BUSY_NO_CAPACITY, Call.Direction.OUTBOUND)
