"""An address below /api/ that does not exist answers as the API answers."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tenants.api.errors import body


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    return JsonResponse(body("not_found", "There is no such address. See /api/docs/."), status=404)
