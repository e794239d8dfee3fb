"""Behaviour: when the agent takes its turn, what it does in trouble, which model answers, what ends a call anyway."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents import around, routing
from agents import behaviour as words
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/behaviour_form.html"
NEW_ROWS: dict[str, dict[str, Any]] = {"routing.rules": {"tier": "rules", "nodes": [], "intents": []}}


@require_http_methods(["GET", "POST"])
def behaviour(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent, before = editor.opened(request, agent_id)
    if before is None:
        context = editor.frame(request, agent, "agent_behaviour", **_form(agent, agent.draft))
        return render(request, "agents/behaviour.html", context)
    posted = editor.posted(request)
    typed = {**before, **words.parse(posted, before), "routing": routing.parse(posted)}
    document, opened = editor.reshaped(request, typed, NEW_ROWS)
    anew = posted.get("pace") != posted.get("pace_before") or editor.changes_shape(request)
    more = {**_form(agent, document), "opened": opened}
    return editor.save(request, agent, "agent_behaviour", document, BODY if anew else "", more)


def _form(agent: Agent, document: Any) -> dict[str, Any]:
    reading = around.reading(agent, document)
    of_part = {
        name: [problem for problem in reading.problems if problem.path[:1] == (name,)]
        for name in ("turns", "limits", "fallbacks", "routing")
    }
    return {
        "reading": reading,
        "shape": words.values(document),
        "paces": words.PACES,
        "interruptions": words.INTERRUPTIONS,
        "routing": routing.values(document, reading.problems),
        "tiers": routing.TIERS,
        "tool_uses": routing.TOOLS,
        "problems_of": of_part,
    }
