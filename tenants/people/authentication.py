"""`Authorization: Bearer vo_<prefix>_<secret>` for the API."""

from __future__ import annotations

import hashlib
import hmac

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.people.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = find_key(token.strip())
        if key is None:
            raise AuthenticationFailed("This API key is unknown or was revoked.")
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def find_key(token: str) -> ApiKey | None:
    """The live key this token opens, compared in constant time."""
    kind, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    if kind != "vo" or not prefix or not secret:
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=prefix, revoked_at=None, user__is_active=True).first()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return key if key is not None and hmac.compare_digest(digest, key.secret_hash) else None
