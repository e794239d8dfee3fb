"""The agent's page: what it says and asks. Client people see in words what it does, without internals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents import around, queries, routing
from agents.flow import form
from agents.flow.outline import SLOT_KINDS, STEP_KINDS, outline
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/script_form.html"


@require_http_methods(["GET", "POST"])
def agent(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    if not access.may(request.user, Permission.VIEW_INTERNALS):
        return _for_the_client(request, shown)
    if request.method == "POST":
        access.require(request, Permission.BUILD_AGENTS)
        return _save(request, shown)
    reading = around.reading(shown)
    made = request.session.pop(f"made {shown.pk}", None) if request.GET.get("made") else None
    context = editor.frame(request, shown, "agent", reading=reading, made=made, **_outline(shown.draft, reading))
    return render(request, "agents/script.html", context)


def _save(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Keeps the form; `add`, `remove`, `up` and `down` change its rows first."""
    flow, opened = form.parse(editor.posted(request).items()), ""
    if place := request.POST.get("add"):
        flow, opened = form.add(flow, place)
    elif path := request.POST.get("remove"):
        flow = form.remove(flow, path)
    elif path := request.POST.get("up") or request.POST.get("down"):
        flow = form.move(flow, path, -1 if "up" in request.POST else 1)
    document = {**(agent.draft if isinstance(agent.draft, dict) else {}), "flow": flow}
    if "routing" in document:
        steps = form.renames(editor.posted(request).items())
        document["routing"] = routing.renamed(document["routing"], steps)
    more: dict[str, Any] = {"opened": opened, "anchor": f"#{opened}" if opened else ""}
    shape = editor.changes_shape(request)
    if shape:
        more |= _outline(document, around.reading(agent, document))
    return editor.save(request, agent, "agent", document, BODY if shape else "", more)


def _outline(document: Any, reading: Any) -> dict[str, Any]:
    return {
        "outline": outline(document, reading.problems),
        "step_kinds": STEP_KINDS.items(),
        "slot_kinds": SLOT_KINDS.items(),
    }


def _for_the_client(request: HttpRequest, agent: Agent) -> HttpResponse:
    content = agent.published.content if agent.published else {}
    context = {
        "shown": agent,
        "state": queries.state_of(agent),
        "greeting": queries.spoken(content.get("flow", {}).get("greeting", "")),
        "goals": content.get("flow", {}).get("goals", ()),
        "topics": queries.topics_of(content),
        "numbers": list(agent.numbers.all()),
        "calls": queries.calls_by_day([agent])[agent.pk],
        "may_talk": access.may(request.user, Permission.TALK_TO_AGENTS) and agent.published and not agent.archived_at,
    }
    context["talk_url"] = editor.talk_url(agent, draft=False)
    return render(request, "agents/for_the_client.html", context)
