"""Making and changing an agency's clients."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from tenants.audit import actions as audit
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

EDITABLE = ("name", "timezone", "brand_color", "monthly_minutes_cap", "concurrent_calls_cap")


@dataclass(frozen=True)
class ClientDraft:
    """What a person chooses about a client. A cap of None is no cap."""

    name: str
    timezone: str = "UTC"
    brand_color: str = ""
    monthly_minutes_cap: int | None = None
    concurrent_calls_cap: int | None = None


def create(actor: User | None, draft: ClientDraft) -> Client:
    """Raises InvalidInput when another client has this name."""
    values = _cleaned(draft)
    with transaction.atomic():
        _refuse_taken_name(values["name"])
        client = Client(slug=_free_slug(values["name"]), **values)
        try:
            with transaction.atomic():
                client.save(force_insert=True)
        except IntegrityError:
            raise InvalidInput("Another client was made with this name just now.", "name") from None
        audit.record(actor, "client.created", client, client_id=client.pk)
    return client


def update(actor: User, client: Client, draft: ClientDraft) -> Client:
    values = _cleaned(draft)
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=client.pk)
        changed = {name: value for name, value in values.items() if getattr(client, name) != value}
        if not changed:
            return client
        if "name" in changed:
            _refuse_taken_name(values["name"], client)
        for name, value in changed.items():
            setattr(client, name, value)
        client.save(update_fields=list(changed))
        audit.record(actor, "client.changed", client, data=changed, client_id=client.pk)
    return client


def archive(actor: User, client: Client) -> None:
    """Its people see nothing more, its numbers take no calls. Calls and recordings stay."""
    _set_archived(actor, client, archived=True)


def restore(actor: User, client: Client) -> None:
    _set_archived(actor, client, archived=False)


def _set_archived(actor: User, client: Client, *, archived: bool) -> None:
    with transaction.atomic():
        moment = timezone.now() if archived else None
        changed = Client.objects.filter(pk=client.pk, archived_at__isnull=archived).update(archived_at=moment)
        if changed:
            client.archived_at = moment
            audit.record(actor, "client.archived" if archived else "client.restored", client, client_id=client.pk)


def _cleaned(draft: ClientDraft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in EDITABLE}
    values["name"] = " ".join(unicodedata.normalize("NFC", draft.name).split())
    if not values["name"]:
        raise InvalidInput("Give the client a name.", "name")
    return values


def _refuse_taken_name(name: str, but: Client | None = None) -> None:
    others = Client.objects.filter(name__iexact=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise InvalidInput(f"There is a client called “{name}” already.", "name")


def _free_slug(name: str) -> str:
    base = slugify(name)[:50].strip("-") or "client"
    taken = set(Client.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(slug for number in range(2, len(taken) + 3) if (slug := f"{base}-{number}") not in taken)
