"""Accounts, their keys and the vendors there are, as the settings pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from agents.accounts import pools
from agents.accounts.queries import active, can_be_tried, vendor_of
from agents.content import BUILT_IN
from agents.models import ProviderAccount, ProviderKey
from media_worker.providers.base import TalentName, VendorSpec

TALENT_WORDS: dict[TalentName, str] = {"stt": "ears", "llm": "mind", "tts": "voice", "s2s": "speech-to-speech"}
GROUPS: tuple[tuple[TalentName, str, str, str], ...] = (
    ("stt", "Ears", "Turn what callers say into words", "ear"),
    ("llm", "Minds", "Decide what to answer", "brain"),
    ("tts", "Voices", "Speak the answer", "audio-lines"),
    ("s2s", "Speech-to-speech", "Hear, think and speak in one model", "messages-square"),
)


@dataclass(frozen=True)
class KeyRow:
    """A key of an account. `state` is a value of the status table's kind `key`; `live` calls hold it now."""

    key: ProviderKey
    state: str
    live: int


@dataclass(frozen=True)
class Row:
    """An account in the list. `state` is a value of the status table's kind `account`."""

    account: ProviderAccount
    vendor_label: str
    talents: str
    keys: Sequence[KeyRow]
    state: str
    error: str
    tested_at: datetime | None
    can_be_tried: bool

    @property
    def live(self) -> int:
        return sum(row.live for row in self.keys)


@dataclass(frozen=True)
class Group:
    """The vendors of one talent."""

    icon: str
    title: str
    about: str
    vendors: Sequence[VendorSpec]


def rows() -> list[Row]:
    return [row(account) for account in active()]


def row(account: ProviderAccount) -> Row:
    vendor, keys = vendor_of(account), key_rows(account)
    tested = [key.key.tested_at for key in keys] if keys else [account.tested_at]
    errors = [key.key.last_error for key in keys] if keys else [account.last_error]
    return Row(
        account,
        vendor.label if vendor else account.vendor,
        talents_in_words(vendor) if vendor else "",
        keys,
        _state(keys, account),
        next((error for error in errors if error), ""),
        max((at for at in tested if at), default=None),
        can_be_tried(account),
    )


def key_rows(account: ProviderAccount) -> list[KeyRow]:
    keys, now = list(account.keys.all()), timezone.now()
    live = pools.live_calls(keys, now)
    return [KeyRow(key, key_state(key, live.get(key.pk, 0), now), live.get(key.pk, 0)) for key in keys]


def key_row(key: ProviderKey) -> KeyRow:
    now = timezone.now()
    live = pools.live_calls([key], now).get(key.pk, 0)
    return KeyRow(key, key_state(key, live, now), live)


def key_state(key: ProviderKey, live: int, now: datetime) -> str:
    if key.refused_at:
        return "refused"
    if key.cools(now):
        return "cooling"
    if key.last_error:
        return "failed"
    if pools.is_full(key, live):
        return "full"
    return "ok" if key.tested_at else "untested"


def _state(keys: Sequence[KeyRow], account: ProviderAccount) -> str:
    if not keys:
        return "untested" if account.tested_at is None else "failed" if account.last_error else "ok"
    states = {row.state for row in keys}
    if states <= {"refused", "failed"}:
        return "failed"
    if states & {"refused", "failed"}:
        return "partly"
    return "untested" if states == {"untested"} else "ok"


def groups(vendors: Iterable[VendorSpec], search: str = "") -> list[Group]:
    """All vendors but the built-in, by talent; one with several talents is in several groups."""
    wanted = search.casefold().split()
    shown = [one for one in vendors if one.name != BUILT_IN and all(word in _about(one) for word in wanted)]
    found = [
        Group(icon, title, about, [vendor for vendor in shown if vendor.talent(talent)])
        for talent, title, about, icon in GROUPS
    ]
    return [group for group in found if group.vendors]


def _about(vendor: VendorSpec) -> str:
    """What a search looks at."""
    where = "local on your machines" if vendor.local else "cloud"
    return f"{vendor.label} {vendor.name} {talents_in_words(vendor)} {vendor.note} {where}".casefold()


def talents_in_words(vendor: VendorSpec) -> str:
    said = ", ".join(TALENT_WORDS[talent] for talent in vendor.talents())
    return said[:1].upper() + said[1:]
