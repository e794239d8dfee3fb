"""Keeping provider accounts. Keys are sealed at rest, and no audit row, error or page shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from agents.accounts.reaching import allowed_networks
from agents.models import Agent, ProviderAccount
from media_worker.contract.spec import Provider, Scalar
from media_worker.providers.registry import vendor as vendor_named
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import AddressRefused, InvalidInput
from voiceops.lib.net import public_addresses


@dataclass(frozen=True)
class AccountDraft:
    """What a person typed. `api_key` None keeps the stored one."""

    vendor: str
    label: str
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    account: Mapping[str, Scalar] = field(default_factory=dict)


def create(actor: User, draft: AccountDraft) -> ProviderAccount:
    """Raises InvalidInput with what is missing, or when the address leads into a private network."""
    account = ProviderAccount(vendor=draft.vendor)
    _fill(account, draft)
    with transaction.atomic():
        account.save(force_insert=True)
        audit.record(actor, "provider_account.created", account, data={"vendor": account.vendor})
    return account


def update(actor: User, account: ProviderAccount, draft: AccountDraft) -> ProviderAccount:
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        before = (account.label, account.base_url, dict(account.account))
        _fill(account, draft)
        account.last_error = ""
        account.save()
        changed = [name for name, old, new in zip(
            ("label", "address", "settings"), before, (account.label, account.base_url, account.account), strict=True
        ) if old != new]  # fmt: skip
        changed += ["key"] if draft.api_key else []
        audit.record(actor, "provider_account.changed", account, data={"changed": changed})
    return account


def archive(actor: User, account: ProviderAccount) -> None:
    """Agents that use it can no longer take calls until another is chosen: see `used_by`."""
    with transaction.atomic():
        if ProviderAccount.objects.filter(pk=account.pk, archived_at=None).update(archived_at=timezone.now()):
            audit.record(actor, "provider_account.archived", account, data={"vendor": account.vendor})


def note_test(actor: User, account: ProviderAccount, error: str) -> None:
    """What the last try said; empty when it worked."""
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(last_error=error[:300], tested_at=timezone.now())
        audit.record(actor, "provider_account.tested", account, data={"worked": not error})


def used_by(account: ProviderAccount) -> list[Agent]:
    """Agents whose published version uses it."""
    key = str(account.pk)
    agents = Agent.objects.filter(archived_at=None).select_related("published", "client")
    return [agent for agent in agents if agent.published and _uses(agent.published.content, key)]


def _uses(content: Mapping[str, object], key: str) -> bool:
    models = content.get("models")
    choices = models.values() if isinstance(models, dict) else ()
    return any(isinstance(choice, dict) and choice.get("account") == key for choice in choices)


def _fill(account: ProviderAccount, draft: AccountDraft) -> None:
    try:
        vendor = vendor_named(draft.vendor)
    except KeyError as error:
        raise InvalidInput(str(error.args[0])) from None
    label = " ".join(draft.label.split())
    if not label:
        raise InvalidInput("Give the account a name.", "label")
    account.label, account.account = label[:80], dict(draft.account)
    account.base_url = draft.base_url.strip().rstrip("/")
    if draft.api_key:
        account.api_key = draft.api_key.strip()
    whole = Provider.model_validate(
        {
            "vendor": vendor.name,
            "base_url": account.base_url or None,
            "api_key": account.api_key or None,
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
            parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), allowed_networks()
        )
    except AddressRefused as error:
        if "no address" in error.sentence:
            return
        raise InvalidInput(
            f"{error.sentence} Only the operator of this installation can allow that, with MODEL_NETWORKS.", "base_url"
        ) from None
