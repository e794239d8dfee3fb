"""The calls list, its filters in the URL, and its export."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from calls.queries import export, listing
from calls.queries.filters import parse
from tenants import access
from tenants.access import Permission
from tenants.audit.actions import record
from voiceops.lib.errors import InvalidInput
from voiceops.lib.schema import current_schema


@never_cache
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_CALLS)
    client = access.chosen_client(request)
    internals = access.may(person, Permission.VIEW_INTERNALS)
    filters = parse(request.GET, internals)
    try:
        rows, cursor = listing.call_page(person, filters, request.GET.get("cursor", ""))
    except InvalidInput:
        return redirect("calls")
    agents = listing.agent_choices(person, filters)
    context = {
        "rows": rows,
        "cursor": cursor,
        "filters": filters,
        "chips": listing.chips(filters, request.GET, internals),
        "agents": [(agent, listing.changed(request.GET, "agent", str(agent.pk))) for agent in agents],
        "export": f"{reverse('calls_export')}{listing.changed(request.GET, '', '')}",
        "agent": next((agent for agent in agents if agent.pk == filters.agent), None),
        "client": client,
        "internals": internals,
        "show_client": internals and client is None,
        "first_page": "cursor" not in request.GET,
    }
    return render(request, "calls/calls.html", context)


@never_cache
@require_GET
def download(request: HttpRequest) -> StreamingHttpResponse:
    """What is filtered, as CSV, as long as it is."""
    person = access.require(request, Permission.VIEW_CALLS)
    access.chosen_client(request)
    internals = access.may(person, Permission.VIEW_INTERNALS)
    filters = parse(request.GET, internals)
    record(person, "calls.exported", data={"filters": request.GET.urlencode()[:200]})
    lines = export.csv_lines(current_schema(), person, filters, internals, timezone.get_current_timezone())
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="calls-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer
