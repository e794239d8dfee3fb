"""The answer webhook by itself: what it costs, and what it refuses before anything is looked up."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from twilio.request_validator import RequestValidator

from agents import actions
from agents.models import Agent
from calls.models import Call, CarrierAccount, PhoneNumber
from tests.world import HOST, RIVAL_HOST, World

pytestmark = pytest.mark.db

ACCOUNT, TOKEN, NUMBER = "AC" + "7" * 32, "tests-only-token", "+14155550100"
VOICE = "/telephony/twilio/voice"
FORM = {"CallSid": "CA" + "1" * 32, "AccountSid": ACCOUNT, "From": "+14155550188", "To": NUMBER}
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def number(agency: World) -> PhoneNumber:
    agent = actions.create(
        None,
        agency.bright_dental,
        name="Front desk",
        call_type="inbound",
        purpose="Front desk of a dental practice. It answers the phone.",
        ask_model=False,
    ).agent
    account = CarrierAccount.objects.create(carrier="twilio", label="Main", account_sid=ACCOUNT, auth_token=TOKEN)
    return PhoneNumber.objects.create(number=NUMBER, account=account, client=agency.bright_dental, agent=agent)


def ring(form: dict[str, str] = FORM, host: str = HOST, signature: str | None = None, **more: Any) -> Any:
    url = f"http://{host}:8000{VOICE}"
    signed = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
    body = more.pop("body", urlencode(form))
    headers = {"X-Twilio-Signature": signed, "Host": host, **more.pop("headers", {})}
    return Client().generic("POST", VOICE, body, more.pop("content_type", URLENCODED), headers=headers)


def test_it_connects_the_caller_within_a_few_queries(number: PhoneNumber) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = ring()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml"
    assert "<Connect><Stream url=" in answer.content.decode()
    assert f"ws://{HOST}:8000/media/twilio/" in answer.content.decode()
    real = [
        one["sql"]
        for one in asked.captured_queries
        if "SAVEPOINT" not in one["sql"] and "search_path" not in one["sql"]
    ]
    assert len(real) <= 8, "\n".join(real)


def test_the_signature_is_over_the_public_address_whatever_a_proxy_made_of_it(
    number: PhoneNumber, settings: Any
) -> None:
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", None
    signed = RequestValidator(TOKEN).compute_signature(f"https://{HOST}{VOICE}", FORM)
    answer = ring(signature=signed, headers={"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 200
    assert f"wss://{HOST}/media/twilio/" in answer.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"signature": ""},
        {"signature": "bm90IHRoaXM="},
        {"form": FORM | {"AccountSid": "AC" + "9" * 32}},
        {"host": RIVAL_HOST},
    ],
)
def test_what_the_carrier_did_not_sign_is_403_and_leaves_nothing(number: PhoneNumber, change: dict[str, Any]) -> None:
    assert ring(**change).status_code == 403
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"form": {"x": "1"}}, 400),
        ({"form": FORM | {"CallSid": "CA1"}}, 400),
        ({"body": b"\xff\xfe=%zz"}, 400),
        ({"body": b"&".join(b"a%d=1" % n for n in range(500))}, 400),
        ({"body": b"a=" + b"x" * 200_000}, 413),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/json", "body": b"[1]"}, 400),
        ({"content_type": "application/json", "body": b"{"}, 400),
    ],
)
def test_what_cannot_be_read_is_refused(number: PhoneNumber, change: dict[str, Any], status: int) -> None:
    assert ring(**change).status_code == status


def test_only_posts_are_answered(number: PhoneNumber) -> None:
    assert Client().get(VOICE, headers={"Host": HOST}).status_code == 405


def test_a_carrier_nobody_knows_is_404(number: PhoneNumber) -> None:
    for carrier in ("nobody", "web"):
        path = f"/telephony/{carrier}/voice"
        answer = Client().generic("POST", path, urlencode(FORM), URLENCODED, headers={"Host": HOST})
        assert answer.status_code == 404


def test_a_clients_limit_of_calls_is_kept(number: PhoneNumber) -> None:
    number.client.concurrent_calls_cap = 1
    number.client.save()
    assert "<Connect>" in ring().content.decode()
    answer = ring(FORM | {"CallSid": "CA" + "2" * 32}).content.decode()
    assert "lines are busy" in answer
    assert Call.objects.get(carrier_call_id="CA" + "2" * 32).ended_reason == "client_cap_reached"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"agent": None}, "no_agent"),
        ({"agent__call_type": "outbound"}, "no_agent"),
        ({"client__archived_at": ANY}, "client_archived"),
    ],
)
def test_a_number_that_is_not_set_up_says_so(number: PhoneNumber, change: dict[str, Any], reason: str) -> None:
    if "agent" in change:
        number.agent = None
        number.save()
    elif "agent__call_type" in change:
        Agent.objects.filter(pk=number.agent_id).update(call_type="outbound")
    else:
        from django.utils import timezone

        type(number.client).objects.filter(pk=number.client_id).update(archived_at=timezone.now())
    assert "<Hangup" in ring().content.decode()
    assert Call.objects.get().ended_reason == reason


def test_a_number_of_another_account_is_not_answered(number: PhoneNumber) -> None:
    other = CarrierAccount.objects.create(
        carrier="twilio", label="Other", account_sid="AC" + "8" * 32, auth_token=TOKEN
    )
    assert "not in service" in ring(FORM | {"AccountSid": other.account_sid}).content.decode()
