"""The few views that belong to the frame itself."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET

from tenants import access
from tenants.access import Permission
from voiceops.lib.colour import brand

COLOUR = re.compile("[0-9a-f]{6}")


@require_GET
@cache_control(public=True, max_age=86_400)
def brand_css(request: HttpRequest, code: str) -> HttpResponse:
    """The tokens of one brand colour: a file rather than a style in the page, so that the policy allows no inline styles.

    It follows from its address alone, so that every browser and cache may keep it.
    """
    if not COLOUR.fullmatch(code):
        raise Http404("This is no colour.")
    return HttpResponse(brand(f"#{code}").css(), content_type="text/css; charset=utf-8")


@never_cache
@require_GET
def live_count(request: HttpRequest) -> HttpResponse:
    """The pulse in the top bar, asked again whenever a call begins or ends."""
    access.require(request, Permission.VIEW_CALLS)
    return render(request, "components/live_count.html")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open while somebody signed in or out, or one that another site sent."""
    return render(request, "stale.html", {"back": request.path}, status=403)
