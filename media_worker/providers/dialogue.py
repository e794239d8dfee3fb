"""A live conversation with one model that hears, thinks and speaks: what every speech-to-speech vendor is made to be.

Who has the floor is decided here and not by the vendor: a dialogue is told when the caller's turn begins and ends, and
how much of a reply was heard when it was cut. So patience, interruptions and the transcript are those of any call.
Sound is one channel of 16-bit samples; `rate` is that of `hear`, every `Sound` names its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from media_worker.providers.base import Tool


class DialogueFailed(RuntimeError):
    """The vendor ended or refused the conversation. `status_code` is HTTP's where it gave or meant one."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


@dataclass(frozen=True)
class Setup:
    """What the model has to know: its instructions, its tools, and what both sides said so far as (role, text)."""

    instructions: str
    tools: tuple[Tool, ...] = ()
    history: tuple[tuple[str, str], ...] = ()


def verbatim(words: str) -> str:
    """How a model is asked to speak a line of the flow as it stands."""
    return f"Say exactly the words between the marks, in their language, and nothing before or after them: «{words}»"


# ── what happens ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sound:
    """A piece of the reply."""

    pcm: bytes
    rate: int


@dataclass(frozen=True)
class Said:
    """More words of the reply, as written down by the vendor."""

    text: str


@dataclass(frozen=True)
class Heard:
    """What the caller's last turn was, in words. It may come after the reply has begun; an empty text may come."""

    text: str


@dataclass(frozen=True)
class Called:
    """The model wants a tool used. `arguments` are the model's: check them."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Over:
    """The reply is complete, or was given up: `error` says why, in the vendor's word."""

    tokens_in: int = 0
    tokens_out: int = 0
    error: str = ""


Happening: TypeAlias = Sound | Said | Heard | Called | Over


class Dialogue(Protocol):
    """One connection. Every method may raise what the connection raises; `happenings` ends only by raising."""

    vendor: str
    model: str
    rate: int

    async def open(self, setup: Setup) -> None:
        """Connect, and return when the model is ready to listen."""

    async def configure(self, setup: Setup) -> None:
        """New instructions and tools, from the next reply on; never while a reply is under way."""

    async def begin_turn(self) -> None:
        """The caller begins to speak; `hear` follows."""

    async def hear(self, pcm: bytes) -> None: ...

    async def end_turn(self) -> None:
        """The caller has finished, and is to be answered."""

    async def forget_turn(self) -> None:
        """What was heard since `begin_turn` was nothing."""

    async def user_text(self, text: str) -> None:
        """The caller's turn came by keypad, and is to be answered."""

    async def say(self, words: str) -> None:
        """Speak exactly these words."""

    async def results(self, results: Sequence[tuple[Called, str]], answer: bool) -> None:
        """What the tools gave. `answer`: and go on with the reply."""

    async def cut(self, heard_ms: int) -> None:
        """The reply was stopped when so much of it was heard."""

    def happenings(self) -> AsyncIterator[Happening]: ...

    async def close(self) -> None: ...
