"""The websocket between bridge and worker: one a call, opened by the bridge.

Handshake  `GET /call` with `Authorization: Bearer <MEDIA_WORKER_KEY>`; 401 wrong key, 503 full or draining.
Text       one of the messages below as JSON; the first from the bridge is `start`.
Binary     one byte of track (`CALLER`, `AGENT`), then samples in the format that `start.spec.audio` names.

The worker paces the agent's audio: it sends at most `LEAD_MS` ahead of real time, so that a `clear` has little to clear.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from media_worker.contract.events import CallEvent, Snapshot
from media_worker.contract.spec import CallSpec, Scalar
from media_worker.contract.tools import Mocks, ToolOutcome, UseTool

CALLER = 0
AGENT = 1
LEAD_MS = 200
PATH = "/call"
TEXT_PATH = "/text"
MAX_TEXT = 4 * 1024 * 1024
MAX_AUDIO = 64 * 1024


Action = Literal["hangup", "transfer", "send_digits", "clip", "tool", "knowledge"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# ── bridge → worker ──────────────────────────────────────────────────────────────────────────────


class Start(Model):
    type: Literal["start"] = "start"
    spec: CallSpec
    resume: Snapshot | None = None
    elapsed_ms: int = 0
    unnoticed: bool = False
    """The worker before handed the call over between two turns: the caller need not hear of it."""


class Played(Model):
    """The carrier says that everything before this mark was played, or, with `cleared`, that it never will be."""

    type: Literal["played"] = "played"
    name: str = Field(max_length=40)
    cleared: bool = False


class Dtmf(Model):
    type: Literal["dtmf"] = "dtmf"
    digit: str = Field(pattern=r"^[0-9A-D*#]$")


class Response(Model):
    """The host's answer to a `request`. `error` is a sentence for the agency's staff."""

    type: Literal["response"] = "response"
    id: int
    ok: bool
    result: dict[str, Scalar] = Field(default_factory=dict)
    error: str = ""
    outcome: ToolOutcome | None = None


class Hangup(Model):
    """The call is over on the carrier's side: stop at once, report, finish."""

    type: Literal["hangup"] = "hangup"
    reason: str = Field(default="caller_hangup", max_length=40)


class Drain(Model):
    """Send a snapshot at the end of this turn, then `finished` with reason `drained`."""

    type: Literal["drain"] = "drain"


# ── worker → bridge ──────────────────────────────────────────────────────────────────────────────


class Ready(Model):
    """The pipeline listens. Audio sent before this is kept, up to two seconds."""

    type: Literal["ready"] = "ready"


class Event(Model):
    type: Literal["event"] = "event"
    event: CallEvent


class SnapshotTaken(Model):
    type: Literal["snapshot"] = "snapshot"
    snapshot: Snapshot


class Speaking(Model):
    """The next agent audio is the reply to user turn `turn` (0: the greeting). The bridge stamps its first byte."""

    type: Literal["speaking"] = "speaking"
    turn: int = Field(ge=0)


class Clear(Model):
    """Stop playback now; marks that are outstanding come back as `played` with `cleared`."""

    type: Literal["clear"] = "clear"


class Mark(Model):
    """Tell me when all audio before this was played."""

    type: Literal["mark"] = "mark"
    name: str = Field(max_length=40)


class Request(Model):
    """Something that only the host can do. The host answers each with a `response` of the same id.

    `clip` (sha256, offset in bytes) is answered with a piece of a recorded clip: `audio` in base64, and its `size` in
    bytes as a whole. `tool` and `knowledge` carry `use`, and are answered with an `outcome`. A question to the knowledge
    is a use of `knowledge` with the arguments `question` and, where not all may be read, `bases`: names with commas.
    """

    type: Literal["request"] = "request"
    id: int
    action: Action
    arguments: dict[str, Scalar] = Field(default_factory=dict)
    use: UseTool | None = None


class Finished(Model):
    """The last message. `reason` is a value of `calls.lifecycle.EndedReason`; `outcome` is the end node's."""

    type: Literal["finished"] = "finished"
    reason: str = Field(max_length=40)
    ended_by: Literal["caller", "agent", "platform"] = "agent"
    outcome: str = Field(default="", max_length=40)
    detail: str = Field(default="", max_length=500)


# ── in text ──────────────────────────────────────────────────────────────────────────────────────


class TextTurn(Model):
    """One turn of a conversation in writing, on a websocket of its own at `TEXT_PATH`; the only message but `response`.

    Nothing is kept between turns: `resume` is the snapshot that the turn before ended with (None: the beginning, and the
    agent opens), so that a conversation can be taken up again at any turn. Answered by events, requests, one `text_reply`.
    """

    type: Literal["text_turn"] = "text_turn"
    spec: CallSpec
    resume: Snapshot | None = None
    said: str = Field(default="", max_length=5_000)
    digits: str = Field(default="", max_length=64, pattern=r"^[0-9A-D*#]*$")
    silence: bool = False
    """The caller says nothing, until the agent's patience ends."""
    now: datetime | None = None
    """The wall clock where the call belongs, for tests; with its zone."""
    mocks: Mocks = Field(default_factory=dict)


class TextReply(Model):
    """All that the agent said in this turn. `end`: it has hung up. `fault` is a sentence for staff."""

    type: Literal["text_reply"] = "text_reply"
    text: str
    end: bool = False
    outcome: str = Field(default="", max_length=40)
    snapshot: Snapshot
    fault: str = Field(default="", max_length=1_000)


ToWorker = Annotated[Start | Played | Dtmf | Response | Hangup | Drain, Field(discriminator="type")]
ToBridge = Annotated[
    Ready | Event | SnapshotTaken | Speaking | Clear | Mark | Request | Finished, Field(discriminator="type")
]

ToTextWorker = Annotated[TextTurn | Response, Field(discriminator="type")]
FromTextWorker = Annotated[Event | Request | TextReply, Field(discriminator="type")]

to_worker: TypeAdapter[ToWorker] = TypeAdapter(ToWorker)
to_bridge: TypeAdapter[ToBridge] = TypeAdapter(ToBridge)
to_text_worker: TypeAdapter[ToTextWorker] = TypeAdapter(ToTextWorker)
from_text_worker: TypeAdapter[FromTextWorker] = TypeAdapter(FromTextWorker)
