"""An agent's tab “Tools & knowledge”: what its flow uses, what is missing, and what it may read."""

from __future__ import annotations

import copy
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from agents.content import read
from agents.models import KnowledgeBase
from agents.tools import listing
from agents.views import editor
from tenants import access
from tenants.access import Permission

TAB = "agent_tools"


@require_http_methods(["GET", "POST"])
def agent_tools(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent, document = editor.opened(request, agent_id)
    if document is not None:
        document = copy.deepcopy(document)
        document["knowledge"] = [str(name)[:40] for name in request.POST.getlist("knowledge")][:20]
        return editor.save(request, agent, TAB, document, "", {})
    context = editor.frame(request, agent, TAB)
    content = context["reading"].content or read(agent.draft).content
    readable = list(content.knowledge) if content else _names(agent.draft)
    bases = list(KnowledgeBase.objects.filter(client=agent.client_id))
    there = {base.name for base in bases}
    return render(
        request,
        "agents/tools.html",
        {
            **context,
            "uses": listing.uses(agent, content) if content else [],
            "others": listing.others(agent, content) if content else [],
            "unreadable": content is None,
            "bases": [(base, base.name in readable) for base in bases],
            "lost": [name for name in readable if name not in there],
        },
    )


def _names(draft: object) -> list[str]:
    held = draft.get("knowledge") if isinstance(draft, dict) else None
    return [str(name) for name in held] if isinstance(held, list) else []
