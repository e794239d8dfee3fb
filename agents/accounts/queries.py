"""Reading provider accounts: which there are, which of them can do what, and what an agent lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


def writer() -> ProviderAccount | None:
    """The first account with a model that can be asked as OpenAI's are: it writes agents from a description."""
    for account in active():
        vendor = vendor_of(account)
        if vendor and vendor.llm and vendor.llm.completions:
            return account
    return None


def can_be_tried(account: ProviderAccount) -> bool:
    """Whether the vendor says how an account is tested without a call."""
    vendor = vendor_of(account)
    return vendor is not None and vendor.probe is not None


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


@dataclass(frozen=True)
class Row:
    """An account in the list. `state` is a value of the status table's kind `account`."""

    account: ProviderAccount
    vendor_label: str
    talents: str
    last4: str
    state: str
    can_be_tried: bool


@dataclass(frozen=True)
class VendorCard:
    """A vendor that an account can be made with."""

    vendor: VendorSpec
    talents: str


TALENT_WORDS: dict[TalentName, str] = {"stt": "ears", "llm": "mind", "tts": "voice", "s2s": "speech-to-speech"}


def rows() -> list[Row]:
    found = []
    for account in active():
        vendor = vendor_of(account)
        state = "untested" if account.tested_at is None else "failed" if account.last_error else "ok"
        label = vendor.label if vendor else account.vendor
        found.append(
            Row(
                account, label, talents_in_words(vendor) if vendor else "", last4(account), state, can_be_tried(account)
            )
        )
    return found


def vendor_cards(vendors: Iterable[VendorSpec]) -> list[VendorCard]:
    return [VendorCard(vendor, talents_in_words(vendor)) for vendor in vendors if vendor.account]


def talents_in_words(vendor: VendorSpec) -> str:
    said = ", ".join(TALENT_WORDS[talent] for talent in vendor.talents())
    return said[:1].upper() + said[1:]


def last4(account: ProviderAccount) -> str:
    """The end of the key, to tell one from another; a short key shows nothing."""
    key = str(account.api_key or "")
    return key[-4:] if len(key) >= 12 else ""
