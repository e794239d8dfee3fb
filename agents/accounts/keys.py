"""What people do with the keys of an account. A key goes in and never comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.accounts import pools
from agents.accounts.queries import vendor_of
from agents.models import ProviderAccount, ProviderKey
from media_worker.providers.base import LONGEST_SECRET
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

LONGEST_KEY = LONGEST_SECRET
LARGEST_LIMIT = 100_000


@dataclass(frozen=True)
class KeyDraft:
    """What a person typed. `secret` empty keeps the stored one; `limit` None: as many live calls as come."""

    alias: str
    secret: str = field(default="", repr=False)
    weight: int = 1
    limit: int | None = None


def add(actor: User, account: ProviderAccount, draft: KeyDraft) -> ProviderKey:
    """Raises InvalidInput with the field that is wrong."""
    if not takes_keys(account):
        raise InvalidInput("This vendor’s accounts have no key.")
    if not draft.secret.strip():
        raise InvalidInput("Paste the key.", "secret")
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        if account.keys.count() >= pools.MOST_KEYS:
            raise InvalidInput(f"An account has at most {pools.MOST_KEYS} keys.")
        key = ProviderKey(account=account)
        _fill(key, draft)
        _save(key)
        audit.record(actor, "provider_key.added", key, data={"account": account.label, "weight": key.weight})
    return key


def change(actor: User, key: ProviderKey, draft: KeyDraft) -> ProviderKey:
    """A new secret is a new key: what was said of the old one is forgotten."""
    with transaction.atomic():
        key = _locked(key)
        before = (key.alias, key.weight, key.limit)
        _fill(key, draft)
        rotated = bool(draft.secret.strip())
        if rotated:
            _forgive(key)
            key.tested_at = None
        _save(key)
        names = ("alias", "weight", "limit")
        after = (key.alias, key.weight, key.limit)
        changed = [name for name, old, new in zip(names, before, after, strict=True) if old != new]
        data = {"account": key.account.label, "changed": changed, "rotated": rotated}
        audit.record(actor, "provider_key.changed", key, data=data)
    return key


def remove(actor: User, key: ProviderKey) -> None:
    """Calls that run keep it. Raises InvalidInput for the only key of a vendor that needs one."""
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update().get(pk=key.account_id)
        if account.keys.count() == 1 and needs_key(account):
            raise InvalidInput("It is the only key of this account. Add another first, or archive the account.")
        audit_label = str(key)
        removed = ProviderKey.objects.filter(pk=key.pk)
        if removed.exists():
            removed.delete()
            audit.record(actor, "provider_key.removed", account, data={"alias": key.alias}, label=audit_label)


def note_test(actor: User, key: ProviderKey, error: str, *, refused: bool = False) -> None:
    """What the last try said, empty when it worked: then the key is in use again. `refused`: it is set aside."""
    with transaction.atomic():
        key = _locked(key)
        now = timezone.now()
        key.tested_at = now
        if not error:
            _forgive(key)
        elif refused:
            pools.set_aside(key, error, now)
            key.trouble, key.trouble_at = ProviderKey.Trouble.REFUSED, now
        else:
            key.last_error = error[:300]
        key.save()
        audit.record(actor, "provider_key.tested", key, data={"account": key.account.label, "worked": not error})


def reinstate(actor: User, key: ProviderKey) -> None:
    """Take it into use again, untested: for vendors that offer no way to test."""
    with transaction.atomic():
        key = _locked(key)
        _forgive(key)
        key.save()
        audit.record(actor, "provider_key.reinstated", key, data={"account": key.account.label})


def takes_keys(account: ProviderAccount) -> bool:
    vendor = vendor_of(account)
    return vendor is not None and any(field.name == "api_key" for field in vendor.account)


def needs_key(account: ProviderAccount) -> bool:
    vendor = vendor_of(account)
    return vendor is not None and any(field.name == "api_key" and field.required for field in vendor.account)


def free_alias(account: ProviderAccount) -> str:
    taken = set(account.keys.values_list("alias", flat=True))
    return next(name for number in range(1, len(taken) + 2) if (name := f"Key {number}") not in taken)


def _forgive(key: ProviderKey) -> None:
    key.refused_at = key.cooling_until = None
    key.cooling_seconds = 0
    key.last_error = ""


def _fill(key: ProviderKey, draft: KeyDraft) -> None:
    alias = " ".join(draft.alias.split())
    if not alias or len(alias) > 80 or not alias.isprintable():
        raise InvalidInput("Give the key a name of at most 80 letters.", "alias")
    if not 1 <= draft.weight <= 100:
        raise InvalidInput("The weight is between 1 and 100.", "weight")
    if draft.limit is not None and not 1 <= draft.limit <= LARGEST_LIMIT:
        raise InvalidInput("The limit is at least 1. Leave it empty for no limit.", "limit")
    secret = draft.secret.strip()
    if len(secret) > LONGEST_KEY:
        raise InvalidInput("This is too long for a key.", "secret")
    key.alias, key.weight, key.limit = alias, draft.weight, draft.limit
    if secret:
        key.secret = secret


def _save(key: ProviderKey) -> None:
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError:
        raise InvalidInput(f"The account has a key called “{key.alias}” already.", "alias") from None


def _locked(key: ProviderKey) -> ProviderKey:
    return ProviderKey.objects.select_for_update(of=("self",)).select_related("account").get(pk=key.pk)
