"""Every request has a reference: in the answer's header, on the error page, and beside the error in the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults
from django_tenants.utils import schema_context

logger = logging.getLogger(__name__)
HEADER = "X-Request-ID"


class ReferenceMiddleware:
    """Outermost, so that whatever fails inside has one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.reference = secrets.token_hex(5)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response[HEADER] = request.reference  # type: ignore[attr-defined]
        return response


def _of_its_agency(page: Callable[[HttpRequest, Exception], HttpResponse]) -> Callable[..., HttpResponse]:
    """Django makes error pages on a thread of its own, whose database connection shows the platform's schema: what a
    page asks there (who is signed in, which clients) has to be asked in the agency's."""

    def shown(request: HttpRequest, exception: Exception) -> HttpResponse:
        tenant = getattr(request, "tenant", None)
        with schema_context(tenant.schema_name if tenant is not None else "public"):
            return page(request, exception)

    return shown


not_found = _of_its_agency(defaults.page_not_found)
forbidden = _of_its_agency(defaults.permission_denied)
bad_request = _of_its_agency(defaults.bad_request)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of last resort: asks nothing of the database, so that it also shows when that is what broke."""
    reference = getattr(request, "reference", "") or secrets.token_hex(5)
    logger.error("Reference %s: %s %s failed.", reference, request.method, request.path)
    return HttpResponse(render_to_string("500.html", {"reference": reference}), status=500)
