"""What a worker asks of the host in a turn in writing: tools and knowledge. Each answer is an outcome, never an error."""

from __future__ import annotations

from typing import Any, Protocol

from agents.models import Agent, AgentVersion
from media_worker.contract.flow import ConversationNode, Flow, ToolNode
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


def tools_of(agent: Agent, flow: Flow) -> list[dict[str, Any]]:
    """The tools that this flow names, for whoever wants to mock one."""
    names: list[str] = [look_up.tool for look_up in flow.before]
    for node in flow.nodes:
        if isinstance(node, ToolNode):
            names.append(node.tool)
        elif isinstance(node, ConversationNode):
            names += node.tools
    return [{"name": name, "label": name.replace("_", " ")} for name in dict.fromkeys(names)]
