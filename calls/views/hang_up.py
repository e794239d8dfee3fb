"""Ending a call from its page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from calls import control
from tenants import access
from tenants.access import Permission


@require_POST
def hang_up(request: HttpRequest, call_id: UUID) -> HttpResponse:
    call = access.call(request, call_id, Permission.CONTROL_CALLS)
    control.hang_up(access.user(request), call)
    return HttpResponse(status=204) if request.headers.get("HX-Request") else redirect("call", call_id=call.pk)
