"""What the flow of an agent may name, asked of the database: tools, knowledge, other agents of its client,
recorded clips."""

from __future__ import annotations

from agents.clips import queries as clips
from agents.content import Reading, read
from agents.flow.references import Around
from agents.models import Agent, KnowledgeBase
from agents.tools import queries as tools


def around(agent: Agent) -> Around:
    """For `agents.content.read`."""
    others = Agent.objects.filter(client=agent.client_id, archived_at=None)
    return Around(
        tools={name: one.spec() for name, one in tools.offered(agent.client_id).items() if not one.problem},
        bases=frozenset(KnowledgeBase.objects.filter(client=agent.client_id).values_list("name", flat=True)),
        agents=frozenset(others.values_list("name", flat=True)),
        clips=frozenset(clip.name for clip in clips.of_agent(agent)),
        itself=agent.name,
    )


def reading(agent: Agent, document: object = None) -> Reading:
    """The agent's draft, or another document of it, with everything that is wrong with it."""
    return read(agent.draft if document is None else document, around(agent))
