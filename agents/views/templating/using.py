"""An instance for a client, with a preview of what it will say."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents.models import Template
from agents.templating import actions, queries
from agents.templating.documents import parameters_of
from agents.templating.forms import InstanceForm, ValuesForm, values_form
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput


@require_http_methods(["GET", "POST"])
def use(request: HttpRequest, template_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.find(request, queries.whole_templates(), template_id)
    if shown.archived_at or shown.latest is None:
        return redirect("template", template_id=shown.pk)
    version = shown.latest
    parameters = parameters_of(version)
    initial = {"name": shown.name, "call_type": shown.master.call_type, "client": request.GET.get("client")}
    form = InstanceForm(request.POST or None, clients=access.clients(request), initial=initial)
    values = values_form(parameters, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            made = actions.instantiate(
                actor,
                shown,
                chosen["client"],
                name=chosen["name"],
                call_type=chosen["call_type"],
                values=values.typed(),
            )
        except InvalidInput as error:
            _point_out(form, values, error)
        except CustomerError as error:
            form.add_error(None, error.sentence)
        else:
            if made.problems:
                sentence = (
                    f"{made.agent.name} is a draft: {len(made.problems)} to mend before {made.agent.client} hears it."
                )
                messages.warning(request, sentence)
            else:
                messages.success(
                    request, f"{made.agent.name} is published for {made.agent.client}. Talk to it on the right."
                )
            return redirect("agent", agent_id=made.agent.pk)
    context = {"shown": shown, "form": form, "values": values, "preview": queries.spoken_with(version, values.typed())}
    wrong = bool(form.errors) or (values.is_bound and bool(values.errors))
    return render(request, "library/use.html", context, status=422 if wrong else 200)


def _point_out(form: InstanceForm, values: ValuesForm, error: InvalidInput) -> None:
    if error.field in form.fields and error.field not in values.fields:
        form.add_error(error.field, error.sentence)
    elif error.field in values.fields:
        values.say(error.field, error.sentence)
    else:
        form.add_error(None, error.sentence)


@require_POST
def preview(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """What an instance would say with what is typed so far."""
    access.require(request, Permission.BUILD_AGENTS)
    shown: Template = access.find(request, queries.whole_templates(), template_id)
    values = values_form(parameters_of(shown.latest) if shown.latest else (), None, request.POST)
    context = {"preview": queries.spoken_with(shown.latest, values.typed())}
    return render(request, "library/parts/spoken.html", context)
