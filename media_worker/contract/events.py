"""What a worker tells of a call. Events are numbered from 1 and stored once by (call, seq).

`at_ms` counts from the moment the bridge sent `start`: bridge and worker both count from there, so their times can be
compared. A resumed call counts on from the same moment: the snapshot carries how far it had come.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from media_worker.contract.spec import Scalar
from media_worker.contract.tools import Source


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Started(Model):
    """The pipeline runs. `resumed` when it goes on from a snapshot."""

    kind: Literal["started"] = "started"
    resumed: bool = False
    worker: str = ""


class UserTurn(Model):
    """The caller said something, and it is over. `confidence` is 0 to 1 where the ears give one."""

    kind: Literal["user_turn"] = "user_turn"
    turn: int = Field(ge=1)
    text: str
    started_ms: int
    ended_ms: int
    confidence: float | None = None
    interrupted_agent: bool = False


class AgentTurn(Model):
    """The agent's reply as it was heard: `text` is what was played, `unheard` what an interruption cut off.

    `turn` is the number of the user turn it answers; 0 is the greeting.
    """

    kind: Literal["agent_turn"] = "agent_turn"
    turn: int = Field(ge=0)
    text: str
    unheard: str = ""
    interrupted: bool = False
    started_ms: int
    ended_ms: int


class Latency(Model):
    """The stages of one reply, as moments on the call's clock; None where a stage did not take place.

    The bridge adds the last one, the first byte of audio on the carrier's socket, when it sees it.
    """

    kind: Literal["latency"] = "latency"
    turn: int = Field(ge=0)
    speech_end_ms: int | None = None
    turn_end_ms: int | None = None
    stt_final_ms: int | None = None
    llm_start_ms: int | None = None
    llm_first_ms: int | None = None
    tts_start_ms: int | None = None
    tts_first_ms: int | None = None
    stt_vendor: str = ""
    llm_vendor: str = ""
    tts_vendor: str = ""


class OnWire(Model):
    """The bridge's own: first byte of the reply to `turn` written to the carrier's socket."""

    kind: Literal["on_wire"] = "on_wire"
    turn: int = Field(ge=0)


class Interrupted(Model):
    """The caller spoke over the reply to `turn`, and it was stopped."""

    kind: Literal["interrupted"] = "interrupted"
    turn: int = Field(ge=0)


class Paused(Model):
    """A noise made the agent pause in its reply to `turn`; it went on where it had stopped, `ms` later."""

    kind: Literal["paused"] = "paused"
    turn: int = Field(ge=0)
    ms: int = Field(ge=0)


class Backchannel(Model):
    """The caller said “uh-huh” into the reply to `turn`: heard, and not answered."""

    kind: Literal["backchannel"] = "backchannel"
    turn: int = Field(ge=0)
    text: str = Field(max_length=200)


class NodeEntered(Model):
    kind: Literal["node_entered"] = "node_entered"
    node: str
    why: str = ""


class VariableSet(Model):
    """The value is personal data: it is stored with the call and never logged."""

    kind: Literal["variable_set"] = "variable_set"
    name: str
    value: Scalar


class ToolUsed(Model):
    """A tool was used, or knowledge looked up. Arguments, text and sources are personal data: stored, never logged.

    `node` is where the flow stood; `by` who decided: a step of the flow, a language model, or the flow before its
    greeting.
    """

    kind: Literal["tool_used"] = "tool_used"
    turn: int = Field(ge=0)
    node: str = Field(default="", max_length=40)
    tool: str = Field(max_length=40)
    by: Literal["flow", "model", "before"] = "flow"
    arguments: dict[str, Scalar] = Field(default_factory=dict)
    ok: bool
    status: int | None = None
    text: str = Field(default="", max_length=2_000)
    variables: dict[str, Scalar] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    note: str = Field(default="", max_length=300)
    mocked: bool = False
    started_ms: int = Field(ge=0)
    ended_ms: int = Field(ge=0)


class HandedOver(Model):
    """Another agent of the client goes on from here."""

    kind: Literal["handed_over"] = "handed_over"
    agent: str = Field(max_length=200)
    version: int = Field(ge=1)


class Fallback(Model):
    """A rung of the ladder that keeps the line from falling silent.

    `step`: reask, next_ears, filler, next_model, backup_voice, next_key, escalated, timeout, vendor_error, too_long,
    apology, transfer. `vendor` is who takes over, where somebody does.
    """

    kind: Literal["fallback"] = "fallback"
    step: str
    stage: Literal["stt", "llm", "tts", "s2s", "flow"]
    why: str = ""
    vendor: str = ""
    turn: int | None = None


class Digit(Model):
    kind: Literal["digit"] = "digit"
    digit: str = Field(pattern=r"^[0-9A-D*#]$")


class Fault(Model):
    """Something failed and the call went on, or did not. `message` is for the agency's staff, without personal data."""

    kind: Literal["fault"] = "fault"
    whose: Literal["customer", "carrier", "provider", "platform"]
    stage: str
    message: str = Field(max_length=1000)
    fatal: bool = False


class Span(Model):
    """One piece of work for one turn: who did it, by which key, when, and what it took. Moments on the call's clock.

    `first_ms` is when its first result came: a word, a token, a sample. `tier` and `why` tell the model's routing,
    `name` a tool or a clip. `tier`, `why` and `error` hold no word that was said.
    """

    kind: Literal["span"] = "span"
    turn: int = Field(ge=0)
    stage: Literal["stt", "turn", "llm", "tool", "tts", "clip", "cache", "s2s"]
    vendor: str = Field(default="", max_length=40)
    model: str = Field(default="", max_length=120)
    key: str = Field(default="", max_length=80)
    tier: str = Field(default="", max_length=10)
    why: str = Field(default="", max_length=120)
    name: str = Field(default="", max_length=80)
    started_ms: int = Field(ge=0)
    first_ms: int | None = None
    ended_ms: int = Field(ge=0)
    tokens_in: int = Field(default=0, ge=0)
    tokens_out: int = Field(default=0, ge=0)
    characters: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    kept: bool = True
    """False: it was speculative, or interrupted, and nobody heard it."""
    error: str = Field(default="", max_length=200)


class KeyTrouble(Model):
    """A vendor refused a key. `key` is its id in the account's pool; `retry_after` in seconds where the vendor said."""

    kind: Literal["key_trouble"] = "key_trouble"
    key: str = Field(max_length=40)
    what: Literal["rate_limited", "refused"]
    retry_after: float | None = Field(default=None, ge=0, le=86_400)


class Usage(Model):
    """What was consumed, once per stage and vendor when the call ends."""

    kind: Literal["usage"] = "usage"
    stage: Literal["stt", "llm", "tts", "clip", "cache", "s2s"]
    vendor: str
    seconds: float = 0.0
    characters: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


EventBody = Annotated[
    Started
    | UserTurn
    | AgentTurn
    | Latency
    | OnWire
    | Interrupted
    | Paused
    | Backchannel
    | NodeEntered
    | VariableSet
    | ToolUsed
    | HandedOver
    | Fallback
    | Digit
    | Fault
    | Span
    | KeyTrouble
    | Usage,
    Field(discriminator="kind"),
]


class CallEvent(Model):
    seq: int = Field(ge=1)
    at_ms: int = Field(ge=0)
    body: EventBody


class Message(Model):
    role: Literal["user", "assistant", "system", "tool"]
    text: str


class Snapshot(Model):
    """Enough for another worker to go on: taken at the end of every turn."""

    turn: int = Field(ge=0)
    seq: int = Field(ge=0)
    at_ms: int = Field(ge=0)
    node: str
    messages: tuple[Message, ...] = ()
    variables: dict[str, Scalar] = Field(default_factory=dict)
    state: dict[str, Scalar] = Field(default_factory=dict)
    unsaid: str = Field(default="", max_length=20_000)
    """What the agent had still to say of its present reply, from the sentence that was being heard on."""
    media: dict[str, Scalar] = Field(default_factory=dict)
    """Who hears, thinks and speaks by now: the next worker does not begin again with a vendor that failed."""
