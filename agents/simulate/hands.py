"""What a worker asks of the host in a turn in writing: tools and knowledge. Each answer is an outcome, never an error.

Tools reach nothing real unless whoever tries the agent has switched that on: they answer with a mock, or not at all.
Knowledge is looked up for real, for it changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from django.db import connections
from django_tenants.utils import schema_context

from agents.answering import outcome_of
from agents.models import Agent
from agents.tools import queries as tools
from agents.tools.kinds.base import Caller
from media_worker.contract.flow import Flow
from media_worker.contract.spec import CallSpec
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import Request, Response

THREADS = "agent-test"
"""Threads that talk for a run of tests: nobody else would close their connections."""

NO_MOCK = "This tool has no mock, and here nothing real is reached. Say what it should answer."
NOT_HERE = "In writing this is told, and not done."


class Hands:
    """`mocks` are answered by the worker itself; `answer` gets the rest, in whatever thread the turn runs."""

    def __init__(self, agent: Agent, spec: CallSpec, mocks: Mapping[str, ToolOutcome], real: bool) -> None:
        own = {} if real else tools.mocks(agent.client_id)
        self.mocks = {name: mock.model_copy(update={"mocked": True}) for name, mock in {**own, **mocks}.items()}
        self._spec = spec
        self._real = real
        self._caller = Caller(
            client_id=agent.client_id,
            agent_id=agent.pk,
            caller=spec.caller,
            called=spec.called,
            timezone=str(spec.variables.get("timezone") or "UTC"),
            outbound=spec.direction == "outbound",
            variables=spec.variables,
        )
        self._done: dict[str, ToolOutcome] = {}

    def answer(self, request: Request) -> Response:
        if request.action not in ("tool", "knowledge"):
            return Response(id=request.id, ok=False, error=NOT_HERE)
        return Response(id=request.id, ok=True, outcome=self._outcome(request))

    def _outcome(self, request: Request) -> ToolOutcome:
        if request.action == "tool" and not self._real:
            return ToolOutcome(ok=False, text=NO_MOCK, mocked=True)
        key = request.use.key if request.use else ""
        if key not in self._done:
            self._done[key] = self._looked_outside(request)
        return self._done[key]

    def _looked_outside(self, request: Request) -> ToolOutcome:
        try:
            with schema_context(self._spec.agency):
                return outcome_of(request, self._spec.agent, self._caller)
        finally:
            if threading.current_thread().name.startswith(THREADS):
                connections.close_all()


def tools_of(agent: Agent, flow: Flow) -> list[dict[str, Any]]:
    """The tools that this flow names, for whoever wants to mock one. `mocked`: it has a mock of its own."""
    there = tools.offered(agent.client_id)
    own = tools.mocks(agent.client_id)
    return [
        {"name": name, "label": there[name].label if name in there else name, "mocked": name in own}
        for name in tools.named_in(flow)
    ]
