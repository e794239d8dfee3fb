"""Keeping provider accounts. Keys are sealed at rest, and no audit row, error or page shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from agents.accounts import keys, reaching
from agents.content import TALENTS
from agents.models import Agent, ProviderAccount, ProviderKey
from media_worker.contract.spec import Provider, Scalar
from media_worker.providers.registry import vendor as vendor_named
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import AddressRefused, InvalidInput, ProviderError
from voiceops.lib.net import public_addresses

FIRST_ALIAS = "Key 1"


@dataclass(frozen=True)
class AccountDraft:
    """What a person typed. `api_key` is the first key of a new account; later keys are the pool's: see `keys`."""

    vendor: str
    label: str
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    account: Mapping[str, Scalar] = field(default_factory=dict)


def create(actor: User, draft: AccountDraft) -> ProviderAccount:
    """Raises InvalidInput with what is missing, or when the address leads into a private network."""
    account = ProviderAccount(vendor=draft.vendor)
    secret = (draft.api_key or "").strip()
    _fill(account, draft, secret)
    with transaction.atomic():
        account.save(force_insert=True)
        if secret:
            ProviderKey.objects.create(account=account, alias=FIRST_ALIAS, secret=secret)
        audit.record(actor, "provider_account.created", account, data={"vendor": account.vendor})
    return account


def update(actor: User, account: ProviderAccount, draft: AccountDraft) -> ProviderAccount:
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        before = (account.label, account.base_url, dict(account.account))
        first = account.keys.first()
        _fill(account, draft, first.secret if first else "")
        account.last_error = ""
        account.save()
        changed = [name for name, old, new in zip(
            ("label", "address", "settings"), before, (account.label, account.base_url, account.account), strict=True
        ) if old != new]  # fmt: skip
        audit.record(actor, "provider_account.changed", account, data={"changed": changed})
    return account


def archive(actor: User, account: ProviderAccount) -> None:
    """Agents that use it can no longer take calls until another is chosen: see `used_by`."""
    with transaction.atomic():
        if ProviderAccount.objects.filter(pk=account.pk, archived_at=None).update(archived_at=timezone.now()):
            audit.record(actor, "provider_account.archived", account, data={"vendor": account.vendor})


def try_out(actor: User, account: ProviderAccount, key: ProviderKey | None) -> str:
    """A real request with this key: a sentence. Raises ProviderError in words; either way the outcome is kept."""
    try:
        said = reaching.try_out(account, key)
    except ProviderError as failure:
        _note_test(actor, account, key, failure)
        raise
    _note_test(actor, account, key, None)
    return said


def _note_test(actor: User, account: ProviderAccount, key: ProviderKey | None, failure: ProviderError | None) -> None:
    error = failure.sentence if failure else ""
    if key is not None:
        keys.note_test(actor, key, error, refused=isinstance(failure, reaching.KeyRefused))
    else:
        note_test(actor, account, error)


def note_test(actor: User, account: ProviderAccount, error: str) -> None:
    """What the last try of an account without keys said; empty when it worked."""
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(last_error=error[:300], tested_at=timezone.now())
        audit.record(actor, "provider_account.tested", account, data={"worked": not error})


@dataclass(frozen=True)
class Use:
    """An agent whose published version uses the account. Without a needed one it takes no calls; without a backup, the
    small model or a speech-to-speech model it goes on with what is left."""

    agent: Agent
    needed: bool


def used_by(account: ProviderAccount) -> list[Use]:
    """Those that could not do without it first."""
    agents = Agent.objects.filter(archived_at=None, published__isnull=False).select_related("published", "client")
    found = []
    for agent in agents:
        places = _places(agent.published.content if agent.published else {}, str(account.pk))
        if places:
            found.append(Use(agent, not places.isdisjoint(TALENTS)))
    return sorted(found, key=lambda use: not use.needed)


def _places(content: Mapping[str, Any], account: str) -> set[str]:
    """Where in the content's choices the account stands: stt, tts_backups, small, …"""
    models = content.get("models")
    rows = models.items() if isinstance(models, dict) else ()
    return {
        name
        for name, held in rows
        for choice in (held if isinstance(held, list) else [held])
        if isinstance(choice, dict) and choice.get("account") == account
    }


def _fill(account: ProviderAccount, draft: AccountDraft, secret: str) -> None:
    try:
        vendor = vendor_named(draft.vendor)
    except KeyError as error:
        raise InvalidInput(str(error.args[0])) from None
    label = " ".join(draft.label.split())
    if not label:
        raise InvalidInput("Give the account a name.", "label")
    account.label, account.account = label[:80], dict(draft.account)
    account.base_url = draft.base_url.strip().rstrip("/")
    whole = Provider.model_validate(
        {
            "vendor": vendor.name,
            "base_url": account.base_url or None,
            "api_key": secret or None,
            "account": account.account,
        }
    )
    wrong = vendor.validate_account(whole)
    if wrong:
        raise InvalidInput(" ".join(wrong))
    if account.base_url:
        _refuse_private(account.base_url)


def _refuse_private(address: str) -> None:
    """Before it is stored: the media plane will connect there in every call. A name that does not resolve now may."""
    parts = urlsplit(address)
    try:
        public_addresses(
            parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), reaching.allowed_networks()
        )
    except AddressRefused as error:
        if "no address" in error.sentence:
            return
        raise InvalidInput(
            f"{error.sentence} Only the operator of this installation can allow that, with MODEL_NETWORKS.", "base_url"
        ) from None
