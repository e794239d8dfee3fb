"""The versions of an agent side by side: what their calls came to, and which numbers share callers among them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.models import Agent
from agents.views import editor
from calls.models import PhoneNumber
from calls.queries import versions
from tenants import access
from tenants.access import Permission

SPANS = (7, 30, 90)


@require_GET
def show(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """`?days=30&number=<id>`; anything else that is typed there shows all numbers of the last 30 days."""
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    numbers = list(PhoneNumber.objects.filter(agent=agent).select_related("split_version"))
    chosen = next((number for number in numbers if str(number.pk) == request.GET.get("number")), None)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else versions.DAYS
    found = versions.results(agent, number=chosen, days=days)
    context = editor.frame(
        request,
        agent,
        "agent_versions",
        results=found,
        verdict=versions.verdict(found),
        spans=SPANS,
        days=days,
        lines=numbers,
        line=chosen,
    )
    return render(request, "agents/results.html", context)
