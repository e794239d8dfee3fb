"""Reading provider accounts: which there are, which of them can do what, and what an agent lacks."""

from __future__ import annotations

from agents.content import NAMES, TALENTS, AgentContent
from agents.flow.problems import Problem
from agents.models import ProviderAccount
from media_worker.contract.spec import Provider
from media_worker.providers.base import TalentName, VendorSpec
from media_worker.providers.registry import vendor as vendor_named


def active() -> list[ProviderAccount]:
    return list(ProviderAccount.objects.filter(archived_at=None))


def vendor_of(account: ProviderAccount) -> VendorSpec | None:
    """Its vendor, or None when this release does not know it any more."""
    try:
        return vendor_named(account.vendor)
    except KeyError:
        return None


def with_talent(talent: TalentName) -> list[ProviderAccount]:
    return [account for account in active() if (vendor := vendor_of(account)) and vendor.talent(talent)]


def as_provider(
    account: ProviderAccount, options: dict[str, str | int | float | bool | None] | None = None
) -> Provider:
    """The account as the media plane gets it, with its key."""
    return Provider.model_validate(
        {
            "vendor": account.vendor,
            "base_url": account.base_url or None,
            "api_key": account.api_key or None,
            "account": account.account,
            "options": options or {},
        }
    )


def account_problems(content: AgentContent) -> list[Problem]:
    """What keeps the chosen accounts from being used: archived, gone, of another vendor, or incomplete."""
    problems = []
    known = {account.id: account for account in active()}
    for talent in TALENTS:
        choice, path = content.models.of(talent), ("models", talent, "account")
        if choice.account is None:
            continue
        account = known.get(choice.account)
        vendor = vendor_of(account) if account else None
        if account is None or vendor is None or account.vendor != choice.vendor:
            sentence = "The chosen account was archived or removed. Choose another."
            problems.append(Problem(NAMES[talent], sentence, path))
            continue
        problems += [Problem(NAMES[talent], s, path) for s in vendor.validate_account(as_provider(account))]
    return problems
