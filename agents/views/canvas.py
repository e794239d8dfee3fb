"""The flow as a drawing: its page, and what the page asks while somebody draws. Answers are JSON.

The page sends `flow` and `layout` and never the rest of a draft, so that what other tabs hold is theirs. Refusals are
`{"error": sentence}` with 409 (somebody else was faster; nothing was written) or 422.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from agents import around, queries, routing
from agents.canvas.declarations import declarations
from agents.canvas.offers import offers
from agents.content import Reading, refuse_oversized
from agents.errors import DraftConflict, DraftRefused
from agents.models import Agent
from agents.views import editor
from media_worker.contract.expressions import ExpressionError, check
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError

LONGEST_EXPRESSION = 1_000


@require_GET
def canvas(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.VIEW_INTERNALS)
    return render(request, "agents/canvas.html", editor.frame(request, shown, "agent_canvas"))


@require_GET
def canvas_data(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """The draft with all that is needed to draw and to change it."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.VIEW_INTERNALS)
    reading = around.reading(shown)
    may_build = access.may(request.user, Permission.BUILD_AGENTS) and not shown.archived_at
    return JsonResponse({
        "declared": declarations(),
        "offers": offers(shown),
        "draft": _drawn(shown.draft),
        "revision": shown.draft_revision,
        "may_build": may_build,
        "problems": _problems(shown, reading),
    })  # fmt: skip


@require_POST
def save_canvas(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """Keeps flow and layout. `renamed` are steps by the id they had when the page last saved; rules follow them."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.BUILD_AGENTS)
    try:
        sent = _sent(request)
        document = _document(shown, sent)
        renamed = {str(old): str(new) for old, new in _dict(sent.get("renamed")).items()}
        if renamed and "routing" in document:
            document["routing"] = routing.renamed(document["routing"], renamed)
        saved = editor.save_from_page(
            request, shown, document, _number(sent.get("force") or sent.get("revision")), str(sent.get("page") or "")
        )
    except DraftConflict as conflict:
        return JsonResponse({"error": conflict.sentence, "revision": conflict.revision}, status=409)
    except CustomerError as error:
        return JsonResponse({"error": error.sentence}, status=422)
    shown.refresh_from_db()
    badge = render_to_string("agents/parts/badge.html", {"state": queries.state_of(shown)}, request)
    return JsonResponse({
        "revision": saved.revision, "badge": badge, "problems": _problems(shown, saved.reading),
    })  # fmt: skip


@require_POST
def check_canvas(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """What is wrong with the flow as it is on the page. Keeps nothing."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.BUILD_AGENTS)
    try:
        document = refuse_oversized(_document(shown, _sent(request)))
    except CustomerError as error:
        return JsonResponse({"error": error.sentence}, status=422)
    return JsonResponse({"problems": _problems(shown, around.reading(shown, document))})


@require_POST
def compare_canvas(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """Who saved last and what that changed, in words, against `flow`: the flow that the page began with."""
    shown: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.BUILD_AGENTS)
    try:
        before = refuse_oversized(_document(shown, _sent(request)))
    except CustomerError as error:
        return JsonResponse({"error": error.sentence}, status=422)
    return JsonResponse({
        "who": editor.saved_by(shown),
        "at": shown.draft_saved_at.isoformat() if shown.draft_saved_at else None,
        "changes": [str(change.place) for change in queries.changes(before, shown.draft)][:30],
        "draft": _drawn(shown.draft),
        "revision": shown.draft_revision,
        "problems": _problems(shown, around.reading(shown)),
    })  # fmt: skip


@require_POST
def check_expression(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """What is wrong with an expression, in words; an empty `error` when it can be read."""
    access.agent(request, agent_id, Permission.VIEW_AGENTS)
    access.require(request, Permission.BUILD_AGENTS)
    try:
        text = str(_sent(request).get("text", ""))
    except DraftRefused as error:
        return JsonResponse({"error": error.sentence}, status=422)
    if len(text) > LONGEST_EXPRESSION:
        return JsonResponse({"error": f"It is too long: at most {LONGEST_EXPRESSION:,} characters."})
    try:
        check(text)
    except ExpressionError as error:
        return JsonResponse({"error": str(error)})
    return JsonResponse({"error": ""})


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _sent(request: HttpRequest) -> dict[str, Any]:
    """What the page sent. Raises DraftRefused when that is no object, or too much to be one."""
    try:
        sent = json.loads(request.body)
    except RequestDataTooBig:
        raise DraftRefused("The draft is too large to be sent: it may hold a million characters.") from None
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise DraftRefused("What the page sent cannot be read. Load it again; what was typed waits there.")
    return sent


def _document(agent: Agent, sent: dict[str, Any]) -> dict[str, Any]:
    """The agent's draft with the flow and the layout that were sent."""
    return {**_dict(agent.draft), **{name: sent[name] for name in ("flow", "layout") if name in sent}}


def _drawn(draft: Any) -> dict[str, Any]:
    return {name: _dict(draft).get(name) for name in ("flow", "layout")}


def _problems(agent: Agent, reading: Reading) -> list[dict[str, Any]]:
    """`url` leads to the tab where it is mended, when that is not the flow."""
    return [
        {**asdict(problem), "url": "" if problem.tab == "agent" else reverse(problem.tab, args=[agent.pk])}
        for problem in reading.problems
    ]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
