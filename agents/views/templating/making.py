"""A template of an agent, and its next versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from agents.content import read
from agents.models import Agent, Template
from agents.templating import actions, queries
from agents.templating.documents import parameters_of
from agents.templating.forms import (
    ParameterRows,
    TemplateForm,
    TemplateVersionForm,
    declared,
    initial_rows,
    rows_of,
)
from agents.templating.propose import proposals
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Which agent a template is made of."""
    person = access.require(request, Permission.BUILD_AGENTS)
    rows = access.visible(person, Agent.objects.filter(archived_at=None, template=None))
    agents = rows.select_related("client").order_by("client__name", "name")[:300]
    part = "_dialog" if request.headers.get("HX-Request") else ""
    return render(request, f"library/choose_agent{part}.html", {"agents": agents})


@require_http_methods(["GET", "POST"])
def make(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """What is proposed as a parameter is ticked where the agent really says it."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    reading = read(agent.draft)
    found = proposals(agent, reading.content.document()) if reading.content else []
    form = TemplateForm(request.POST or None, initial={"name": agent.name})
    rows = ParameterRows(request.POST or None, initial=initial_rows(found))
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            made = actions.make(actor, agent, parameters=declared(rows), **form.cleaned_data)
        except CustomerError as error:
            _say(form, error)
        else:
            messages.success(request, f"{made.name} is a template. Make an agent from it for a client.")
            return redirect("template", template_id=made.pk)
    context = {
        "agent": agent,
        "form": form,
        "rows": rows,
        "places": {one.parameter.name: one.places for one in found},
        "problems": reading.blocking,
    }
    return render(request, "library/make.html", context, status=422 if _wrong(form, rows) else 200)


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """The master's draft as the next version: what is new for instances, and the parameters."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.find(request, queries.whole_templates(), template_id)
    declared_now = parameters_of(shown.latest) if shown.latest else ()
    form = TemplateVersionForm(request.POST or None)
    rows = ParameterRows(request.POST or None, initial=rows_of(declared_now))
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            version = actions.publish(actor, shown, parameters=declared(rows), notes=form.cleaned_data["notes"])
        except CustomerError as error:
            _say(form, error)
        else:
            messages.success(
                request, f"Version {version.number} is offered to the instances. Nothing has changed for them yet."
            )
            return redirect("template", template_id=shown.pk)
    context = {"shown": shown, "form": form, "rows": rows, **queries.next_version(shown)}
    return render(request, "library/publish.html", context, status=422 if _wrong(form, rows) else 200)


@require_safe
def version(request: HttpRequest, template_id: UUID, number: int) -> HttpResponse:
    """What was new in a version, and its parameters."""
    access.require(request, Permission.BUILD_AGENTS)
    shown: Template = access.find(request, queries.whole_templates(), template_id)
    return render(request, "library/version.html", {"shown": shown, **queries.version_page(shown, number)})


def _say(form: Any, error: CustomerError) -> None:
    field = error.field if isinstance(error, InvalidInput) and error.field in form.fields else None
    form.add_error(field, error.sentence)


def _wrong(form: Any, rows: Any) -> bool:
    return bool(form.errors or (rows.is_bound and any(rows.errors)))
