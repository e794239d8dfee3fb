"""The few views that belong to the frame itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants import access
from tenants.access import Permission


@never_cache
@require_GET
def live_count(request: HttpRequest) -> HttpResponse:
    """The pulse in the top bar, asked again whenever a call begins or ends."""
    access.require(request, Permission.VIEW_CALLS)
    return render(request, "components/live_count.html")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open while somebody signed in or out, or one that another site sent."""
    return render(request, "stale.html", {"back": request.path}, status=403)
