"""Every error of the API has one shape:

{"error": {"code": "invalid_input", "message": "A sentence.", "retry": false, "fields": {"name": ["A sentence."]}}}

`code` is stable and meant for programs, `message` for people; `retry` says whether the same request may work later.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenants.access import SignInNeeded
from voiceops.lib.errors import (
    CarrierError,
    CustomerError,
    InvalidInput,
    LimitReached,
    PlatformError,
    ProviderError,
    VoiceOpsError,
)

# The first that fits counts. A failure that nobody foresaw is not answered here: it is a 500 with a reference.
_STATUSES: list[tuple[type[VoiceOpsError], int]] = [
    (InvalidInput, 422),
    (LimitReached, 429),
    (CustomerError, 409),
    (CarrierError, 502),
    (ProviderError, 502),
    (PlatformError, 503),
]


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF answers when a view raises. None lets the failure through."""
    if isinstance(error, SignInNeeded):
        error = exceptions.NotAuthenticated("Send an API key: Authorization: Bearer vo_…")
    elif isinstance(error, Http404 | PermissionDenied):
        error = exceptions.NotFound("There is no such thing here.")
    if isinstance(error, VoiceOpsError):
        set_rollback()
        return _of_ours(error)
    if isinstance(error, exceptions.APIException):
        set_rollback()
        return _of_drf(error, context)
    return None


def _of_ours(error: VoiceOpsError) -> Response:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    field = error.field if isinstance(error, InvalidInput) else ""
    fields = {field: [error.sentence]} if field else {}
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    return Response(body(code, error.sentence, retry=error.retryable, fields=fields), status)


def _of_drf(error: exceptions.APIException, context: dict[str, Any]) -> Response:
    headers: dict[str, str] = {}
    status = error.status_code
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        status, headers["WWW-Authenticate"] = 401, "Bearer"
    if isinstance(error, exceptions.PermissionDenied):
        status = 404
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        fields = {name: _sentences(value) for name, value in detail.items()}
        first = next((sentence for sentences in fields.values() for sentence in sentences), "The input is wrong.")
        return Response(body("invalid_input", first, fields=fields), 422)
    code = "not_found" if status == 404 else str(getattr(error.detail, "code", error.default_code))
    return Response(body(code, str(error.detail), retry=status in {429, 503}), status, headers=headers)


def _sentences(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {sentence}" for name, inner in value.items() for sentence in _sentences(inner)]
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def body(code: str, message: str, *, retry: bool = False, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message, "retry": retry}
    if fields:
        error["fields"] = fields
    return {"error": error}
