"""Voice & models: which vendor's ears, mind and voice, through which account, and how."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents.accounts import choosing
from agents.accounts.queries import account_problems
from agents.content import read
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/voice_form.html"


@require_http_methods(["GET", "POST"])
def voice(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    if request.method == "POST":
        access.require(request, Permission.BUILD_AGENTS)
        before = agent.draft if isinstance(agent.draft, dict) else {}
        posted = editor.posted(request)
        document = {**before, "models": choosing.parse(posted), "language": posted.get("language", "en")}
        return editor.save(request, agent, "agent_voice", document, BODY, _forms(document))
    context = editor.frame(request, agent, "agent_voice", **_forms(agent.draft))
    return render(request, "agents/voice.html", context)


def _forms(document: Any) -> dict[str, Any]:
    reading = read(document)
    problems = [*reading.problems, *(account_problems(reading.content) if reading.content else ())]
    language = document.get("language", "en") if isinstance(document, dict) else "en"
    forms = choosing.talent_forms(document, problems)
    return {
        "reading": reading,
        "talents": forms,
        "language": language,
        "languages": choosing.LANGUAGES,
        "any_built_in": any(form.is_built_in for form in forms),
        "any_account": any(len(form.offers) > 1 for form in forms),
    }
