"""Reading provider accounts: which there are, which of them can do what, and what an agent lacks."""

from __future__ import annotations

from pydantic import SecretStr

from agents.checks import place_of_choice
from agents.content import AgentContent
from agents.flow.problems import Problem
from agents.models import ProviderAccount, ProviderKey
from media_worker.contract.spec import Provider
from media_worker.providers.base import VendorSpec
from media_worker.providers.registry import vendor as vendor_named


def active() -> list[ProviderAccount]:
    """With their keys at hand."""
    return list(ProviderAccount.objects.filter(archived_at=None).prefetch_related("keys"))


def vendor_of(account: ProviderAccount) -> VendorSpec | None:
    """Its vendor, or None when this release does not know it any more."""
    try:
        return vendor_named(account.vendor)
    except KeyError:
        return None


def writer() -> ProviderAccount | None:
    """The first account with a model that can be asked as OpenAI's are: it writes agents from a description."""
    for account in active():
        vendor = vendor_of(account)
        if vendor and vendor.llm and vendor.llm.completions:
            return account
    return None


def can_be_tried(account: ProviderAccount) -> bool:
    """Whether the vendor says how an account is tested without a call, and there is an address to ask: a model that runs
    beside the worker has none."""
    vendor = vendor_of(account)
    if vendor is None or vendor.probe is None:
        return False
    probe = vendor.probe
    if probe.unless and account.account.get(probe.unless):
        return False
    return not probe.elsewhere if account.base_url else bool(probe.base)


def as_provider(account: ProviderAccount, key: ProviderKey | None = None) -> Provider:
    """The account with one of its keys, as the media plane's vendors read it."""
    return Provider(
        vendor=account.vendor,
        base_url=account.base_url or None,
        api_key=SecretStr(key.secret) if key else None,
        account=account.account,
    )


def account_problems(content: AgentContent) -> list[Problem]:
    """What keeps the chosen accounts from being used: archived, gone, of another vendor, or incomplete."""
    problems = []
    known = {account.id: account for account in active()}
    for talent, where, choice in content.models.every():
        place, path = place_of_choice(talent, where), ("models", *where, "account")
        if choice.account is None:
            continue
        account = known.get(choice.account)
        vendor = vendor_of(account) if account else None
        if account is None or vendor is None or account.vendor != choice.vendor:
            sentence = "The chosen account was archived or removed. Choose another."
            problems.append(Problem(place, sentence, path))
            continue
        key = next(iter(account.keys.all()), None)
        problems += [Problem(place, s, path) for s in vendor.validate_account(as_provider(account, key))]
    return problems
