"""Home: what needs attention, today in figures, the newest calls. A client's people see what they bought."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from calls.queries import attention, home, listing, portal
from calls.queries.filters import Filters, parse
from tenants import access
from tenants.access import Permission
from tenants.people.models import User


@never_cache
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_CALLS)
    if not access.may(person, Permission.VIEW_INTERNALS):
        return _portal(request, person)
    client = access.chosen_client(request)
    filters = parse({"client": str(client.pk)} if client else {}, internals=True)
    calls = listing.visible_calls(person, filters)
    now = timezone.now()
    start = home.day_start(now)
    viewer = attention.Viewer(person, client.pk if client else None, request.tenant.country, now)  # type: ignore[attr-defined]
    newest, _ = listing.call_page(person, filters, size=home.NEWEST)
    return render(
        request,
        "home/home.html",
        {
            "notices": attention.notices(viewer),
            "last_problem": home.last_problem(calls),
            "today": home.figures(calls, start, now),
            "before": home.figures(calls, start - home.WEEK, now - home.WEEK),
            "weekday": start.strftime("%A"),
            "chart": home.by_hour(calls, start, now),
            "newest": newest,
            "internals": True,
            "show_client": client is None,
        },
    )


def _portal(request: HttpRequest, person: User) -> HttpResponse:
    calls = listing.visible_calls(person, Filters())
    start = home.day_start(timezone.now())
    newest, _ = listing.call_page(person, Filters(), size=home.NEWEST)
    context = {
        "month": portal.month(calls, start),
        "newest": newest,
        "internals": False,
    }
    return render(request, "home/portal.html", context | {"worth": portal.worth_hearing(calls), "any": calls.exists()})
