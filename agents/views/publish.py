"""Publishing: what will change for callers, what the tests say of it, and then it does."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agents import actions, around, queries
from agents.accounts.queries import account_problems
from agents.errors import DraftConflict, NotPublishable
from agents.forms import PublishForm
from agents.models import Agent
from agents.simulate import queries as queries_of_tests
from agents.simulate.gate import standing
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError

MOST_CHANGES = 12


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """A dialog with the changes; problems, hints and failing tests come before the button. `anyway`: despite those."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    form = PublishForm(request.POST or None, initial={"revision": agent.draft_revision})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            version = actions.publish(
                actor, agent, revision=chosen["revision"], notes=chosen["notes"], anyway="anyway" in request.POST
            )
        except DraftConflict:
            form.add_error(None, "The draft changed since you opened this. Look at it again, then publish.")
        except (NotPublishable, CustomerError) as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"Version {version.number} is published: callers hear it from now on.")
            return redirect("agent", agent_id=agent.pk)
    reading = around.reading(agent)
    problems = [*reading.blocking, *(account_problems(reading.content) if reading.content else ())]
    changes = queries.changes_since_published(agent)
    context = {
        "shown": agent,
        "form": form,
        "problems": problems,
        "hints": reading.hints,
        "changes": changes[:MOST_CHANGES],
        "more": max(0, len(changes) - MOST_CHANGES),
        **queries_of_tests.publishing(agent, standing(agent)),
    }
    template = "agents/publish_dialog.html" if request.headers.get("HX-Request") else "agents/publish.html"
    return render(request, template, context, status=422 if form.errors else 200)
