"""“Call me”: the agent rings the phone of the person who builds it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agents.models import Agent
from calls import outbound
from calls.numbering.actions import e164
from calls.numbering.forms import CallMeForm
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput


@require_http_methods(["GET", "POST"])
def call_me(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """A dialog of one field; on success the call's page, which follows the call."""
    access.require(request, Permission.PLACE_CALLS)
    agent: Agent = access.agent(request, agent_id)
    form = CallMeForm(request.POST or None, agent=agent)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            to = e164(chosen["to"], getattr(request.tenant, "country", "") or "US")  # type: ignore[attr-defined]
            call = outbound.place(outbound.Order(agent, to, from_number=chosen["number"], test=True))
        except InvalidInput as error:
            form.add_error("to" if error.field in ("to", "number") else None, error.sentence)
        except CustomerError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "Your phone will ring in a moment.")
            return redirect("call", call_id=call.pk)
    template = "agents/call_me_dialog.html" if request.headers.get("HX-Request") else "agents/call_me.html"
    return render(request, template, {"form": form, "shown": agent}, status=422 if form.errors else 200)
