"""Versions: what was published when and by whom, and the ways back."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agents import actions, queries
from agents.models import Agent, AgentVersion
from agents.views import editor
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError


@require_GET
def versions(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    context = editor.frame(request, agent, "agent_versions", rows=queries.version_rows(agent))
    return render(request, "agents/versions.html", context)


@require_GET
def compare(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """`?a=2&b=3`; `draft` is a version too. Without them, what is published beside the draft."""
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    published = str(agent.published.number) if agent.published else "draft"
    a, b = request.GET.get("a", published), request.GET.get("b", "draft")
    changes = queries.changes(_content(agent, a), _content(agent, b))
    numbers = list(queries.versions(agent).values_list("number", flat=True)[:200])
    more = {
        "changes": changes,
        "counts": Counter(change.what for change in changes),
        "a": a,
        "b": b,
        "numbers": numbers,
        "published_number": agent.published.number if agent.published else None,
    }
    return render(request, "agents/compare.html", editor.frame(request, agent, "agent_versions", **more))


@require_POST
def restore(request: HttpRequest, agent_id: UUID, number: int) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    actions.restore(actor, agent, _version(agent, number))
    messages.success(request, f"The draft is version {number} again. The draft before it is kept: undo under Versions.")
    return redirect("agent", agent_id=agent.pk)


@require_POST
def undo_restore(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    try:
        actions.undo_restore(actor, agent)
    except CustomerError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "The draft is what it was before the restore.")
    return redirect("agent", agent_id=agent.pk)


@require_POST
def roll_back(request: HttpRequest, agent_id: UUID, number: int) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    try:
        version = actions.roll_back(actor, agent, _version(agent, number))
    except CustomerError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"Callers hear version {number} again, as version {version.number}.")
    return redirect("agent_versions", agent_id=agent.pk)


def _version(agent: Agent, number: int) -> AgentVersion:
    version = agent.versions.filter(number=number).first()
    if version is None:
        raise Http404("There is no such version.")
    return version


def _content(agent: Agent, name: str) -> dict[str, object]:
    content = queries.content_of(agent, name)
    if content is None:
        raise Http404("There is no such version.")
    return content
