"""The library's door: the first shelf that the person may open."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from agents.library import shelves
from tenants import access
from tenants.access import Permission


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_INTERNALS)
    found = shelves(person)
    if not found:
        raise Http404("There is nothing here for you.")
    return redirect(found[0][0])
