"""What the steps and texts of one agent may name. Suggestions for whoever types; nothing is refused for not being here."""

from __future__ import annotations

from typing import Any

from agents.clips import queries as clips
from agents.flow.check import KNOWN_VARIABLES
from agents.models import Agent

MOST = 300


def offers(agent: Agent) -> dict[str, list[dict[str, str]]]:
    """By the widget of the field: each entry has a `value` and, for people, `text`."""
    others = Agent.objects.filter(client=agent.client_id, archived_at=None).exclude(pk=agent.pk)
    return {
        "variable": [_entry(name) for name in sorted(KNOWN_VARIABLES)],
        "clip": [_entry(clip.name, clip.words[:80]) for clip in clips.of_agent(agent)[:MOST]],
        "agent": [_entry(name) for name in others.order_by("name").values_list("name", flat=True)[:MOST]],
        "tool": [],
        "bases": [_entry(name) for name in _bases(agent.draft)],
    }


def _bases(draft: Any) -> list[str]:
    named = draft.get("knowledge") if isinstance(draft, dict) else None
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def _entry(value: str, text: str = "") -> dict[str, str]:
    return {"value": value, "text": text}
