"""An agent's tab “Tests”: what it has to do right, and whether it does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Agent, AgentTest
from agents.simulate import actions, form, gate, queries, run
from agents.simulate.shape import Scenario
from agents.views import editor
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput

BODY = "agents/parts/tests_list.html"


@require_GET
def tests(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    if request.headers.get("HX-Request"):
        return _list(request, agent)
    context = editor.frame(request, agent, "agent_tests", listing=queries.listing(agent))
    return render(request, "agents/tests.html", context)


@require_POST
def run_tests(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """All tests, or those that `test` names, against the draft."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    wanted = request.POST.getlist("test")[: actions.MOST_TESTS]
    chosen = [access.find(request, agent.tests.all(), one) for one in wanted] if wanted else list(agent.tests.all())
    try:
        run.start(actor, agent, chosen)
    except CustomerError as error:
        messages.warning(request, error.sentence)
    if request.headers.get("HX-Request"):
        return _list(request, agent)
    return redirect("agent_tests", agent_id=agent.pk)


def _list(request: HttpRequest, agent: Agent) -> HttpResponse:
    may_build = access.may(request.user, Permission.BUILD_AGENTS) and not agent.archived_at
    context = {"shown": agent, "listing": queries.listing(agent), "may_build": may_build}
    return render(request, BODY, context)


@require_http_methods(["GET", "POST"])
def new_test(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    begun = form.TestForm(steps=[form.StepRow(expects=[form.Row()])])
    return _edit(request, agent, None, begun)


@require_http_methods(["GET", "POST"])
def test(request: HttpRequest, agent_id: UUID, test_id: UUID) -> HttpResponse:
    """The test in a form, with what came of it last."""
    access.require(request, Permission.VIEW_INTERNALS if request.method == "GET" else Permission.BUILD_AGENTS)
    agent, shown = _test(request, agent_id, test_id)
    return _edit(request, agent, shown, form.shown(shown.name, Scenario.model_validate(shown.scenario)))


def _edit(request: HttpRequest, agent: Agent, shown: AgentTest | None, filled: form.TestForm) -> HttpResponse:
    status = 200
    if request.method == "POST":
        posted = {name: str(value) for name, value in request.POST.items()}
        filled = form.typed(posted)
        if form.reshaped(filled, posted):
            return render(request, "agents/parts/test_form.html", _context(request, agent, shown, filled))
        saved = _save(request, agent, shown, filled)
        if saved is not None:
            messages.success(request, f"“{saved.name}” is saved.")
            if "run" in posted:
                run.start(access.user(request), agent, [saved])
            return redirect("agent_test", agent_id=agent.pk, test_id=saved.pk)
        status = 422
    context = editor.frame(request, agent, "agent_tests", **_context(request, agent, shown, filled))
    return render(request, "agents/test.html", context, status=status)


def _save(request: HttpRequest, agent: Agent, shown: AgentTest | None, filled: form.TestForm) -> AgentTest | None:
    scenario = form.scenario(filled)
    if scenario is None:
        filled.wrong = filled.wrong or "Not saved: some rows need a second look."
        return None
    try:
        return actions.save(access.user(request), agent, filled.name, scenario, shown)
    except InvalidInput as error:
        filled.wrong = error.sentence
        return None


def _context(request: HttpRequest, agent: Agent, shown: AgentTest | None, filled: form.TestForm) -> dict[str, Any]:
    return {
        "shown": agent,
        "test": shown,
        "filled": filled,
        "kinds": form.KINDS.items(),
        "does": form.DOES.items(),
        "may_build": access.may(request.user, Permission.BUILD_AGENTS) and not agent.archived_at,
        "result": queries.last_result(shown) if shown else None,
        "post_to": reverse("agent_test", args=[agent.pk, shown.pk])
        if shown
        else reverse("new_agent_test", args=[agent.pk]),
        **queries.choices(agent),
    }


@require_POST
def duplicate_test(request: HttpRequest, agent_id: UUID, test_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent, shown = _test(request, agent_id, test_id)
    copy = actions.duplicate(actor, shown)
    return redirect("agent_test", agent_id=agent.pk, test_id=copy.pk)


@require_POST
def delete_test(request: HttpRequest, agent_id: UUID, test_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent, shown = _test(request, agent_id, test_id)
    actions.delete(actor, shown)
    messages.success(request, f"The test “{shown.name}” is gone.")
    return redirect("agent_tests", agent_id=agent.pk)


def _test(request: HttpRequest, agent_id: UUID, test_id: UUID) -> tuple[Agent, AgentTest]:
    agent: Agent = access.agent(request, agent_id)
    return agent, access.find(request, agent.tests.all(), test_id)


@require_http_methods(["GET", "POST"])
def publish_tests(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """The part of the publish dialog that runs the tests. POST begins; GET tells how it goes."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    standing = gate.standing(agent)
    if request.method == "POST" and standing.tests and standing.running is None:
        again = request.POST.get("again") == "all"
        chosen = list(standing.tests) if again or standing.failing else standing.unknown
        if chosen:
            run.start(actor, agent, chosen)
            standing = gate.standing(agent)
    context = queries.publishing(agent, standing)
    return render(request, "agents/parts/publish_tests.html", context)
