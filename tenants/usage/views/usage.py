"""Usage: how much of what, by day and client. No prices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants import access
from tenants.access import Permission
from tenants.usage import queries
from tenants.usage.models import DailyUsage

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days"}


@require_GET
def usage(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_USAGE)
    client = access.chosen_client(request)
    rows = access.visible(person, DailyUsage.objects.all())
    if client is not None:
        rows = rows.filter(client=client)
    period = request.GET.get("days", "30")
    period = period if period in PERIODS else "30"
    span = queries.last_days(int(period))
    mine = [client] if client else list(access.clients(request))
    months = queries.this_month(mine)
    internals = access.may(person, Permission.VIEW_INTERNALS)
    context = {
        "days": queries.by(rows, "day", *span),
        "clients": queries.by(rows, "client__name", *span) if client is None and len(mine) > 1 else None,
        "vendors": queries.by(rows, "vendor", *span) if internals else None,
        "period": period,
        "periods": PERIODS,
        "caps": [(client, months[client.pk]) for client in mine if client.monthly_minutes_cap is not None],
    }
    return render(request, "usage/usage.html", context)
