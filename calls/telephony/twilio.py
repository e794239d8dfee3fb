"""Twilio: signed webhooks, TwiML and the Voice REST API. Its media socket is next door (`twilio_stream.py`).

Sources: twilio.com/docs/voice/twiml, …/usage/security, and the official SDK, which verifies signatures and speaks REST.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Connect, VoiceResponse
from urllib3.exceptions import NewConnectionError

from calls.telephony import base
from calls.telephony.base import CarrierStatus, Document, Webhook, WebhookRefused
from calls.telephony.twilio_stream import TwilioCodec
from media_worker.contract.spec import AudioFormat
from voiceops.lib.errors import CarrierOutcomeUnknown, CarrierRefused, CarrierUnreachable

REST_SECONDS = 10.0
LARGEST_BODY = 64 * 1024
SIGNATURE_HEADER = "x-twilio-signature"
STATUSES = {
    "queued": CarrierStatus.INITIATED,
    "initiated": CarrierStatus.INITIATED,
    "ringing": CarrierStatus.RINGING,
    "in-progress": CarrierStatus.ANSWERED,
    "answered": CarrierStatus.ANSWERED,
    "completed": CarrierStatus.COMPLETED,
    "busy": CarrierStatus.BUSY,
    "no-answer": CarrierStatus.NO_ANSWER,
    "failed": CarrierStatus.FAILED,
    "canceled": CarrierStatus.CANCELED,
}
ANSWERED_BY = {
    "human": "human",
    "fax": "network_message",
    **dict.fromkeys(("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"), "voicemail"),
}

Sid = Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9a-fA-F]{32}$")]
Party = Annotated[str, Field(max_length=64)]


# ── forms ────────────────────────────────────────────────────────────────────────────────────────


class _Form(BaseModel):
    """Fields we do not read are ignored: Twilio adds new ones at will."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    call_sid: Sid = Field(alias="CallSid")
    account_sid: Sid = Field(alias="AccountSid")


class _VoiceForm(_Form):
    caller: Party = Field(default="", alias="From")
    called: Party = Field(default="", alias="To")


class _StatusForm(_Form):
    status: Annotated[str, Field(max_length=20)] = Field(alias="CallStatus")
    sequence: int = Field(default=0, ge=0, le=10_000, alias="SequenceNumber")
    sip_code: int | None = Field(default=None, ge=100, le=699, alias="SipResponseCode")
    answered_by: Annotated[str, Field(max_length=40)] = Field(default="", alias="AnsweredBy")


F = TypeVar("F", bound=_Form)


class _Multi(dict[str, str]):
    """A form whose fields may repeat, as the SDK's validator wants to read it."""

    def __init__(self, form: Mapping[str, Sequence[str]]) -> None:
        super().__init__({name: values[-1] for name, values in form.items() if values})
        self._all = form

    def getlist(self, name: str) -> list[str]:
        return list(self._all[name])


def _fields(hook: Webhook) -> dict[str, Any]:
    """The form, or the JSON object of a webhook whose body was sent as JSON. An empty field counts as left out."""
    if hook.content_type == "application/json":
        try:
            body = json.loads(hook.body)
        except (ValueError, RecursionError):
            raise WebhookRefused("not JSON") from None
        if not isinstance(body, dict):
            raise WebhookRefused("not an object")
        return {name: value for name, value in body.items() if value != ""}
    return {name: values[-1] for name, values in hook.form.items() if values and values[-1] != ""}


# ── the carrier ──────────────────────────────────────────────────────────────────────────────────


class Twilio:
    name = "twilio"
    capabilities = base.Capabilities(
        AudioFormat(codec="mulaw", rate=8000),
        resumes=True,
        dials=True,
        transfers=True,
        signs_handshakes=True,
        texts=True,
    )

    def codec(self) -> TwilioCodec:
        return TwilioCodec()

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    def account_of(self, hook: Webhook) -> str:
        """Whose signature to expect. The claim is only believed once the signature holds."""
        return self._read(_Form, hook).account_sid

    def verify(self, hook: Webhook, secret: str) -> bool:
        signature = hook.headers.get(SIGNATURE_HEADER, "")
        if not signature or not secret:
            return False
        validator = RequestValidator(secret)
        try:
            if "bodySHA256" in parse_qs(urlsplit(hook.url).query):
                return bool(validator.validate(hook.url, hook.body.decode("utf-8", "replace"), signature))
            return bool(validator.validate(hook.url, _Multi(hook.form), signature))
        except (TypeError, ValueError):
            return False

    def verify_upgrade(self, url: str, headers: Mapping[str, str], secret: str) -> bool | None:
        """The SDK would try `:80` for wss, so both spellings of the address are signed here. `url` may name a port."""
        signature = headers.get(SIGNATURE_HEADER, "")
        if not signature:
            return None
        parts = urlsplit(url)
        standard = {"wss": 443, "ws": 80}.get(parts.scheme)
        netlocs = {parts.netloc}
        if parts.port in {None, standard}:
            netlocs = {parts.hostname or "", f"{parts.hostname}:{standard}"}
        validator = RequestValidator(secret)
        expected = [validator.compute_signature(parts._replace(netloc=netloc).geturl(), {}) for netloc in netlocs]
        return any(hmac.compare_digest(one.encode(), signature.encode()) for one in expected)

    def ringing(self, hook: Webhook) -> base.Ringing:
        form = self._read(_VoiceForm, hook)
        return base.Ringing(form.call_sid, form.account_sid, form.caller, form.called)

    def status(self, hook: Webhook) -> base.StatusChange:
        form = self._read(_StatusForm, hook)
        try:
            status = STATUSES[form.status]
        except KeyError:
            raise WebhookRefused("unknown CallStatus") from None
        return base.StatusChange(
            carrier_call_id=form.call_sid,
            account_id=form.account_sid,
            status=status,
            sequence=form.sequence,
            key=f"status:{form.call_sid}:{form.sequence}:{form.status}",
            sip_code=form.sip_code,
            answered_by=ANSWERED_BY.get(form.answered_by, "unknown") if form.answered_by else "",
        )

    def answered_by(self, hook: Webhook) -> base.AnsweredBy:
        form = self._read(_StatusForm, hook)
        return base.AnsweredBy(form.call_sid, form.account_sid, ANSWERED_BY.get(form.answered_by, "unknown"))

    @staticmethod
    def _read(kind: type[F], hook: Webhook) -> F:
        if len(hook.body) > LARGEST_BODY:
            raise WebhookRefused("body too large", 413)
        try:
            return kind.model_validate(_fields(hook))
        except ValidationError as error:
            wrong = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
            raise WebhookRefused(f"unreadable fields: {wrong}") from None

    # ── documents ────────────────────────────────────────────────────────────────────────────────

    def connect(self, stream_url: str, resume_url: str) -> Document:
        """The redirect is asked for when the stream has ended, however it ended: there the call resumes or is over."""
        response = VoiceResponse()
        connect = Connect()
        connect.stream(url=stream_url)
        response.append(connect)
        response.redirect(resume_url, method="POST")
        return Document(str(response))

    def say_and_hang_up(self, sentence: str) -> Document:
        response = VoiceResponse()
        response.say(sentence, language="en-US")
        response.hangup()
        return Document(str(response))

    def say_and_transfer(self, sentence: str, to: str, from_number: str) -> Document:
        response = VoiceResponse()
        if sentence:
            response.say(sentence, language="en-US")
        response.dial(to, caller_id=from_number or None)
        return Document(str(response))

    def hang_up(self) -> Document:
        response = VoiceResponse()
        response.hangup()
        return Document(str(response))

    def refuse(self) -> Document:
        response = VoiceResponse()
        response.reject(reason="rejected")
        return Document(str(response))

    # ── REST ─────────────────────────────────────────────────────────────────────────────────────

    def dial(self, account: base.Account, order: base.DialOrder) -> str:
        """The carrier's id of the new call."""
        with _failures("The call"):
            call = _client(account).calls.create(
                to=order.to,
                from_=order.from_number,
                url=order.answer_url,
                method="POST",
                status_callback=order.status_url,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                status_callback_method="POST",
                timeout=order.ring_seconds,
                machine_detection="Enable",
                async_amd="true",
                async_amd_status_callback=order.answered_by_url,
                async_amd_status_callback_method="POST",
            )
        return str(call.sid)

    def find_calls(self, account: base.Account, to: str, since: datetime) -> list[base.CarrierCall]:
        """The calls to this number that were made since then, newest first."""
        with _failures("The list of calls"):
            rows = _client(account).calls.list(to=to, limit=50)
        return [
            base.CarrierCall(str(row.sid), STATUSES.get(str(row.status), CarrierStatus.INITIATED), row.date_created)
            for row in rows
            if row.date_created is None or row.date_created >= since
        ]

    def hang_up_call(self, account: base.Account, carrier_call_id: str) -> None:
        with _failures("Hanging up"):
            _client(account).calls(carrier_call_id).update(status="completed")

    def transfer_call(self, account: base.Account, carrier_call_id: str, to: str, from_number: str) -> None:
        """Takes the call out of its stream and connects it to another number."""
        response = VoiceResponse()
        response.dial(to, caller_id=from_number or None)
        with _failures("The transfer"):
            _client(account).calls(carrier_call_id).update(twiml=str(response))

    def send_text(self, account: base.Account, to: str, from_number: str, text: str) -> str:
        with _failures("The message"):
            message = _client(account).messages.create(to=to, from_=from_number, body=text)
        return str(message.sid)


class _Http(TwilioHttpClient):
    """The SDK's own client, pointed at another server where the account names one. Never retries by itself."""

    def __init__(self, base_url: str) -> None:
        super().__init__(pool_connections=False, timeout=REST_SECONDS)
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        if self._base_url:
            parts = urlsplit(url)
            url = self._base_url + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().request(method, url, *args, **more)


def _client(account: base.Account) -> Client:
    return Client(account.account_id, account.secret, http_client=_Http(account.api_base_url))


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Sorts failures by what may have happened: 4xx nothing, 429 nothing yet, anything without an answer maybe."""
    try:
        yield
    except TwilioRestException as error:
        if error.status == 429:
            raise CarrierUnreachable(f"{what} was put off: Twilio takes no more requests at the moment.") from None
        if error.status >= 500:
            raise CarrierOutcomeUnknown(f"{what} got no clear answer: Twilio failed ({error.status}).") from None
        raise CarrierRefused(f"{what} was refused by Twilio: {error.msg}"[:400], str(error.code or "")) from None
    except requests.exceptions.ConnectTimeout:
        raise CarrierUnreachable(f"{what} did not reach Twilio in time.") from None
    except (requests.exceptions.RequestException, OSError) as error:
        if _never_sent(error):
            raise CarrierUnreachable(f"{what} did not reach Twilio.") from None
        raise CarrierOutcomeUnknown(f"{what} got no answer from Twilio ({type(error).__name__}).") from None
    except TwilioException as error:
        raise CarrierOutcomeUnknown(f"{what} got an answer from Twilio that cannot be read.") from error


def _never_sent(error: BaseException) -> bool:
    """No connection came about, so nothing was asked."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
