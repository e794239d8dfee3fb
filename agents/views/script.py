"""The flow as an outline: what the agent says and asks. Client people see in words what it does, without internals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from agents import around, queries, routing
from agents.canvas.offers import offers
from agents.flow import changing, form
from agents.flow.outline import kinds_by_group, outline
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/script_form.html"
MOST_OPENED = 40


@require_http_methods(["GET", "POST"])
def agent(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """`?open=3,4` shows these steps with their fields, for a browser without scripts."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    if not access.may(request.user, Permission.VIEW_INTERNALS):
        return _for_the_client(request, shown)
    if request.method == "POST":
        access.require(request, Permission.BUILD_AGENTS)
        return _save(request, shown)
    reading = around.reading(shown)
    made = request.session.pop(f"made {shown.pk}", None) if request.GET.get("made") else None
    opened = [int(number) for number in request.GET.get("open", "").split(",") if number.isdigit() and len(number) < 5]
    more = _outline(shown, shown.draft, reading, opened[:MOST_OPENED])
    return render(
        request, "agents/script.html", editor.frame(request, shown, "agent", reading=reading, made=made, **more)
    )


@require_GET
def step(request: HttpRequest, agent_id: UUID, number: int) -> HttpResponse:
    """The fields of one step, when somebody opens it. `?id=` is the step the page means, wherever it lies now."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.VIEW_INTERNALS)
    reading = around.reading(shown)
    found = outline(shown.draft, reading.problems, opened=[number], offers=offers(shown))
    if number >= len(found.steps) or found.steps[number].id != request.GET.get("id", found.steps[number].id):
        raise Http404("This step is not there any more: load the page again.")
    context = {
        "shown": shown,
        "step": found.steps[number],
        "may_build": access.may(request.user, Permission.BUILD_AGENTS) and not shown.archived_at,
    }
    return render(request, "agents/parts/step_form.html", context)


def _save(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Keeps the form; `add`, `remove`, `up` and `down` change its rows first."""
    draft = agent.draft if isinstance(agent.draft, dict) else {}
    posted = form.parse(editor.posted(request).items(), draft.get("flow"))
    flow, opened, places = posted.flow, "", posted.opened
    if place := request.POST.get("add"):
        flow, opened = changing.add(flow, place)
    elif path := request.POST.get("remove"):
        flow, places = changing.remove(flow, path), changing.places_without(places, path)
    elif path := request.POST.get("up") or request.POST.get("down"):
        by = -1 if "up" in request.POST else 1
        flow, places = changing.move(flow, path, by), changing.places_moved(places, path, by, len(flow["nodes"]))
    document = {**draft, "flow": flow}
    if posted.renamed:
        document |= changing.renamed_elsewhere(document, posted.renamed)
        document["routing"] = routing.renamed(document.get("routing"), posted.renamed)
        document = {name: part for name, part in document.items() if part is not None}
    more: dict[str, Any] = {"opened": opened, "anchor": f"?open={changing.step_of(opened)}#{opened}" if opened else ""}
    shape = editor.changes_shape(request)
    if shape:
        places = [*places, changing.step_of(opened)] if opened.startswith("flow.nodes.") else places
        more |= _outline(agent, document, around.reading(agent, document), places)
    return editor.save(request, agent, "agent", document, BODY if shape else "", more, also={"renamed": posted.renamed})


def _outline(agent: Agent, document: Any, reading: Any, opened: Collection[int]) -> dict[str, Any]:
    shown = outline(document, reading.problems, opened=set(opened), offers=offers(agent))
    return {"outline": shown, "step_kinds": kinds_by_group()}


def _for_the_client(request: HttpRequest, agent: Agent) -> HttpResponse:
    content = agent.published.content if agent.published else {}
    context = {
        "shown": agent,
        "state": queries.state_of(agent),
        "greeting": queries.spoken(content.get("flow", {}).get("greeting", "")),
        "goals": content.get("flow", {}).get("goals", ()),
        "topics": queries.topics_of(content),
        "numbers": list(agent.numbers.all()),
        "calls": queries.calls_by_day([agent])[agent.pk],
        "may_talk": access.may(request.user, Permission.TALK_TO_AGENTS) and agent.published and not agent.archived_at,
    }
    context["talk_url"] = editor.talk_url(agent, draft=False)
    return render(request, "agents/for_the_client.html", context)
