"""“Change it: …”: a wish in plain words, the difference it makes, and the draft after it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents.accounts.queries import writer
from agents.errors import DraftConflict
from agents.generate.change.actions import change as make_change
from agents.generate.change.operations import parsed
from agents.generate.change.proposing import propose
from agents.generate.change.understood import UNDERSTANDS
from agents.models import Agent
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """A box for the wish; posted, what it would change and a button that does it."""
    access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    wish = request.POST.get("wish", "")
    more: dict[str, Any] = {}
    if request.method == "POST":
        try:
            more = {"proposal": propose(agent, wish)}
        except CustomerError as error:
            more = {"error": error.sentence}
    return _shown(request, agent, wish, **more)


@require_POST
def apply_change(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Makes the edits, at the revision they were proposed for."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    typed = request.POST.get("revision", "")
    try:
        edits = parsed(request.POST.get("edits", ""))
        make_change(actor, agent, edits, int(typed) if typed.isdigit() and len(typed) < 10 else 0)
    except DraftConflict:
        error = "Somebody changed the draft meanwhile, so nothing was done. Look at the difference again."
        return _shown(request, agent, request.POST.get("wish", ""), error=error)
    except CustomerError as error:
        return _shown(request, agent, request.POST.get("wish", ""), error=error.sentence)
    messages.success(request, "Changed. The draft before it is kept: undo under Versions.")
    return redirect("agent", agent_id=agent.pk)


def _shown(request: HttpRequest, agent: Agent, wish: str, **more: Any) -> HttpResponse:
    context = {"shown": agent, "wish": wish, "model": writer(), "understands": UNDERSTANDS, **more}
    dialog = bool(request.headers.get("HX-Request"))
    template = "agents/change_dialog.html" if dialog else "agents/change.html"
    return render(request, template, context, status=422 if "error" in more and not dialog else 200)
