"""What thinking is made of: how a model is asked, one request to it, a guess at the caller's turn, and how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from media_worker.contract.spec import Provider
from media_worker.flow.routing import Doubt, Route
from media_worker.observe.spans import OpenSpan
from media_worker.pipeline.speech import Speech
from media_worker.providers.faults import UNAVAILABLE, VendorFault

if TYPE_CHECKING:
    from media_worker.flow.runner import Reply, ToolResult


@dataclass(frozen=True)
class Thought:
    """How a model is asked: for which tier and why, and how long it may take to its first token, in seconds."""

    route: Route
    patience: float
    doubtful: bool = False
    """It may say that it is unsure."""


@dataclass
class Guess:
    """What may be the caller's whole turn. `rest`: what was written after the first sentence; `done`: all was.

    `failure` waits for the decision, too: nobody takes over for a turn that is none.
    """

    text: str
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    rest: str = ""
    done: Round | None = None
    failure: tuple[str, VendorFault] | None = None


@dataclass
class Round:
    """One request to the LLM: what it said, and the tools it called."""

    turn: int
    number: int
    thought: Thought
    span: OpenSpan
    doubt: Doubt
    text: str = ""
    expected: int = 0
    ended: bool = False
    spoiled: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    reply: Reply | None = None


@dataclass(frozen=True)
class Outcome:
    """`heard_something`: part of the answer was on its way to the caller. `why` names the failure, in one word."""

    why: str
    heard_something: bool
    fault: VendorFault = UNAVAILABLE


@dataclass(frozen=True)
class Reporting:
    """Whom the thinker tells, always with the turn's number. `asked` and `tool` open the spans of the call's trace."""

    asked: Callable[[int, Provider | None, str, str], OpenSpan]
    tool: Callable[[int, str], OpenSpan]
    first_token: Callable[[int], None]
    first_call: Callable[[int], None]
    answered: Callable[[Speech, Reply | None, int], Awaitable[None]]
    failed: Callable[[Outcome, Speech], Awaitable[None]]
    too_long: Callable[[int], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]


def told(call: dict[str, Any], result: ToolResult) -> dict[str, Any]:
    """What a tool's call gave, as the history keeps it."""
    return {"role": "tool", "tool_call_id": call["id"], "content": result.text}
