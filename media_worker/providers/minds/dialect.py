"""What differs between vendors of language models: how a conversation is put, and what the stream of an answer means.

A conversation reaches a dialect tidied: it begins and ends with the user, sides take turns, and a result of a tool
follows its call. Messages come in OpenAI's shape, as the call's history holds them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from media_worker.providers.base import Tool
from media_worker.providers.http import VendorFailed

CALL_BEGINS = "(The call begins.)"
CALLER_SILENT = "(The caller says nothing.)"
_LONGEST_LINE = 4 * 2**20


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Use:
    """A tool is called. In an answer, `id` is made up where the vendor gives none."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Result:
    id: str
    name: str
    text: str


Part: TypeAlias = Text | Use | Result


@dataclass
class Turn:
    role: Literal["user", "assistant"]
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    model: str
    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...]
    max_tokens: int
    temperature: float | None = None


@dataclass(frozen=True)
class Request:
    url: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True)
class Usage:
    """Tokens. `read` and `written` are those of the vendor's prompt cache; `prompt` does not count them."""

    prompt: int = 0
    completion: int = 0
    read: int = 0
    written: int = 0


@dataclass(frozen=True)
class End:
    """The answer is complete. A stream without it was cut off."""


Happening: TypeAlias = Text | Use | Usage | End


class Dialect(Protocol):
    kinds: tuple[str, ...]
    """Beginnings of the content types that an answer may have."""

    def request(self, question: Question) -> Request: ...

    def happenings(self, received: AsyncIterator[bytes]) -> AsyncGenerator[Happening]:
        """What a stream means. Raises VendorFailed for an error within it."""


def tidied(messages: Iterable[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """Turns out of messages in OpenAI's shape. Whatever is neither the agent's nor a tool's counts as the user's."""
    turns: list[Turn] = [Turn("user", [Text(CALL_BEGINS)])]
    names: dict[str, str] = {}
    for message in messages:
        role: Literal["user", "assistant"] = "assistant" if message.get("role") == "assistant" else "user"
        parts: list[Part] = []
        text = _text(message.get("content"))
        if message.get("role") == "tool":
            id_ = str(message.get("tool_call_id", ""))
            parts.append(Result(id_, names.get(id_, ""), text))
        elif text:
            parts.append(Text(text))
        for call in message.get("tool_calls") or ():
            use = Use(str(call["id"]), str(call["function"]["name"]), arguments(call["function"]["arguments"]))
            names[use.id] = use.name
            parts.append(use)
        if not parts:
            continue
        if turns[-1].role != role:
            turns.append(Turn(role))
        turns[-1].parts.extend(parts)
    if len(turns[0].parts) > 1:
        turns[0].parts = turns[0].parts[1:]
    if turns[-1].role == "assistant":
        turns.append(Turn("user", [Text(CALLER_SILENT)]))
    return tuple(turns)


def arguments(written: str) -> dict[str, Any]:
    """A tool's arguments as the model wrote them. Raises VendorFailed when they are no JSON object."""
    try:
        found = json.loads(written or "{}")
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise VendorFailed("The model called a tool with arguments that are no JSON object.")
    return found


def new_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"


async def sse(received: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of server-sent events; comments, pings and the names of events are passed over.

    Raises VendorFailed for data that is no JSON object, and for a line without end.
    """
    pending = b""
    async for chunk in received:
        pending += chunk
        *lines, pending = pending.split(b"\n")
        if len(pending) > _LONGEST_LINE:
            raise VendorFailed("The vendor sends a line without end.")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            try:
                found = json.loads(line[5:])
            except ValueError:
                found = None
            if not isinstance(found, dict):
                raise VendorFailed("The vendor sends events that are no JSON.")
            yield found


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(str(piece.get("text", "")) for piece in content if isinstance(piece, dict)).strip()
    return ""
