"""All agents that the person may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents import queries
from agents.models import Agent
from tenants import access
from tenants.access import Permission


@require_GET
def agents(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_AGENTS)
    client = access.chosen_client(request)
    search = request.GET.get("q", "").strip()[:100]
    archived = request.GET.get("archived") == "1"
    rows = queries.agents(access.visible(person, Agent.objects.all()), client=client, search=search, archived=archived)
    context = {"rows": rows, "search": search, "archived": archived, "client": client}
    return render(request, "agents/agents.html", context)
