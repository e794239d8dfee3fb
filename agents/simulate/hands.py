"""What a worker asks of the host in a turn in writing: tools and knowledge. Each answer is an outcome, never an error."""

from __future__ import annotations

from typing import Protocol

from agents.models import Agent, AgentVersion
from media_worker.contract.tools import Mocks, ToolOutcome
from media_worker.contract.wire import Request, Response

NO_MOCK = "It has no mock, and in a test nothing real is reached. Give it one."
NOT_HERE = "In writing this is told, and not done."


class Hands(Protocol):
    """`mocks` are answered by the worker itself; `answer` gets the rest."""

    @property
    def mocks(self) -> Mocks: ...
    def answer(self, request: Request) -> Response: ...


class Idle:
    """Hands that reach nothing."""

    def __init__(self, mocks: Mocks | None = None) -> None:
        self._mocks = dict(mocks or {})

    @property
    def mocks(self) -> Mocks:
        return self._mocks

    def answer(self, request: Request) -> Response:
        why = NO_MOCK if request.action in ("tool", "knowledge") else NOT_HERE
        return Response(id=request.id, ok=False, error=why, outcome=ToolOutcome(ok=False, text=why))


def hands(agent: Agent, mocks: Mocks, *, version: AgentVersion | None = None, real: bool = False) -> Hands:
    """`mocks` go before the tools' own. Only with `real` is anything else than a mock used."""
    return Idle(mocks)
