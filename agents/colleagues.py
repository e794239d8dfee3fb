"""Whom a call can be handed over to: the published agents of the same client that a flow names, and those that they name.

Names are looked up when a call begins, so a call that is handed over reaches what was published then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from uuid import UUID

from agents.content import AgentContent, read
from agents.models import Agent
from agents.tools.queries import named_in, specs
from media_worker.contract.flow import Flow, HandoverNode
from media_worker.contract.spec import Colleague

MOST = 20


def colleagues(agent: Agent, content: AgentContent, faults: list[str]) -> tuple[Colleague, ...]:
    """The nearest first. `faults` gets a sentence for each that is not there: the flow has a way out for that."""
    found: dict[str, Colleague] = {}
    asked = {agent.name}
    waiting = deque(named(content.flow))
    published: dict[str, Agent] | None = None
    while waiting and len(found) < MOST:
        name = waiting.popleft()
        if name in asked:
            continue
        asked.add(name)
        if published is None:
            published = _published(agent.client_id)
        one = _colleague(published[name], content, faults) if name in published else None
        if one is None:
            faults.append(f"The call could not be handed over to “{name}”: there is no published agent of that name.")
            continue
        found[name] = one
        waiting += named(one.flow)
    return tuple(found.values())


def named(flow: Flow) -> list[str]:
    """The agents that a flow hands over to."""
    return list(dict.fromkeys(node.agent for node in flow.nodes if isinstance(node, HandoverNode)))


def _published(client_id: UUID) -> dict[str, Agent]:
    rows = Agent.objects.filter(client=client_id, archived_at=None, published__isnull=False)
    return {row.name: row for row in rows.select_related("published").order_by("created_at")}


def _colleague(agent: Agent, first: AgentContent, faults: list[str]) -> Colleague | None:
    version = agent.published
    content = read(version.content).content if version is not None else None
    if version is None or content is None:
        return None
    tools, missing = specs(agent.client_id, named_in(content.flow))
    faults += missing_tools(missing)
    mine, theirs = content.models.tts, first.models.tts
    voice = mine.options.get("voice") if mine.vendor == theirs.vendor else None
    return Colleague(
        name=agent.name,
        version=version.number,
        language=content.language,
        flow=content.flow,
        tools=tuple(tools),
        knowledge=content.knowledge,
        voice=str(voice or ""),
    )


def missing_tools(names: Iterable[str]) -> list[str]:
    return [f"The tool “{name}” does not exist or does not work, so its steps fail in this call." for name in names]
