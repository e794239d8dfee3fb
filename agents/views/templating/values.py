"""An agent's tab “Template”: its values, what it says in its own words, and the version that is offered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents.errors import NotPublishable
from agents.models import Agent
from agents.templating import actions, origins
from agents.templating.clashes import Shown, shown
from agents.templating.documents import parameters_of, rendered
from agents.templating.forms import values_form
from agents.templating.merge import overrides
from agents.templating.previews import preview
from agents.views import editor
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def agent_template(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    origin = origins.origin_of(agent.draft)
    if agent.template is None or origin is None:
        raise Http404("This agent was not made from a template.")
    values = values_form(parameters_of(origin.version), origin.values, request.POST or None)
    if request.method == "POST":
        try:
            _, merged = actions.set_values(actor, agent, values.typed(), rule="instance")
        except InvalidInput as error:
            values.say(error.field, error.sentence)
        except NotPublishable as error:
            values.say("", error.sentence)
        else:
            kept = f" {len(merged.clashes)} of its own texts stay as they are." if merged.clashes else ""
            messages.success(request, f"The draft has the new values.{kept} Callers hear them when you publish.")
            return redirect("agent_template", agent_id=agent.pk)
    latest = agent.template.latest
    context = editor.frame(
        request,
        agent,
        "agent_template",
        template=agent.template,
        origin=origin,
        values=values,
        own=_own(agent, origin),
        offered=preview(agent, latest, words=False).standing if latest else None,
        latest=latest,
    )
    return render(request, "agents/template.html", context, status=422 if values.is_bound and values.errors else 200)


def _own(agent: Agent, origin: origins.From) -> list[Shown] | None:
    """What the draft says otherwise than the template; None when the draft makes no sense now."""
    try:
        return shown(overrides(rendered(origin.version, origin.values), origins.plain(agent.draft)))
    except NotPublishable:
        return None


@require_POST
def give_up(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """The template's own words again, at the places that were ticked."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    try:
        actions.give_up(actor, agent, request.POST.getlist("place")[:500])
    except (InvalidInput, NotPublishable) as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "The draft says what the template says there. Callers hear it when you publish.")
    return redirect("agent_template", agent_id=agent.pk)


@require_POST
def detach(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    actions.detach(actor, agent)
    messages.success(request, f"{agent.name} is an agent of its own now.")
    return redirect("agent", agent_id=agent.pk)
