"""Tools as the library and an agent's tab show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from agents.content import AgentContent, read
from agents.models import Agent, Tool
from agents.tools.kinds.base import Kind, KindAbout
from agents.tools.queries import Offered, active, named_in, offered, offers
from agents.tools.registry import kinds
from tenants.clients.models import Client


@dataclass(frozen=True)
class Row:
    tool: Tool
    about: KindAbout | None
    """None: a kind that this release does not know."""
    names: Sequence[str]
    problem: str


@dataclass(frozen=True)
class Group:
    title: str
    kinds: Sequence[Kind]


@dataclass(frozen=True)
class Used:
    """A tool that an agent's flow names; without `offered` there is none of that name."""

    name: str
    steps: Sequence[str]
    offered: Offered | None

    @property
    def problem(self) -> str:
        if self.offered is None:
            return "There is no tool of this name for this client."
        return self.offered.problem


def rows(client: Client | None) -> list[Row]:
    """All of the agency's, or those that agents of one client can use."""
    found = active(client.pk) if client else Tool.objects.filter(archived_at=None)
    return [_row(tool) for tool in found.select_related("client")]


def _row(tool: Tool) -> Row:
    known = offers(tool)
    kind = kinds().get(tool.kind)
    problem = known[0].problem if known else "This release does not know such tools."
    return Row(tool, kind.about if kind else None, [one.name for one in known], problem)


def groups(found: Iterable[Kind]) -> list[Group]:
    by_title: defaultdict[str, list[Kind]] = defaultdict(list)
    for kind in found:
        by_title[kind.about.group].append(kind)
    return [
        Group(title, by_title[title]) for title in ("Web", "Calendars", "CRM", "Messages", "Call") if title in by_title
    ]


def used_by(tool: Tool) -> list[Agent]:
    """Agents whose draft or published version names it, and whose client has no other of that name."""
    names = {one.name for one in offers(tool)} or {tool.name}
    mine = Q(client=tool.client_id) if tool.client_id else Q()
    rows = Agent.objects.filter(mine, archived_at=None).select_related("client", "published")
    return [agent for agent in rows if names & _named(agent)]


def _named(agent: Agent) -> set[str]:
    found: set[str] = set()
    for document in (agent.draft, agent.published.content if agent.published else None):
        content = read(document).content if document else None
        if content is not None:
            found |= set(named_in(content.flow))
    return found


def uses(agent: Agent, content: AgentContent) -> list[Used]:
    """Which tools the agent's flow names, where, and whether they are there."""
    steps: defaultdict[str, list[str]] = defaultdict(list)
    for before in content.flow.before:
        steps[before.tool].append("before the greeting")
    for node in content.flow.nodes:
        if node.type == "tool":
            steps[node.tool].append(node.id.replace("_", " "))
        elif node.type == "conversation":
            for name in node.tools:
                steps[name].append(node.id.replace("_", " "))
    there = offered(agent.client_id)
    return [Used(name, list(dict.fromkeys(steps[name])), there.get(name)) for name in named_in(content.flow)]


def others(agent: Agent, content: AgentContent) -> list[Offered]:
    """What its flow could use as well, and does not."""
    named = set(named_in(content.flow))
    return [one for name, one in offered(agent.client_id).items() if name not in named and one.tool is not None]
