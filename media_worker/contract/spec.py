"""What a worker is told of a call. A spec holds keys of vendors: it is never logged; `repr` hides them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from media_worker.contract.flow import Flow, Name, NodeId, Tier
from media_worker.contract.tools import ToolSpec

Scalar = str | int | float | bool | None


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AudioFormat(Model):
    """How samples travel between bridge and worker: one channel, little-endian when 16 bits wide."""

    codec: Literal["pcm_s16le", "mulaw"] = "mulaw"
    rate: Literal[8000, 16000] = 8000

    @property
    def bytes_per_second(self) -> int:
        return self.rate * (2 if self.codec == "pcm_s16le" else 1)


class PoolKey(Model):
    """One of an account's keys. `id` names it to the control plane, `alias` to people and in traces."""

    id: str = Field(max_length=40)
    alias: str = Field(default="", max_length=80)
    secret: SecretStr

    @field_serializer("secret", when_used="json")
    def _reveal_on_the_wire(self, key: SecretStr) -> str:
        return key.get_secret_value()


class Provider(Model):
    """One vendor for one talent, with the account and the options its file in `providers/` declares.

    `api_key` is the key in use, and `key` its id in the pool `keys`, which are in the order they are to be tried. An
    account without a pool has no `keys`.
    """

    vendor: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    base_url: str | None = None
    api_key: SecretStr | None = None
    key: str = Field(default="", max_length=40)
    keys: tuple[PoolKey, ...] = Field(default=(), max_length=50)
    account: dict[str, Scalar] = Field(default_factory=dict)
    options: dict[str, Scalar] = Field(default_factory=dict)

    @field_serializer("api_key", when_used="json")
    def _reveal_on_the_wire(self, key: SecretStr | None) -> str | None:
        return key.get_secret_value() if key else None

    @property
    def alias(self) -> str:
        """The name of the key in use, for traces; empty without a pool."""
        return next((key.alias for key in self.keys if key.id == self.key), "")

    def with_key(self, key: PoolKey) -> Provider:
        """The same, by another key of its pool."""
        return self.model_copy(update={"api_key": key.secret, "key": key.id})


Backups = Annotated[tuple[Provider, ...], Field(max_length=5)]


class Providers(Model):
    """Who hears, thinks and speaks, and who takes over, in order. `small` is the model of the tier “small”.

    With `s2s` one model hears, thinks and speaks; the other three stand by for when it fails.
    """

    stt: Provider = Provider(vendor="builtin")
    llm: Provider = Provider(vendor="builtin")
    tts: Provider = Provider(vendor="builtin")
    stt_backups: Backups = ()
    llm_backups: Backups = ()
    tts_backups: Backups = ()
    small: Provider | None = None
    s2s: Provider | None = None


class TurnTaking(Model):
    """When a caller has begun and has finished to speak. Times in seconds."""

    vad_confidence: float = Field(default=0.7, ge=0.1, le=0.99)
    vad_start: float = Field(default=0.2, ge=0.02, le=1.0)
    vad_stop: float = Field(default=0.2, ge=0.1, le=2.0)
    vad_min_volume: float = Field(default=0.6, ge=0.0, le=1.0)
    smart_turn: bool = True
    smart_turn_deadline: float = Field(default=1.2, ge=0.2, le=5.0)
    speech_timeout: float = Field(default=0.4, ge=0.0, le=5.0)
    interruptible: bool = True
    min_words: int = Field(default=0, ge=0, le=10)
    backchannels: bool = True
    """“uh-huh”, “okay” while the agent speaks do not stop it."""
    resume_after: float = Field(default=0.8, ge=0.0, le=3.0)
    """A noise pauses the agent; when it was nothing, it goes on so long after. 0: a noise stops it."""
    speculate: bool = True
    """The LLM may begin on what was heard so far; its answer is kept or dropped when the turn is decided."""


class Limits(Model):
    """What ends a call whatever is said. Times in seconds."""

    max_duration: int = Field(default=1800, ge=10, le=14_400)
    idle_after: float = Field(default=8.0, ge=2.0, le=120.0)
    idle_prompts: tuple[Annotated[str, Field(max_length=300)], ...] = ("Are you still there?",)
    idle_goodbye: str = Field(default="I can't hear you, so I will hang up now. Goodbye.", max_length=300)


class Fallbacks(Model):
    """How a call is kept from falling silent. Times in seconds; a 0 switches its step off."""

    reask: str = Field(default="Sorry, could you say that again?", max_length=300)
    least_confidence: float = Field(default=0.35, ge=0.0, le=1.0)
    """What was heard with less is asked for again."""
    reasks: int = Field(default=2, ge=1, le=5)
    """So many in a row, and another vendor listens."""
    filler_after: float = Field(default=1.5, ge=0.0, le=10.0)
    fillers: tuple[Annotated[str, Field(min_length=1, max_length=120)], ...] = Field(
        default=("One moment, please.", "Let me see."), max_length=10
    )
    next_model_after: float = Field(default=5.0, ge=0.5, le=30.0)
    apology: str = Field(
        default="I am sorry, something is not working on my side. Please call again a little later. Goodbye.",
        min_length=1,
        max_length=300,
    )
    transfer_to: str = Field(default="", max_length=64)
    """Who takes the call when all else failed; empty: the agent says goodbye."""


class RoutingRule(Model):
    """Every condition that is given has to hold. Words are those of the caller's turn."""

    tier: Tier
    nodes: tuple[NodeId, ...] = Field(default=(), max_length=100)
    intents: tuple[Name, ...] = Field(default=(), max_length=100)
    min_words: int | None = Field(default=None, ge=0, le=500)
    max_words: int | None = Field(default=None, ge=0, le=500)
    tools: bool | None = None
    """The node offers tools beyond moving on and ending the call."""


class Routing(Model):
    """Which tier answers a turn: the first rule that holds, else `default`. Without a small model all is large."""

    rules: tuple[RoutingRule, ...] = Field(default=(), max_length=50)
    default: Literal["small", "large"] = "large"
    escalate: bool = True
    """A small model that is unsure hands its turn to the large one."""


class Clip(Model):
    """A recorded phrase. Its sound is one channel of 16-bit samples at 16 kHz, fetched from the host by `sha256`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")
    words: str = Field(min_length=1, max_length=500)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    seconds: float = Field(gt=0, le=60)
    kind: Literal["phrase", "filler", "apology"] = "phrase"
    voice: str = Field(default="", max_length=200)


class Colleague(Model):
    """Another agent of the same client, to whom a call can be handed. It speaks, listens and thinks by the same vendors."""

    name: str = Field(max_length=200)
    version: int = Field(ge=1)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")
    flow: Flow
    tools: tuple[ToolSpec, ...] = Field(default=(), max_length=60)
    knowledge: tuple[Name, ...] = Field(default=(), max_length=20)
    """The knowledge bases that it may read."""
    voice: str = Field(default="", max_length=200)
    """The name of its voice, where its vendor is this agent's too."""


class AgentSpec(Model):
    """A published version of an agent, frozen for one call."""

    id: UUID
    version: int = Field(ge=1)
    name: str = Field(max_length=200)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")
    flow: Flow
    providers: Providers = Providers()
    turns: TurnTaking = TurnTaking()
    limits: Limits = Limits()
    fallbacks: Fallbacks = Fallbacks()
    routing: Routing = Routing()
    clips: tuple[Clip, ...] = Field(default=(), max_length=300)
    tools: tuple[ToolSpec, ...] = Field(default=(), max_length=60)
    knows: bool = False
    """It has knowledge to look things up in."""
    knowledge: tuple[Name, ...] = Field(default=(), max_length=20)
    """The bases that it may read: for the host, which does the looking up."""
    colleagues: tuple[Colleague, ...] = Field(default=(), max_length=20)


class CallSpec(Model):
    """All that the media plane knows of a call. `agency` is the schema's name: it keys caches and file names."""

    call_id: UUID
    agency: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    direction: Literal["inbound", "outbound", "web"]
    audio: AudioFormat = AudioFormat()
    caller: str = Field(default="", max_length=64)
    called: str = Field(default="", max_length=64)
    agent: AgentSpec
    variables: dict[str, Scalar] = Field(default_factory=dict)
