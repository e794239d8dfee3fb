"""Name and kind of an agent, and putting it away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents import actions
from agents.forms import DetailsForm
from agents.models import Agent
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    form = DetailsForm(request.POST or None, initial={"name": agent.name, "call_type": agent.call_type})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_details(actor, agent, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("agent", agent_id=agent.pk)
    template = "agents/details_dialog.html" if request.headers.get("HX-Request") else "agents/details.html"
    return render(request, template, {"shown": agent, "form": form}, status=422 if form.errors else 200)


@require_POST
def archive(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    actions.archive(actor, agent)
    messages.success(request, f"{agent.name} is archived and takes no more calls.")
    return redirect("agents")


@require_POST
def unarchive(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    try:
        actions.unarchive(actor, agent)
    except InvalidInput as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{agent.name} is back. Give it a number to answer calls.")
    return redirect("agent", agent_id=agent.pk)
