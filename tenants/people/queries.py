"""Reading people."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from tenants.clients.models import Client
from tenants.people.models import CLIENT_ROLES, ApiKey, Invitation, User


@dataclass(frozen=True)
class PersonRow:
    person: User
    clients: str
    status: str


@dataclass(frozen=True)
class InvitationRow:
    invitation: Invitation
    client: str
    status: str


def people(rows: QuerySet[User], search: str = "") -> list[PersonRow]:
    """Agency staff first, then client people, by name."""
    if search:
        rows = rows.filter(name__icontains=search) | rows.filter(email__icontains=search)
    found = rows.prefetch_related("client_memberships__client").order_by("name", "email")
    listed = [
        PersonRow(
            person,
            ", ".join(membership.client.name for membership in person.client_memberships.all()),
            "active" if person.is_active else "inactive",
        )
        for person in found
    ]
    return sorted(listed, key=lambda row: row.person.role in CLIENT_ROLES)


def invitations(rows: QuerySet[Invitation], now: datetime | None = None) -> list[InvitationRow]:
    """Those that nobody accepted or withdrew, the newest first."""
    now = now or timezone.now()
    found = list(rows.filter(accepted_at=None, revoked_at=None).order_by("-created_at"))
    names: dict[uuid.UUID | None, str] = dict(
        Client.objects.filter(pk__in=[row.client_id for row in found]).values_list("pk", "name")
    )
    return [
        InvitationRow(
            row,
            names.get(row.client_id, ""),
            "invited" if row.expires_at > now else "expired",
        )
        for row in found
    ]


def keys(person: User) -> QuerySet[ApiKey]:
    """A person's own live keys. Nobody else sees them."""
    return person.api_keys.filter(revoked_at=None).order_by("-created_at")
