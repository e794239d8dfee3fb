"""Keeping carrier accounts and numbers, and saying which agent answers which number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import phonenumbers
from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.models import Agent, AgentVersion
from calls.models import CarrierAccount, PhoneNumber
from calls.numbers import destination
from tenants.audit import actions as audit
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

LONGEST_SENTENCE = 300

_SID = re.compile(r"AC[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class CarrierDraft:
    """What a person typed. `auth_token` None keeps the stored one."""

    label: str
    account_sid: str
    auth_token: str | None = field(default=None, repr=False)
    api_base_url: str = ""


@dataclass(frozen=True)
class WhenBusy:
    """What a caller gets whom no agent can take: words (empty: the usual ones), and who takes the call (empty: nobody)."""

    sentence: str = ""
    transfer_to: str = ""


@dataclass(frozen=True)
class Split:
    """The share of callers, in percent, who hear another version than the published one. 0: nobody."""

    version: AgentVersion | None = None
    percent: int = 0


def add_carrier(actor: User, carrier: str, draft: CarrierDraft) -> CarrierAccount:
    """Raises InvalidInput with the field that is wrong."""
    account = CarrierAccount(carrier=carrier)
    _fill(account, draft)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            audit.record(actor, "carrier_account.created", account, data={"carrier": carrier})
    except IntegrityError:
        raise InvalidInput("This account is connected already.", "account_sid") from None
    return account


def change_carrier(actor: User, account: CarrierAccount, draft: CarrierDraft) -> CarrierAccount:
    try:
        with transaction.atomic():
            account = CarrierAccount.objects.select_for_update().get(pk=account.pk)
            _fill(account, draft)
            account.save()
            audit.record(actor, "carrier_account.changed", account, data={"replaced": bool(draft.auth_token)})
    except IntegrityError:
        raise InvalidInput("Another account has this SID.", "account_sid") from None
    return account


def archive_carrier(actor: User, account: CarrierAccount) -> None:
    """Raises InvalidInput while it carries numbers."""
    with transaction.atomic():
        account = CarrierAccount.objects.select_for_update().get(pk=account.pk)
        if account.numbers.exists():
            raise InvalidInput("It still carries numbers. Remove or move them first.")
        account.archived_at = timezone.now()
        account.save(update_fields=["archived_at"])
        audit.record(actor, "carrier_account.archived", account)


def add_number(
    actor: User,
    *,
    number: str,
    account: CarrierAccount,
    client: Client,
    agent: Agent | None,
    label: str,
    region: str,
) -> PhoneNumber:
    row = PhoneNumber(
        number=e164(number, region), account=account, client=client, agent=agent, label=" ".join(label.split())[:80]
    )
    _check(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record(actor, "number.added", row, data={"agent": str(agent or "")})
    except IntegrityError:
        raise InvalidInput("This number is in the list already.", "number") from None
    return row


def change_number(
    actor: User,
    number: PhoneNumber,
    *,
    account: CarrierAccount,
    client: Client,
    agent: Agent | None,
    label: str,
    when_busy: WhenBusy | None = None,
    split: Split | None = None,
) -> PhoneNumber:
    """Who answers it from the next call on. `when_busy` and `split` None leave that as it is; another agent ends a
    split."""
    with transaction.atomic():
        row = PhoneNumber.objects.select_for_update(of=("self",)).select_related("split_version").get(pk=number.pk)
        before = (row.client_id, row.agent_id)
        row.account, row.client, row.agent, row.label = account, client, agent, " ".join(label.split())[:80]
        _check(row)
        shared = _share(row, split)
        told = when_busy is not None and _answer_when_busy(row, when_busy)
        row.save()
        if told:
            audit.record(actor, "number.busy_answer_changed", row, data={"transfers": bool(row.busy_transfer_to)})
        if shared:
            number_of = row.split_version.number if row.split_version else None
            data = {"version": number_of, "percent": row.split_percent}
            audit.record(actor, "number.split_changed", row, data=data)
        moved = before != (client.pk, agent.pk if agent else None)
        audit.record(actor, "number.assigned" if moved else "number.changed", row, data={"agent": str(agent or "")})
    return row


def remove_number(actor: User, number: PhoneNumber) -> None:
    """Its calls stay. At the carrier nothing changes: callers hear what the carrier says."""
    with transaction.atomic():
        audit.record(actor, "number.removed", number, client_id=number.client_id)
        number.delete()


def e164(text: str, region: str) -> str:
    """+14155550100 for what a person typed. Raises InvalidInput."""
    try:
        parsed = phonenumbers.parse(text, region or "US")
    except phonenumbers.NumberParseException:
        raise InvalidInput("Write the number with its country code, as in +1 415 555 0100.", "number") from None
    if not phonenumbers.is_possible_number(parsed):
        raise InvalidInput("This number has too few or too many digits.", "number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _answer_when_busy(row: PhoneNumber, chosen: WhenBusy) -> bool:
    """Whether that changes anything. Raises InvalidInput for a number that cannot help."""
    sentence = " ".join(chosen.sentence.split())
    if len(sentence) > LONGEST_SENTENCE:
        raise InvalidInput(f"At most {LONGEST_SENTENCE} characters.", "busy_sentence")
    to = destination(chosen.transfer_to, "busy_transfer_to") if chosen.transfer_to.strip() else ""
    if to and (to == row.number or PhoneNumber.objects.filter(number=to).exists()):
        raise InvalidInput("This number is answered here too, and would be as busy.", "busy_transfer_to")
    before = (row.busy_sentence, row.busy_transfer_to)
    row.busy_sentence, row.busy_transfer_to = sentence, to
    return before != (sentence, to)


def _share(row: PhoneNumber, wanted: Split | None) -> bool:
    """Whether that changes who hears what. Raises InvalidInput for a version that cannot be heard there."""
    before = (row.split_version_id, row.split_percent)
    if row.split_version is not None and row.split_version.agent_id != row.agent_id:
        row.split_version, row.split_percent = None, 0
    if wanted is not None:
        row.split_version, row.split_percent = (wanted.version, wanted.percent) if wanted.percent else (None, 0)
        if not 0 <= wanted.percent <= 100:
            raise InvalidInput("A share is between 0 and 100 percent.", "split_percent")
        if wanted.percent and wanted.version is None:
            raise InvalidInput("Choose the version that this share of callers hears.", "split_version")
        if row.split_version is not None and row.split_version.agent_id != row.agent_id:
            raise InvalidInput("This version belongs to another agent.", "split_version")
        if row.split_version is not None and row.agent is not None and row.split_version.pk == row.agent.published_id:
            raise InvalidInput("Everybody hears this version already: it is the published one.", "split_version")
    return before != (row.split_version_id, row.split_percent)


def _check(row: PhoneNumber) -> None:
    if row.agent is None:
        return
    if row.agent.client_id != row.client_id:
        raise InvalidInput(f"{row.agent.name} belongs to another client.", "agent")
    if row.agent.archived_at is not None:
        raise InvalidInput(f"{row.agent.name} is archived.", "agent")


def _fill(account: CarrierAccount, draft: CarrierDraft) -> None:
    account.label = " ".join(draft.label.split())[:80]
    if not account.label:
        raise InvalidInput("Give the account a name.", "label")
    account.account_sid = draft.account_sid.strip()
    if account.carrier == "twilio" and not _SID.fullmatch(account.account_sid):
        raise InvalidInput("A Twilio account SID begins with AC and has 34 characters.", "account_sid")
    if draft.auth_token:
        account.auth_token = draft.auth_token.strip()
    if not account.auth_token:
        raise InvalidInput("The auth token is missing.", "auth_token")
    account.api_base_url = draft.api_base_url.strip().rstrip("/")
    if account.api_base_url and urlsplit(account.api_base_url).scheme not in ("http", "https"):
        raise InvalidInput("The address begins with http:// or https://.", "api_base_url")
