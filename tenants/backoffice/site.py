"""The site of the admin: our sign-in, our roles, and only models that were registered for it on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.db.models.base import ModelBase
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_tenants.utils import get_public_schema_name
from unfold.sites import UnfoldAdminSite

from tenants.access import Permission, may
from tenants.backoffice.base import BackofficeAdmin
from voiceops.lib.schema import current_schema


def on_platform() -> bool:
    return current_schema() == get_public_schema_name()


class Backoffice(UnfoldAdminSite):
    def register(
        self, model_or_iterable: ModelBase | Iterable[type[models.Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """What a library registers of its own accord would show rows without asking whose they are."""
        if admin_class is not None and issubclass(admin_class, BackofficeAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        needed = Permission.MANAGE_PLATFORM if on_platform() else Permission.MANAGE_AGENCY
        return may(request.user, needed) and request.user.is_staff

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            """Who is signed in and has nothing to do here finds nothing here."""
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404("There is nothing here for you.")
            return inner(request, *args, **kwargs)

        return gate

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Our own sign-in, with its limits."""
        return redirect_to_login(request.GET.get("next", resolve_url("admin:index")), resolve_url("account_login"))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        title = "VoiceOps platform" if on_platform() else str(request.tenant)  # type: ignore[attr-defined]
        return {**super().each_context(request), "site_title": title, "site_header": title, "site_url": "/"}
