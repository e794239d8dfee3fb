"""A tool that sends a text message, by the client's own carrier account, over the carrier's real protocol."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator

import pytest

from agents.tools import actions
from agents.tools.actions import ToolDraft
from agents.tools.kinds.base import Caller
from calls.models import CarrierAccount, PhoneNumber
from tests.agents.tools.making import FAILURE, ask
from tests.fakes.twilio import FakeTwilio
from tests.world import World

pytestmark = pytest.mark.db
SID, TOKEN = "AC" + "7" * 32, "a-token-of-the-tests"
OURS, PATIENT = "+14155550100", "+14155552671"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    server, loop = FakeTwilio(SID, TOKEN), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(5)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def line(agency: World, twilio: FakeTwilio) -> PhoneNumber:
    account = CarrierAccount.objects.create(
        carrier="twilio", label="Main", account_sid=SID, auth_token=TOKEN, api_base_url=twilio.base_url
    )
    return PhoneNumber.objects.create(number=OURS, account=account, client=agency.bright_dental)


def sms(agency: World, **config: str) -> None:
    actions.create(agency.alice, ToolDraft("sms", "confirm", "Confirmation", FAILURE, config=config))


def test_the_caller_gets_what_the_agent_wrote(agency: World, line: PhoneNumber, twilio: FakeTwilio) -> None:
    sms(agency)
    by = Caller(client_id=agency.bright_dental.pk, call_id=uuid.uuid4(), caller=PATIENT, called=OURS)
    outcome = ask(agency, "confirm", by=by, message="See you on Monday.")
    assert (outcome.ok, outcome.text) == (True, "The message is sent.")
    assert str(outcome.variables["sms_id"]).startswith("SM")
    ask(agency, "confirm", by=by, message="See you on Monday.")
    assert twilio.texts == [{"To": PATIENT, "From": OURS, "Body": "See you on Monday."}]


def test_in_a_call_that_we_placed_it_is_the_one_who_was_called(
    agency: World, line: PhoneNumber, twilio: FakeTwilio
) -> None:
    sms(agency, text="Hello {{first_name|there}}, your appointment: {{when}}.")
    by = Caller(client_id=agency.bright_dental.pk, caller=OURS, called=PATIENT, outbound=True)
    assert ask(agency, "confirm", by=by, when="Monday").ok
    assert twilio.texts == [{"To": PATIENT, "From": OURS, "Body": "Hello there, your appointment: Monday."}]


def test_nobody_names_another_destination(agency: World, line: PhoneNumber, twilio: FakeTwilio) -> None:
    sms(agency)
    by = Caller(client_id=agency.bright_dental.pk, caller=PATIENT, called=OURS)
    assert not ask(agency, "confirm", by=by, message="Hi", to="+19005550100").ok
    unknown = Caller(client_id=agency.bright_dental.pk, caller="anonymous", called=OURS)
    assert not ask(agency, "confirm", by=unknown, message="Hi").ok
    assert twilio.texts == []


def test_the_carriers_no_is_told_and_another_client_has_no_line(
    agency: World, line: PhoneNumber, twilio: FakeTwilio
) -> None:
    sms(agency)
    twilio.fails_next.append((400, 21610, "Attempt to send to unsubscribed recipient"))
    by = Caller(client_id=agency.bright_dental.pk, caller=PATIENT, called=OURS)
    assert "unsubscribed" in ask(agency, "confirm", by=by, message="Hi").text
    other = Caller(client_id=agency.corner_garage.pk, caller=PATIENT, called=OURS)
    assert "has no number" in ask(agency, "confirm", by=other, message="Hi").text
    assert twilio.texts == []
