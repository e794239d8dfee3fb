"""What the tabs of an agent's editor share: the frame around them, and saving the draft as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from agents import actions, around, queries, rows
from agents.errors import DraftConflict
from agents.models import Agent
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError

REMEMBERED_SECONDS = 3600
FLOW_VIEWS = ("agent_canvas", "agent")
"""Two views of one tab; the tab leads to the one that was looked at last."""
TABS = (
    ("agent", "Flow"),
    ("agent_voice", "Voice & models"),
    ("agent_behaviour", "Behaviour"),
    ("agent_tools", "Tools & knowledge"),
    ("agent_clips", "Clips"),
    ("agent_tests", "Tests"),
    ("agent_versions", "Versions"),
)


def tabs_of(agent: Agent, may_build: bool) -> tuple[tuple[str, str], ...]:
    """An instance of a template shows its values in a tab of its own, to who builds."""
    return (*TABS, ("agent_template", "Template")) if agent.template_id and may_build else TABS


def frame(request: HttpRequest, agent: Agent, tab: str, **more: Any) -> dict[str, Any]:
    """The context of a tab: who may do what, the draft's state, and where to talk to it."""
    reading = more.pop("reading", None) or around.reading(agent)
    may_build = access.may(request.user, Permission.BUILD_AGENTS) and not agent.archived_at
    flow_view = _flow_view(request, tab)
    return {
        "shown": agent,
        "tab": tab,
        "tabs": [
            (
                reverse(flow_view if view in FLOW_VIEWS else view, args=[agent.pk]),
                label,
                view == ("agent" if tab in FLOW_VIEWS else tab),
            )
            for view, label in tabs_of(agent, may_build)
        ],
        "draws": tab in FLOW_VIEWS,
        "state": queries.state_of(agent),
        "reading": reading,
        "may_build": may_build,
        "may_talk": access.may(request.user, Permission.TALK_TO_AGENTS) and not agent.archived_at,
        "numbers": list(agent.numbers.select_related("account")),
        "talk_url": talk_url(agent, draft=may_build),
        "talks_to_draft": may_build,
        "call_me_url": call_me_url(agent) if access.may(request.user, Permission.PLACE_CALLS) else "",
        **more,
    }


def _flow_view(request: HttpRequest, tab: str) -> str:
    """Where the tab “Flow” leads: to the view this person looked at last, at first to the canvas."""
    if tab in FLOW_VIEWS and request.session.get("flow_view") != tab:
        request.session["flow_view"] = tab
    return str(request.session.get("flow_view", FLOW_VIEWS[0]))


def opened(request: HttpRequest, agent_id: UUID) -> tuple[Agent, dict[str, Any] | None]:
    """The agent of a tab and, when its form was posted by somebody who may, the draft that the form was made from."""
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    if request.method != "POST":
        return agent, None
    access.require(request, Permission.BUILD_AGENTS)
    return agent, agent.draft if isinstance(agent.draft, dict) else {}


def reshaped(
    request: HttpRequest, document: dict[str, Any], new: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, Any], str]:
    """The document after `add`, `remove`, `up` or `down`, and the place of a new row. `new` are the rows that may be
    added, by the list they go to."""
    place = request.POST.get("add", "")
    if place in new:
        return rows.appended(document, place, new[place]), f"{place}.{len(rows.at(document, place) or ())}"
    if path := request.POST.get("remove"):
        return rows.removed(document, path), ""
    if path := request.POST.get("up") or request.POST.get("down"):
        return rows.moved(document, path, -1 if "up" in request.POST else 1), ""
    return document, ""


SHAPING = ("add", "remove", "up", "down", "force", "again")
"""What a page sends with a save whose answer has to bring its form anew; “again”: the last one came while somebody typed."""


def changes_shape(request: HttpRequest) -> bool:
    """Whether rows came, went or moved, so that the page needs its form anew."""
    return any(request.POST.get(name) for name in SHAPING)


def talk_url(agent: Agent, *, draft: bool) -> str:
    """Where the browser calls it: who builds hears the draft, others what callers hear."""
    return f"{reverse('talk', args=[agent.pk])}{'?draft=1' if draft else ''}"


def call_me_url(agent: Agent) -> str:
    """Empty when it cannot call: it only answers, has no number or nothing is published."""
    calls = agent.call_type != Agent.CallType.INBOUND and agent.published_id and not agent.archived_at
    return reverse("call_me", args=[agent.pk]) if calls and agent.client.numbers.exists() else ""


def posted(request: HttpRequest) -> dict[str, str]:
    """What was typed; of a field that came several times, the last."""
    return {name: str(value).replace("\0", "") for name, value in request.POST.items()}


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def save(
    request: HttpRequest,
    agent: Agent,
    tab: str,
    document: dict[str, Any],
    body: str,
    more: Mapping[str, Any],
    *,
    also: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Keep the draft and say so: as JSON for the page that typed it, else by loading the tab again.

    `body` is the template of the form, sent along when rows came or went; `also` what else the page is told. A conflict is
    409 and writes nothing.
    """
    try:
        saved = save_from_page(request, agent, document, _revision(request), request.POST.get("page", ""))
    except DraftConflict as conflict:
        return _answer(request, agent, tab, conflict, status=409, theirs=conflict.revision)
    except CustomerError as error:
        return _answer(request, agent, tab, error, status=422)
    agent.refresh_from_db()
    if not wants_json(request):
        return redirect(f"{reverse(tab, args=[agent.pk])}{more.get('anchor', '')}")
    context = frame(request, agent, tab, **{**more, "reading": saved.reading})
    badge = render_to_string("agents/parts/badge.html", context, request)
    told = [{"at": one.anchor, "sentence": one.sentence, "blocking": one.blocking} for one in saved.reading.problems]
    answer: dict[str, Any] = {
        "revision": saved.revision,
        "state": _state(request, context),
        "badge": badge,
        "problems": told,
        **(also or {}),
    }
    if body:
        answer["body"] = render_to_string(body, context, request)
        answer["open"] = more.get("opened", "")
    return JsonResponse(answer)


def save_from_page(
    request: HttpRequest, agent: Agent, document: dict[str, Any], revision: int, page: str
) -> actions.Saved:
    """Saves, and remembers for which open page: one whose last answer was lost on the way is no stranger to itself."""
    actor, page = access.user(request), page[:64]
    try:
        saved = actions.save_draft(actor, agent, document, revision)
    except DraftConflict as conflict:
        if not page or cache.get(f"draft:{agent.pk}:{conflict.revision}") != page:
            raise
        saved = actions.save_draft(actor, agent, document, conflict.revision)
    cache.set(f"draft:{agent.pk}:{saved.revision}", page, REMEMBERED_SECONDS)
    cache.set(f"draft-by:{agent.pk}:{saved.revision}", actor.name, REMEMBERED_SECONDS)
    return saved


def saved_by(agent: Agent) -> str:
    """Who saved the draft as it is, on one of these pages and lately; empty when that is not known."""
    return str(cache.get(f"draft-by:{agent.pk}:{agent.draft_revision}") or "")


def _revision(request: HttpRequest) -> int:
    typed = request.POST.get("force") or request.POST.get("revision") or ""
    return int(typed) if typed.isdigit() and len(typed) < 10 else 0


def _answer(
    request: HttpRequest, agent: Agent, tab: str, error: CustomerError, *, status: int, theirs: int = 0
) -> HttpResponse:
    agent.draft_revision = _revision(request)  # what was not saved stays behind, until somebody decides
    context = frame(request, agent, tab) | {"error": error.sentence, "theirs": theirs}
    return JsonResponse({"error": error.sentence, "state": _state(request, context)}, status=status)


def _state(request: HttpRequest, context: dict[str, Any]) -> str:
    return render_to_string("agents/parts/draft_state.html", context, request)
