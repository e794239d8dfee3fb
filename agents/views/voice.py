"""Voice & models: which vendor's ears, mind and voice, through which account, how, and who takes over from each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents import around
from agents.accounts import choosing
from agents.accounts.queries import account_problems
from agents.content import TALENTS
from agents.languages import languages
from agents.models import Agent
from agents.views import editor
from tenants import access
from tenants.access import Permission

BODY = "agents/parts/voice_form.html"
NEW_ROWS = {f"models.{talent}_backups": choosing.new_backup() for talent in TALENTS}


@require_http_methods(["GET", "POST"])
def voice(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent, before = editor.opened(request, agent_id)
    if before is None:
        context = editor.frame(request, agent, "agent_voice", **_forms(agent, agent.draft))
        return render(request, "agents/voice.html", context)
    posted = editor.posted(request)
    typed = {**before, "models": choosing.parse(posted), "language": posted.get("language", "en")}
    document, opened = editor.reshaped(request, typed, NEW_ROWS)
    more = {**_forms(agent, document), "opened": opened}
    return editor.save(request, agent, "agent_voice", document, BODY, more)


def _forms(agent: Agent, document: Any) -> dict[str, Any]:
    reading = around.reading(agent, document)
    problems = [*reading.problems, *(account_problems(reading.content) if reading.content else ())]
    language = str(document.get("language") or "en") if isinstance(document, dict) else "en"
    return {
        "reading": reading,
        "forms": choosing.model_forms(document, problems),
        "language": language,
        "languages": languages(language),
    }
