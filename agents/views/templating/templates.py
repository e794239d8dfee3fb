"""All templates of the agency."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.models import Template
from agents.templating import queries
from tenants import access
from tenants.access import Permission


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.BUILD_AGENTS)
    archived = request.GET.get("archived") == "1"
    rows = queries.templates(access.visible(person, Template.objects.all()), archived=archived)
    return render(request, "library/templates.html", {"rows": rows, "archived": archived})
