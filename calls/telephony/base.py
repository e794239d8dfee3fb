"""What the platform asks of a carrier. One carrier, one file; nothing outside `telephony/` knows a carrier's words.

Everything here is pure or plain HTTP: no ORM, no event loop. A `MediaCodec` belongs to one socket and turns messages
into frames and back without doing any I/O; what it cannot read it returns as `Malformed`, and it never raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from media_worker.contract.spec import AudioFormat

Message = str | bytes
"""A websocket message: text or binary."""

LARGEST_MESSAGE = 64 * 1024
LONGEST_MARK = 40


@dataclass(frozen=True)
class Capabilities:
    """`resumes`: after a media socket closes, the carrier asks us how to go on. `dials`: it has a REST API for it.
    `signs_handshakes`: the media socket's request may carry its signature. `texts`: it sends text messages."""

    audio: AudioFormat
    resumes: bool
    dials: bool
    transfers: bool
    signs_handshakes: bool = False
    texts: bool = False


# ── a media socket, carrier → us ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is open; the stream is about to start."""


@dataclass(frozen=True, slots=True)
class StreamStarted:
    stream_id: str
    carrier_call_id: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Audio:
    """The caller's, in the codec of the carrier's capabilities."""

    samples: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    digit: str


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """Everything before the mark was played, or a clear took it away: the bridge knows which."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The carrier ends the stream: the other side hung up, or the call was sent elsewhere."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """`why` is a few fixed words: it is counted and logged, so nothing of the message is in it."""

    why: str


Frame = Connected | StreamStarted | Audio | Digit | MarkReturned | Stopped | Malformed


class MediaCodec(Protocol):
    """Encoders return what to put on the socket, or None when the carrier has no such message."""

    def decode(self, message: Message) -> Frame: ...

    def audio(self, samples: bytes) -> Message: ...

    def clear(self) -> Message: ...

    def mark(self, name: str) -> Message: ...

    def ready(self) -> Message | None: ...

    def event(self, event_json: str) -> Message | None: ...

    def ended(self, reason: str, detail: str) -> Message | None: ...


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Webhook:
    """A request as it came. `url` is the public address the carrier asked for, whatever a proxy made of it."""

    url: str
    body: bytes
    content_type: str
    headers: Mapping[str, str]
    form: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Ringing:
    """A call asks what to do: somebody calls a number, or picked up."""

    carrier_call_id: str
    account_id: str
    caller: str
    called: str


@dataclass(frozen=True)
class StatusChange:
    """`status` is one of `CarrierStatus`. `key` is the same for every delivery of the same change."""

    carrier_call_id: str
    account_id: str
    status: str
    sequence: int
    key: str
    sip_code: int | None = None
    answered_by: str = ""


class CarrierStatus:
    """What a carrier says of its leg of a call."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELED = "canceled"

    FINAL: ClassVar[frozenset[str]] = frozenset({COMPLETED, BUSY, NO_ANSWER, FAILED, CANCELED})


@dataclass(frozen=True)
class AnsweredBy:
    """Who picked up, as the carrier's detection has it: a value of `Call.AnsweredBy`."""

    carrier_call_id: str
    account_id: str
    answered_by: str


class WebhookRefused(Exception):
    """A webhook that is not the carrier's, or that cannot be read. `why` is a few fixed words for the log."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


@dataclass(frozen=True)
class Document:
    """An answer to a webhook."""

    body: str
    content_type: str = "application/xml"


# ── REST ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Account:
    """An agency's account with a carrier. `api_base_url` puts another server in the carrier's place."""

    account_id: str
    secret: str = field(repr=False)
    api_base_url: str = ""


@dataclass(frozen=True)
class DialOrder:
    to: str
    from_number: str
    answer_url: str
    status_url: str
    answered_by_url: str
    ring_seconds: int = 40


@dataclass(frozen=True)
class CarrierCall:
    """A call as the carrier lists it."""

    carrier_call_id: str
    status: str
    started_at: datetime | None


class Carrier(Protocol):
    """The front of a carrier's file. REST methods block, and raise CarrierRefused (it said no), CarrierUnreachable
    (nothing happened; later may work) or CarrierOutcomeUnknown (it may have happened: ask, never repeat)."""

    name: str
    capabilities: Capabilities

    def codec(self) -> MediaCodec: ...

    def account_of(self, hook: Webhook) -> str: ...

    def verify(self, hook: Webhook, secret: str) -> bool: ...

    def verify_upgrade(self, url: str, headers: Mapping[str, str], secret: str) -> bool | None:
        """Of a media socket's request: None when it is not signed."""

    def ringing(self, hook: Webhook) -> Ringing: ...

    def status(self, hook: Webhook) -> StatusChange: ...

    def answered_by(self, hook: Webhook) -> AnsweredBy: ...

    def connect(self, stream_url: str, resume_url: str) -> Document: ...

    def say_and_hang_up(self, sentence: str) -> Document:
        """The sentence is English."""

    def say_and_transfer(self, sentence: str, to: str, from_number: str) -> Document:
        """Connect the caller with another number, after a sentence that may be empty. A carrier that cannot hangs up."""

    def hang_up(self) -> Document: ...

    def refuse(self) -> Document: ...

    def dial(self, account: Account, order: DialOrder) -> str: ...

    def find_calls(self, account: Account, to: str, since: datetime) -> list[CarrierCall]: ...

    def hang_up_call(self, account: Account, carrier_call_id: str) -> None: ...

    def transfer_call(self, account: Account, carrier_call_id: str, to: str, from_number: str) -> None: ...

    def send_text(self, account: Account, to: str, from_number: str, text: str) -> str:
        """The carrier's id of the message."""
