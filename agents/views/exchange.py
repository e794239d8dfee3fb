"""An agent as a file: out, and in for a client."""

from __future__ import annotations

import re
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from agents.exchange import actions
from agents.exchange.file import LARGEST, FileRefused, read_file
from agents.models import Agent
from tenants import access
from tenants.access import Permission
from tenants.clients.models import Client
from voiceops.lib.errors import CustomerError, InvalidInput

MOST_NOTES = 6


class ImportForm(forms.Form):
    file = forms.FileField(label="File", help_text="As it was exported: .json, up to 2 MB.")
    client = forms.ModelChoiceField(Client.objects.none(), label="For which client", empty_label=None)
    name = forms.CharField(label="Name", max_length=120, required=False, help_text="Empty: as in the file.")
    accounts = forms.ChoiceField(
        label="Ears, mind and voice",
        choices=[
            ("own", "Your own accounts with the same vendors, else the built-in"),
            ("builtin", "The built-in everywhere"),
        ],
        initial="own",
        widget=forms.RadioSelect,
    )


@require_safe
def export(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """`?version=3`; without it, the draft."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    asked = request.GET.get("version", "")
    version = agent.versions.filter(number=int(asked)).first() if asked.isdigit() and len(asked) < 10 else None
    if asked and version is None:
        raise Http404("There is no such version.")
    answer = HttpResponse(actions.export(actor, agent, version), content_type="application/json")
    plain = re.sub(r"[^a-z0-9]+", "-", agent.name.lower()).strip("-") or "agent"
    answer["Content-Disposition"] = (
        f'attachment; filename="{plain}-{f"v{version.number}" if version else "draft"}.json"'
    )
    return answer


@require_http_methods(["GET", "POST"])
def import_agent(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    form = ImportForm(request.POST or None, request.FILES or None, initial={"client": request.GET.get("client")})
    form.fields["client"].queryset = access.clients(request)  # type: ignore[attr-defined]
    more: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            read = read_file(chosen["file"].read(LARGEST + 1))
            own = chosen["accounts"] == "own"
            made = actions.import_agent(actor, chosen["client"], read, name=chosen["name"], own_accounts=own)
        except FileRefused as error:
            form.add_error("file", error.sentence)
            more = error.problems[1:]
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        except CustomerError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"{made.agent.name} is here as a draft. Look at it, try it, then publish.")
            for note in made.notes[:MOST_NOTES]:
                messages.info(request, note)
            return redirect("agent", agent_id=made.agent.pk)
    part = "_dialog" if request.headers.get("HX-Request") else ""
    context = {"form": form, "more": more}
    return render(request, f"agents/import{part}.html", context, status=422 if form.errors else 200)
