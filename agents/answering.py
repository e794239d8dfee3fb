"""What a worker asks of the host in the midst of a turn: to use a tool, or to look something up.

One answer for calls and for turns in writing. It never raises: what goes wrong is an outcome in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.knowledge.search import look_up
from agents.tools.kinds.base import Caller
from agents.tools.using import use
from media_worker.contract.spec import AgentSpec
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import Request

NOT_ITS_OWN = "This agent has no tool of that name."


def outcome_of(
    request: Request, agent: AgentSpec, caller: Caller, mocks: Mapping[str, ToolOutcome] | None = None
) -> ToolOutcome:
    """Blocks, within the agency's schema. An agent uses the tools that its spec names, and those of its colleagues."""
    if request.use is None:
        return ToolOutcome(ok=False, text="Nothing was asked for.")
    if request.action == "knowledge":
        if mocks and request.use.tool in mocks:
            return mocks[request.use.tool].model_copy(update={"mocked": True})
        return look_up(caller.client_id, bases_of(agent), request.use)
    if request.use.tool not in names_of(agent):
        return ToolOutcome(ok=False, text=NOT_ITS_OWN)
    return use(request.use, caller, mocks)


def names_of(agent: AgentSpec) -> Sequence[str]:
    """The tools that the host does for this agent and whoever it hands over to."""
    specs = [*agent.tools, *(tool for one in agent.colleagues for tool in one.tools)]
    return [tool.name for tool in specs if tool.act == "host"]


def bases_of(agent: AgentSpec) -> list[str]:
    """What it may read, and what those may read to whom it hands over."""
    return list(dict.fromkeys([*agent.knowledge, *(name for one in agent.colleagues for name in one.knowledge)]))
