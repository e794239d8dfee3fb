"""Times are shown in the viewer's zone: the person's own, else the agency's."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    candidates = [getattr(request.user, "timezone", ""), getattr(getattr(request, "tenant", None), "timezone", "")]
    for name in filter(None, candidates):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return None


class ViewerZoneMiddleware:
    """Only a request with a session has a viewer; webhooks pay nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_of(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if zone is None:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
