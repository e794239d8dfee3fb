"""What a kind of tool declares, and what it gets to work with."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import quote, quote_plus
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import LONGEST_OUTCOME, Act, Parameter, Scalar, ToolOutcome
from voiceops.lib import outbound
from voiceops.lib.errors import CustomerError

LARGEST_ANSWER = 1_000_000
LONGEST_SHOWN = 4_000
HIDDEN = "•••"
NO_CLIENT = UUID(int=0)
"""For a try of a tool that is all clients'."""
KNOWN = ("caller", "called", "timezone")
"""What the host can fill in wherever a tool has a text, without an argument."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoSecrets(Settings):
    pass


class Pair(Settings):
    """A name and its text, in which arguments are filled in."""

    name: str = Field(min_length=1, max_length=100, title="Name", json_schema_extra=ui("line"))
    value: str = Field(default="", max_length=2_000, title="Value", json_schema_extra=ui("line", template=True))


@dataclass(frozen=True)
class KindAbout:
    """A kind for people. `icon` is Lucide's name."""

    label: str
    icon: str
    text: str
    group: Literal["Web", "Calendars", "CRM", "Messages", "Call"]


@dataclass(frozen=True)
class Operation:
    """Something a tool can do. `sets` are the variables its answer may fill.

    `safe`: it changes nothing, so that it may be asked twice. `act` other than “host” is done by the media worker.
    """

    name: str
    label: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    sets: tuple[str, ...] = ()
    safe: bool = False
    act: Act = "host"


@dataclass(frozen=True)
class Caller:
    """On whose behalf a tool is used. Without `call_id` nothing is remembered: a try or a test.

    `variables` are those that the call brought along, not what was heard in it.
    """

    client_id: UUID
    agent_id: UUID | None = None
    call_id: UUID | None = None
    caller: str = ""
    called: str = ""
    timezone: str = "UTC"
    outbound: bool = False
    variables: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def party(self) -> str:
        """The number of the person on the phone."""
        return self.called if self.outbound else self.caller

    @property
    def line(self) -> str:
        """The client's own number."""
        return self.caller if self.outbound else self.called

    def known(self) -> dict[str, Scalar]:
        """Values that the host has of its own: what came along with the call, and `KNOWN`."""
        return {**self.variables, "caller": self.caller, "called": self.called, "timezone": self.timezone}


@dataclass(frozen=True)
class Exchange:
    """A request as it was sent and what came back, without secrets, for the test button."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    status: int | None = None
    answer: str = ""
    ms: int = 0


class ToolFailed(CustomerError):
    """It did not work. The sentence is for staff and for the language model."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


C = TypeVar("C", bound=Settings)
S = TypeVar("S", bound=Settings)


@dataclass
class Job(Generic[C, S]):
    """One use. `until` is on the monotonic clock."""

    config: C
    secrets: S
    operation: str
    arguments: Mapping[str, Scalar]
    caller: Caller
    until: float
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.until - time.monotonic())

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        content: bytes = b"",
        most: int = LARGEST_ANSWER,
        within: float | None = None,
        accept_all: bool = False,
    ) -> outbound.Answer:
        """The answer. Raises ToolFailed for every status of 300 and above, unless `accept_all`; AddressRefused and
        RemoteError as `outbound` does."""
        sent = {"Accept": "application/json"} | dict(headers or {})
        if json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False, separators=(",", ":")).encode()
            sent = {"Content-Type": "application/json"} | sent
        noted = Exchange(
            method,
            self.without_secrets(url),
            tuple((name, self._shown(name, value)) for name, value in sent.items()),
            self.without_secrets(content.decode(errors="replace"))[:LONGEST_SHOWN],
        )
        self.exchanges.append(noted)
        seconds = self.left if within is None else min(self.left, within)
        answer = outbound.send(method, url, headers=sent, content=content, within=seconds, most=most)
        self.exchanges[-1] = Exchange(
            noted.method,
            noted.url,
            noted.headers,
            noted.body,
            answer.status,
            self.without_secrets(answer.text)[:LONGEST_SHOWN],
            answer.ms,
        )
        if answer.status >= 300 and not accept_all:
            raise ToolFailed(refusal(answer), answer.status)
        return answer

    def _shown(self, name: str, value: str) -> str:
        if name.lower() == "authorization":
            return f"{value.partition(' ')[0]} {HIDDEN}"
        return self.without_secrets(value)

    def without_secrets(self, text: str) -> str:
        """`text` with every secret of the tool, also as it stands in an address, made unreadable."""
        for secret in _spellings(self.secrets):
            text = text.replace(secret, HIDDEN)
        return text


def refusal(answer: outbound.Answer) -> str:
    """Why an answer of 300 or more is a failure, in words."""
    host = outbound.host_of(answer.url)
    if answer.status < 400:
        return f"{host} answered with a redirect ({answer.status}), which is not followed here."
    if answer.status in (401, 403):
        return f"{host} refused the key ({answer.status})."
    if answer.status == 404:
        return f"{host} does not know this address (404)."
    if answer.status == 429:
        return f"{host} is asked too often (429)."
    who = "refused the request" if answer.status < 500 else "has a problem of its own"
    return f"{host} {who} ({answer.status})."


def done(text: str, variables: Mapping[str, Scalar] | None = None, status: int | None = 200) -> ToolOutcome:
    """It worked. `text` is what the model reads."""
    return ToolOutcome(ok=True, text=text[:LONGEST_OUTCOME], variables=dict(variables or {}), status=status)


def bearer(secret: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret.get_secret_value()}"}


class Kind:
    """A kind of tool. Its objects hold nothing: one serves every tool of the kind."""

    name: ClassVar[str]
    about: ClassVar[KindAbout]
    Config: ClassVar[type[Settings]]
    Secrets: ClassVar[type[Settings]] = NoSecrets
    ready: ClassVar[bool] = False
    """Needs no configuration: every agent has it without a row, under `name`."""

    def operations(self, config: Any) -> tuple[Operation, ...]:
        raise NotImplementedError

    def run(self, job: Job[Any, Any]) -> ToolOutcome:
        raise ToolFailed("This is done by the call itself.")

    def audience(self, config: Any) -> str:
        """Whom the secrets are shown to, such as a server: when it changes, they have to be given again."""
        url = str(getattr(config, "url", ""))
        return outbound.origin_of(url.partition("{{")[0]) if url else ""

    def connect(self, job: Job[Any, Any]) -> dict[str, Any]:
        """The values of the configuration that the other system decides; nothing for most kinds."""
        return {}

    def operation(self, config: Any, name: str) -> Operation:
        """Raises ToolFailed when there is none."""
        found = next((one for one in self.operations(config) if one.name == name), None)
        if found is None:
            raise ToolFailed(f"This tool does not know “{name}” any more.")
        return found


def _spellings(secrets: Settings) -> list[str]:
    """Every way in which a secret could be seen: the longest first."""
    values = [value.get_secret_value() for _, value in secrets if isinstance(value, SecretStr)]
    found: set[str] = set()
    for value in values:
        found |= {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
        found.add(base64.b64encode(value.encode()).decode())
    return sorted((text for text in found if len(text) >= 4), key=len, reverse=True)


def settings_of(kind: Kind, config: Mapping[str, Any]) -> Settings:
    """Raises pydantic's ValidationError."""
    return kind.Config.model_validate(dict(config))
