"""Reading numbers and carrier accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from calls.models import CarrierAccount, PhoneNumber

CARRIERS = {"twilio": "Twilio"}


@dataclass(frozen=True)
class CarrierRow:
    account: CarrierAccount
    carrier: str
    last4: str
    numbers: int


@dataclass(frozen=True)
class Address:
    """An address to paste at the carrier: where it goes there, and what for."""

    label: str
    where: str
    url: str


def numbers(rows: QuerySet[PhoneNumber], *, client: Any = None, search: str = "") -> list[PhoneNumber]:
    """`rows` are those the person may see."""
    rows = rows.select_related("account", "client", "agent", "agent__published", "split_version")
    if client is not None:
        rows = rows.filter(client=client)
    if search:
        digits = "".join(c for c in search if c.isdigit())
        found = Q(label__icontains=search) | Q(client__name__icontains=search) | Q(agent__name__icontains=search)
        rows = rows.filter(found | Q(number__contains=digits) if digits else found)
    return list(rows.order_by("client__name", "number")[:1000])


def carriers() -> list[CarrierRow]:
    accounts = CarrierAccount.objects.filter(archived_at=None).annotate(carried=Count("numbers")).order_by("label")
    return [
        CarrierRow(account, CARRIERS.get(account.carrier, account.carrier), last4(account), account.carried)
        for account in accounts
    ]


def last4(account: CarrierAccount) -> str:
    token = str(account.auth_token or "")
    return token[-4:] if len(token) >= 12 else ""


def webhook_addresses(base: str, carrier: str = "twilio") -> Sequence[Address]:
    """What to paste at the carrier. `base` is the agency's own address."""
    wanted = (
        ("carrier_voice", "A call comes in", "Voice configuration, URL, HTTP POST"),
        ("carrier_status", "Call status changes", "Voice configuration, HTTP POST"),
    )
    return [
        Address(label, where, f"{base.rstrip('/')}{reverse(view, kwargs={'carrier': carrier})}")
        for view, label, where in wanted
    ]
