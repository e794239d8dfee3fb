"""What a worker is told of a call. A spec holds keys of vendors: it is never logged; `repr` hides them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from media_worker.contract.flow import Flow

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


class Provider(Model):
    """One vendor for one talent, with the account and the options its file in `providers/` declares."""

    vendor: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    base_url: str | None = None
    api_key: SecretStr | None = None
    account: dict[str, Scalar] = Field(default_factory=dict)
    options: dict[str, Scalar] = Field(default_factory=dict)

    @field_serializer("api_key", when_used="json")
    def _reveal_on_the_wire(self, key: SecretStr | None) -> str | None:
        return key.get_secret_value() if key else None


class Providers(Model):
    stt: Provider = Provider(vendor="builtin")
    llm: Provider = Provider(vendor="builtin")
    tts: Provider = Provider(vendor="builtin")


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


class Limits(Model):
    """What ends a call whatever is said. Times in seconds."""

    max_duration: int = Field(default=1800, ge=10, le=14_400)
    idle_after: float = Field(default=8.0, ge=2.0, le=120.0)
    idle_prompts: tuple[Annotated[str, Field(max_length=300)], ...] = ("Are you still there?",)
    idle_goodbye: str = Field(default="I can't hear you, so I will hang up now. Goodbye.", max_length=300)


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
