"""Behaviour: when the agent takes its turn, whether it may be interrupted, and what ends a call anyway."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents import behaviour as words
from agents.content import read
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/behaviour_form.html"


@require_http_methods(["GET", "POST"])
def behaviour(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    if request.method == "POST":
        access.require(request, Permission.BUILD_AGENTS)
        before = agent.draft if isinstance(agent.draft, dict) else {}
        posted = editor.posted(request)
        document = {**before, **words.parse(posted, before)}
        body = BODY if posted.get("pace") != posted.get("pace_before") or posted.get("force") else ""
        return editor.save(request, agent, "agent_behaviour", document, body, _form(document))
    context = editor.frame(request, agent, "agent_behaviour", **_form(agent.draft))
    return render(request, "agents/behaviour.html", context)


def _form(document: Any) -> dict[str, Any]:
    reading = read(document)
    problems = [p for p in reading.problems if p.path[:1] in (("turns",), ("limits",))]
    return {
        "reading": reading,
        "shape": words.values(document),
        "paces": words.PACES,
        "interruptions": words.INTERRUPTIONS,
        "problems": problems,
    }
