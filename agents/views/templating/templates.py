"""All templates of the agency, and one with its instances."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.models import Template
from agents.templating import actions, queries
from agents.templating.forms import RollOutForm, TemplateDetailsForm
from agents.templating.previews import standings
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.BUILD_AGENTS)
    archived = request.GET.get("archived") == "1"
    rows = queries.templates(access.visible(person, Template.objects.all()), archived=archived)
    return render(request, "library/templates.html", {"rows": rows, "archived": archived})


@require_safe
def template(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Its instances by client, each with where it stands, and the way to roll the latest version out."""
    access.require(request, Permission.BUILD_AGENTS)
    shown = access.find(request, queries.whole_templates(), template_id)
    found = standings(shown)
    context = {
        "shown": shown,
        "standings": found,
        "waiting": sum(1 for one in found if one.can_be_rolled),
        "versions": queries.versions(shown)[:50],
        "roll_outs": queries.roll_outs(shown)[:10],
        "master_changed": queries.master_changed(shown),
        "form": RollOutForm(),
    }
    return render(request, "library/template.html", context)


@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, template_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, Template, template_id)
    masters = access.visible(actor, queries.masters_for(shown))
    initial = {"name": shown.name, "description": shown.description, "master": shown.master_id}
    form = TemplateDetailsForm(request.POST or None, initial=initial, masters=masters)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(actor, shown, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("template", template_id=shown.pk)
    part = "_dialog" if request.headers.get("HX-Request") else ""
    context = {"shown": shown, "form": form}
    return render(request, f"library/template_details{part}.html", context, status=422 if form.errors else 200)


@require_POST
def archive(request: HttpRequest, template_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, Template, template_id)
    actions.archive(actor, shown)
    messages.success(request, f"{shown.name} is archived. Its instances stay as they are.")
    return redirect("templates")


@require_POST
def unarchive(request: HttpRequest, template_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, Template, template_id)
    try:
        actions.unarchive(actor, shown)
    except CustomerError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{shown.name} is back.")
    return redirect("template", template_id=shown.pk)
