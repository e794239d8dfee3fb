"""How allauth behaves here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse
from django_tenants.utils import get_public_schema_name

from tenants.audit.request import address_of
from voiceops.lib.schema import current_schema


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People join an agency by invitation; an agency joins on the platform's host."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The platform's own people have nothing but its admin."""
        if current_schema() == get_public_schema_name():
            return reverse("admin:index")
        return str(super().get_login_redirect_url(request))

    def get_client_ip(self, request: HttpRequest) -> str:
        """For rate limits. A server on a unix socket knows no address: all of its callers share one limit."""
        return address_of(request) or "0.0.0.0"  # noqa: S104 (no address to listen on)

    def add_message(self, *args: object, **kwargs: object) -> None:
        """The next page shows that somebody signed in or out; a toast would only repeat it."""
