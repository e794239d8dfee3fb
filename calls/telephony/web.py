"""The browser as a carrier: the same bridge, 16 kHz PCM instead of a phone line.

    browser → us   {"type":"start","rate":16000} first, then binary pcm_s16le; {"type":"mark","name":…},
                   {"type":"dtmf","digit":…}, {"type":"hangup"}
    us → browser   {"type":"ready"}, binary pcm_s16le, {"type":"clear"}, {"type":"mark","name":…},
                   {"type":"event","event":{CallEvent}}, {"type":"ended","reason":…,"detail":…}

It has no webhooks and no REST API: a page of ours starts the call and asks to go on with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from calls.telephony.base import (
    LARGEST_MESSAGE,
    LONGEST_MARK,
    Account,
    AnsweredBy,
    Audio,
    Capabilities,
    CarrierCall,
    DialOrder,
    Digit,
    Document,
    Frame,
    Malformed,
    MarkReturned,
    Message,
    Ringing,
    StatusChange,
    Stopped,
    StreamStarted,
    Webhook,
    WebhookRefused,
)
from media_worker.contract.spec import AudioFormat
from voiceops.lib.errors import CarrierRefused

RATE = 16000


class WebCodec:
    def __init__(self) -> None:
        self._started = False

    def decode(self, message: Message) -> Frame:
        if len(message) > LARGEST_MESSAGE:
            return Malformed("message too large")
        if isinstance(message, bytes):
            if not self._started:
                return Malformed("media before start")
            return Audio(message) if message and len(message) % 2 == 0 else Malformed("half a sample")
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            return Malformed("not JSON")
        if not isinstance(body, dict):
            return Malformed("not an object")
        return self._text(body)

    def _text(self, body: dict[str, object]) -> Frame:
        kind = body.get("type")
        if kind == "start":
            if self._started:
                return Malformed("second start")
            if body.get("rate") != RATE:
                return Malformed("unknown media format")
            self._started = True
            return StreamStarted("web")
        if kind == "mark":
            name = body.get("name")
            return MarkReturned(name) if isinstance(name, str) and 0 < len(name) <= LONGEST_MARK else _bad_mark()
        if kind == "dtmf":
            digit = body.get("digit")
            known = isinstance(digit, str) and len(digit) == 1 and digit in "0123456789*#ABCD"
            return Digit(str(digit)) if known else Malformed("no digit")
        return Stopped() if kind == "hangup" else Malformed("unknown event")

    def audio(self, samples: bytes) -> Message:
        return samples

    def clear(self) -> Message:
        return '{"type":"clear"}'

    def mark(self, name: str) -> Message:
        return json.dumps({"type": "mark", "name": name})

    def ready(self) -> Message | None:
        return '{"type":"ready"}'

    def event(self, event_json: str) -> Message | None:
        return f'{{"type":"event","event":{event_json}}}'

    def ended(self, reason: str, detail: str) -> Message | None:
        return json.dumps({"type": "ended", "reason": reason, "detail": detail})


def _bad_mark() -> Frame:
    return Malformed("mark without a name")


class Web:
    name = "web"
    capabilities = Capabilities(AudioFormat(codec="pcm_s16le", rate=RATE), resumes=True, dials=False, transfers=False)

    def codec(self) -> WebCodec:
        return WebCodec()

    def account_of(self, hook: Webhook) -> str:
        self._no_webhooks()

    def verify(self, hook: Webhook, secret: str) -> bool:
        return False

    def verify_upgrade(self, url: str, headers: Mapping[str, str], secret: str) -> bool | None:
        return None

    def ringing(self, hook: Webhook) -> Ringing:
        self._no_webhooks()

    def status(self, hook: Webhook) -> StatusChange:
        self._no_webhooks()

    def answered_by(self, hook: Webhook) -> AnsweredBy:
        self._no_webhooks()

    def connect(self, stream_url: str, resume_url: str) -> Document:
        return Document(json.dumps({"media_url": stream_url, "resume_url": resume_url}), "application/json")

    def say_and_hang_up(self, sentence: str) -> Document:
        return Document(json.dumps({"error": sentence}), "application/json")

    def say_and_transfer(self, sentence: str, to: str, from_number: str) -> Document:
        return self.say_and_hang_up(sentence)

    def hang_up(self) -> Document:
        return Document(json.dumps({"error": "The call is over."}), "application/json")

    def refuse(self) -> Document:
        return self.hang_up()

    def dial(self, account: Account, order: DialOrder) -> str:
        self._no_rest()

    def find_calls(self, account: Account, to: str, since: datetime) -> list[CarrierCall]:
        return []

    def hang_up_call(self, account: Account, carrier_call_id: str) -> None:
        self._no_rest()

    def transfer_call(self, account: Account, carrier_call_id: str, to: str, from_number: str) -> None:
        self._no_rest()

    def send_text(self, account: Account, to: str, from_number: str, text: str) -> str:
        self._no_rest()

    @staticmethod
    def _no_webhooks() -> NoReturn:
        raise WebhookRefused("the browser sends no webhooks", 404)

    @staticmethod
    def _no_rest() -> NoReturn:
        raise CarrierRefused("A call from the browser cannot be transferred or dialled: there is no phone line to it.")
