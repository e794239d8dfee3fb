"""Twilio's signature over webhooks and over the media socket's request, with the official SDK as the other side."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qs, urlencode

import pytest
from twilio.request_validator import RequestValidator

from calls.telephony.base import Webhook, WebhookRefused
from calls.telephony.twilio import SIGNATURE_HEADER, Twilio

pytestmark = pytest.mark.unit

TOKEN = "12345"
URL = "https://alice.voice.example.com/telephony/twilio/voice"
FORM = {"CallSid": "CA" + "1" * 32, "AccountSid": "AC" + "2" * 32, "From": "+14155550188", "To": "+14155550100"}
STREAM = "wss://alice.voice.example.com/media/twilio/ticket"


def hook(
    url: str = URL, form: dict[str, str] = FORM, signature: str | None = None, body: bytes | None = None
) -> Webhook:
    signed = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
    kind = "application/x-www-form-urlencoded"
    encoded = urlencode(form)
    return Webhook(url, body or encoded.encode(), kind, {SIGNATURE_HEADER: signed}, parse_qs(encoded, True))


def test_the_documentations_own_example_holds() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert Twilio().verify(hook(url, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), TOKEN)


def test_a_signature_over_the_public_address_holds() -> None:
    assert Twilio().verify(hook(), TOKEN)


def test_the_standard_port_may_be_in_the_signed_address_or_not() -> None:
    signed = RequestValidator(TOKEN).compute_signature(URL.replace(".com/", ".com:443/"), FORM)
    assert Twilio().verify(hook(signature=signed), TOKEN)


@pytest.mark.parametrize("signature", ["", "x", "bm9wZQ==", "é"])
def test_another_signature_does_not(signature: str) -> None:
    assert not Twilio().verify(hook(signature=signature), TOKEN)


def test_a_changed_field_or_address_or_token_does_not() -> None:
    good = hook()
    changed = hook(form=FORM | {"From": "+10000000000"}, signature=good.headers[SIGNATURE_HEADER])
    elsewhere = hook(url=URL + "/x", signature=good.headers[SIGNATURE_HEADER])
    assert not Twilio().verify(changed, TOKEN)
    assert not Twilio().verify(elsewhere, TOKEN)
    assert not Twilio().verify(good, "another")
    assert not Twilio().verify(good, "")


def test_repeated_fields_are_signed_once_each() -> None:
    form = {"MediaUrl": ["b", "a", "b"], **{name: [value] for name, value in FORM.items()}}
    text = URL + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    import base64
    import hmac

    signed = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), "sha1")).decode()
    one = Webhook(URL, b"", "application/x-www-form-urlencoded", {SIGNATURE_HEADER: signed}, form)
    assert Twilio().verify(one, TOKEN)


def test_a_json_body_is_covered_by_its_hash_in_the_address() -> None:
    body = json.dumps(FORM).encode()
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = RequestValidator(TOKEN).compute_signature(url, {})
    good = Webhook(url, body, "application/json", {SIGNATURE_HEADER: signed}, {})
    assert Twilio().verify(good, TOKEN)
    assert Twilio().ringing(good).caller == FORM["From"]
    assert not Twilio().verify(Webhook(url, body + b" ", "application/json", {SIGNATURE_HEADER: signed}, {}), TOKEN)


def test_a_json_body_without_its_hash_is_refused_not_raised() -> None:
    body = json.dumps(FORM).encode()
    signed = RequestValidator(TOKEN).compute_signature(URL, {})
    unhashed = Webhook(URL, body, "application/json", {SIGNATURE_HEADER: signed}, {})
    assert not Twilio().verify(unhashed, TOKEN) or not unhashed.form


def test_a_signed_media_socket_is_recognised_with_and_without_its_port() -> None:
    for signed in (STREAM, STREAM.replace(".com/", ".com:443/")):
        headers = {SIGNATURE_HEADER: RequestValidator(TOKEN).compute_signature(signed, {})}
        assert Twilio().verify_upgrade(STREAM, headers, TOKEN) is True
    headers = {SIGNATURE_HEADER: RequestValidator(TOKEN).compute_signature(STREAM.replace("wss", "https"), {})}
    assert Twilio().verify_upgrade(STREAM, headers, TOKEN) is False
    assert Twilio().verify_upgrade(STREAM, {}, TOKEN) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"CallSid": "CA1"},
        {"CallSid": ""},
        {"AccountSid": "../../etc"},
        {"From": "x" * 65},
        {"CallSid": "CA" + "1" * 32 + "\n"},
    ],
)
def test_a_form_that_cannot_be_read_is_refused(spoilt: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        Twilio().ringing(hook(form=FORM | spoilt))


@pytest.mark.parametrize("spoilt", [{"CallStatus": "teleported"}, {}, {"CallStatus": "busy", "SequenceNumber": "many"}])
def test_a_status_nobody_knows_is_refused(spoilt: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        Twilio().status(hook(form=FORM | spoilt))
