"""The audit log."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants import access
from tenants.access import Permission
from tenants.audit import queries
from tenants.audit.models import AuditEvent


@require_GET
def audit_log(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_AUDIT)
    wanted = queries.Filter.from_query(request.GET)
    rows = access.visible(person, AuditEvent.objects.all())
    page = queries.page(rows, wanted)
    context = {
        "page": page,
        "wanted": wanted,
        "actions": queries.known_actions(rows),
        "people": queries.known_actors(rows),
    }
    return render(request, "audit/log.html", context)
