"""What the steps and texts of one agent may name. Suggestions for whoever types; nothing is refused for not being here."""

from __future__ import annotations

from agents.clips import queries as clips
from agents.models import Agent, KnowledgeBase
from agents.tools import queries as tools
from media_worker.contract.flow import CALL_VARIABLES

MOST = 300


def offers(agent: Agent) -> dict[str, list[dict[str, str]]]:
    """By the widget of the field: each entry has a `value` and, for people, `text`."""
    others = Agent.objects.filter(client=agent.client_id, archived_at=None).exclude(pk=agent.pk)
    usable = {name: one for name, one in tools.offered(agent.client_id).items() if not one.problem}
    variables = {*CALL_VARIABLES, *(variable for one in usable.values() for variable in one.spec().sets)}
    bases = KnowledgeBase.objects.filter(client=agent.client_id).order_by("label")
    return {
        "variable": [_entry(name) for name in sorted(variables)],
        "clip": [_entry(clip.name, clip.words[:80]) for clip in clips.of_agent(agent)[:MOST]],
        "agent": [_entry(name) for name in others.order_by("name").values_list("name", flat=True)[:MOST]],
        "tool": [_entry(name, one.label) for name, one in usable.items()],
        "bases": [_entry(name, label) for name, label in bases.values_list("name", "label")[:MOST]],
    }


def _entry(value: str, text: str = "") -> dict[str, str]:
    return {"value": value, "text": text}
