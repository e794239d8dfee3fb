"""API keys: `vo_<prefix>_<secret>`, shown once. A key can do what its person can do, and stops when they do."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from tenants.audit import actions as audit
from tenants.people.models import ApiKey, User
from voiceops.lib.errors import InvalidInput

MOST_KEYS = 50


def create_key(person: User, name: str) -> tuple[ApiKey, str]:
    """The key's row and the key itself, which is not kept."""
    return store_key(person, name, prefix=secrets.token_hex(4), secret=secrets.token_urlsafe(32))


def store_key(person: User, name: str, *, prefix: str, secret: str) -> tuple[ApiKey, str]:
    """The row for a key whose parts are given. `prefix` has no underscore."""
    name = name.strip()
    if not name:
        raise InvalidInput("Name the key after what will use it.", "name")
    with transaction.atomic():
        if ApiKey.objects.filter(user=person, revoked_at=None).count() >= MOST_KEYS:
            raise InvalidInput(f"You have {MOST_KEYS} keys. Revoke one that is no longer used.", "name")
        key = ApiKey.objects.create(
            user=person, name=name[:80], prefix=prefix, secret_hash=hashlib.sha256(secret.encode()).hexdigest()
        )
        audit.record(person, "api_key.created", key)
    return key, f"vo_{prefix}_{secret}"


def revoke_key(actor: User, key: ApiKey) -> None:
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(actor, "api_key.revoked", key)
