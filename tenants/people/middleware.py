"""Who is not signed in is asked to, and comes back to where they wanted to go. What is forbidden is not there."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url

from tenants.access import SignInNeeded


class SignInMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, PermissionDenied):
            raise Http404("There is nothing here for you.") from exception
        if not isinstance(exception, SignInNeeded):
            return None
        if request.path.startswith("/api/v1/"):
            answer = JsonResponse({"error": {"code": "not_authenticated", "message": "Send an API key."}}, status=401)
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": resolve_url("account_login")}, status=401)
        where = request.get_full_path() if request.method == "GET" else "/"
        return redirect_to_login(where, resolve_url("account_login"))
