"""A new agent: what it does in plain words, and two minutes later it answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from agents import actions
from agents.accounts import queries as accounts
from agents.forms import NewAgentForm
from agents.generate.cards import card
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def new_agent(request: HttpRequest) -> HttpResponse:
    """A dialog of three fields. What was made is said on the agent's page."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    clients = access.clients(request)
    form = NewAgentForm(request.POST or None, clients=clients, initial=_begun(request))
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            created = actions.create(
                actor,
                chosen["client"],
                name=chosen["name"],
                call_type=chosen["call_type"],
                purpose=chosen["purpose"],
                template=chosen["template"],
            )
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            request.session[f"made {created.agent.pk}"] = {
                "label": created.made.label,
                "summary": created.made.summary,
                "notes": list(created.made.notes),
                "found": created.made.found,
                "tests": len(created.made.tests),
            }
            messages.success(request, f"{created.agent.name} is published. Talk to it on the right.")
            return redirect(f"{reverse('agent', args=[created.agent.pk])}?made=1")
    chosen_card = card(form["template"].value() or "")
    context = {"form": form, "model": accounts.writer(), "card": chosen_card}
    template = "agents/new_dialog.html" if request.headers.get("HX-Request") else "agents/new.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _begun(request: HttpRequest) -> dict[str, str]:
    """What a link to this page has chosen already."""
    return {name: request.GET.get(name, "") for name in ("client", "template")}


@require_GET
def template_outline(request: HttpRequest) -> HttpResponse:
    """What an agent made from a template would do, `?template=clinic`; nothing chosen, nothing shown."""
    access.require(request, Permission.BUILD_AGENTS)
    return render(request, "agents/parts/new_outline.html", {"card": card(request.GET.get("template", ""))})
