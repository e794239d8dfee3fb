"""A vendor's websocket protocol as data: pure functions over messages, so that a vendor is one small file.

One object of `EarsWire` or `VoiceWire` serves one connection and may keep what it has to remember of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode

Message = str | bytes
Parameter = str | int | float | bool | None


class VendorSaid(RuntimeError):
    """The vendor told an error in its own words, inside the connection. `status` is the HTTP status it amounts to.

    `providers.faults.fault_of` reads `status_code` and `headers`.
    """

    def __init__(self, message: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message[:300])
        self.status_code = status
        self.headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}


class VendorSilent(TimeoutError):
    """The vendor took the connection, and then said nothing for longer than a caller can wait."""


@dataclass(frozen=True)
class Door:
    """Where a connection begins. `hello` are the first messages; with `welcome` nothing follows until the vendor has
    sent what `read` takes for a `Welcome`."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    hello: tuple[str, ...] = ()
    welcome: bool = False


# ── ears ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Welcome:
    """The vendor is ready."""


@dataclass(frozen=True)
class Interim:
    """What was heard since the last final text, and may still change."""

    text: str


@dataclass(frozen=True)
class Final:
    """A text that stands. `finalized`: nothing of this stretch of speech comes after it; `over`: the turn is, too."""

    text: str
    confidence: float | None = None
    finalized: bool = False
    over: bool = False


Heard = Welcome | Interim | Final


class EarsWire(Protocol):
    """`chunk` seconds of sound go into one message; `answers` when the vendor answers every `finish`, even of noise."""

    chunk: float
    answers: bool

    def door(self) -> Door: ...
    def audio(self, pcm: bytes) -> Message | None:
        """None: it is kept, and goes along with what follows."""

    def begin(self) -> Iterable[Message]:
        """The caller has begun to speak."""

    def finish(self) -> Iterable[Message]:
        """The caller has stopped: tell all that was heard, now."""

    def alive(self) -> Message | None:
        """Keeps an idle connection open; None: silence does."""

    def goodbye(self) -> Iterable[Message]: ...
    def read(self, message: Message) -> Iterable[Heard]:
        """What a message means. Raises VendorSaid for an error, ValueError for what cannot be read."""

    def closed(self, code: int, reason: str) -> Exception | None:
        """What a close code of the vendor's own means, where it means an error."""


# ── voices ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sound:
    pcm: bytes
    utterance: str


@dataclass(frozen=True)
class Words:
    """When words begin, in seconds from the start of their utterance."""

    words: tuple[tuple[str, float], ...]
    utterance: str


@dataclass(frozen=True)
class Done:
    """All of the utterance's sound was sent."""

    utterance: str


Spoken = Sound | Words | Done


class VoiceWire(Protocol):
    def door(self) -> Door: ...
    def speak(self, text: str, utterance: str) -> Iterable[Message]: ...
    def cancel(self, utterance: str) -> Iterable[Message] | None:
        """Stops an utterance; None when only a new connection does."""

    def alive(self) -> Message | None: ...
    def goodbye(self) -> Iterable[Message]: ...
    def read(self, message: Message) -> Iterable[Spoken]:
        """As `EarsWire.read`. Sound of an utterance that was cancelled may be told: nobody listens."""

    def closed(self, code: int, reason: str) -> Exception | None: ...


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Post:
    """One request. `json` or `content` or `fields` with `file` is its body."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    content: bytes = b""
    fields: dict[str, Any] | None = None
    file: tuple[str, bytes] | None = None


# ── helpers of the vendors' files ────────────────────────────────────────────────────────────────


def socket_url(base: str, path: str, parameters: Mapping[str, Parameter | tuple[str, ...]] | None = None) -> str:
    """`base` is http(s) or ws(s), with or without a path. Parameters that are None are left out; tuples repeat."""
    scheme, _, rest = base.rstrip("/").partition("://")
    root = {"http": "ws", "https": "wss"}.get(scheme, scheme) + "://" + rest
    return root + path + query(parameters or {})


def query(parameters: Mapping[str, Parameter | tuple[str, ...]]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in parameters.items():
        values = value if isinstance(value, tuple) else (value,)
        pairs += [(name, _spell(one)) for one in values if one is not None and one != ""]
    return f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""


def _spell(value: Parameter) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def loads(message: Message) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else."""
    found = json.loads(message)
    if not isinstance(found, dict):
        raise ValueError("This is no JSON object.")
    return found


def words_of(text: object) -> tuple[str, ...]:
    """Names and terms of an option, one a line or separated by commas."""
    return tuple(part.strip() for part in str(text or "").replace("\n", ",").split(",") if part.strip())[:100]


def mean(values: Iterable[object]) -> float | None:
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return sum(numbers) / len(numbers) if numbers else None
