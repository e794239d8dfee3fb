"""People: invited, accepted, given a role, deactivated."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tenants.audit import actions as audit
from tenants.clients.models import Client, ClientMembership
from tenants.people.models import CLIENT_ROLES, Invitation, Role, User
from voiceops.lib.errors import InvalidInput

INVITATION_DAYS = 7
ADMIN_SITE_ROLES = frozenset({Role.OWNER, Role.ADMIN})
AGENCY_ROLES = [role for role in Role if role != Role.PLATFORM]


def grantable_roles(actor: User) -> list[Role]:
    """Only an owner makes owners; an admin gives every other role."""
    return [role for role in AGENCY_ROLES if role != Role.OWNER or actor.role == Role.OWNER]


# ── invitations ──────────────────────────────────────────────────────────────────────────────────
def invite(actor: User, email: str, role: str, client: Client | None = None) -> tuple[Invitation, str]:
    """The invitation and its secret, which is not kept. An earlier open invitation of this address is replaced."""
    email = _clean_email(email)
    _check_grant(actor, role, [client] if client else [])
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if User.objects.filter(email=email, is_active=True).exists():
            raise InvalidInput("This person has an account already.", "email")
        now = timezone.now()
        Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
        invitation = Invitation.objects.create(
            email=email,
            role=role,
            client_id=client.pk if client else None,
            token_hash=hash_token(token),
            invited_by=actor,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
        audit.record(actor, "person.invited", invitation, data={"role": role}, client_id=invitation.client_id)
    return invitation, token


def revoke_invitation(actor: User, invitation: Invitation) -> None:
    with transaction.atomic():
        changed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        if changed:
            audit.record(actor, "invitation.revoked", invitation)


def open_invitation(token: str) -> Invitation | None:
    """The invitation that this secret opens, if it still stands."""
    found = Invitation.objects.filter(token_hash=hash_token(token), accepted_at=None, revoked_at=None)
    return found.filter(expires_at__gt=timezone.now()).first()


def accept(token: str, name: str, password: str) -> User:
    """The new person (or the returning one, active again). Raises InvalidInput."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(token_hash=hash_token(token)).first()
        if invitation is None or open_invitation(token) is None:
            raise InvalidInput("This invitation was used, withdrawn, or is too old. Ask for a new one.")
        person = User.objects.filter(email=invitation.email).first() or User(email=invitation.email)
        person.name, person.role, person.is_active = name.strip(), invitation.role, True
        person.is_staff = person.role in ADMIN_SITE_ROLES
        check_password(password, person)
        person.set_password(password)
        person.save()
        _set_clients(person, Client.objects.filter(pk=invitation.client_id) if invitation.client_id else [])
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        audit.record(person, "person.joined", person, data={"role": person.role}, client_id=invitation.client_id)
    return person


# ── people ───────────────────────────────────────────────────────────────────────────────────────
def add(actor: User | None, email: str, name: str, role: str, password: str, clients: Iterable[Client] = ()) -> User:
    """An account without an invitation, for commands."""
    with transaction.atomic():
        person = User.objects.create_user(
            _clean_email(email), password, name=name, role=role, is_staff=role in ADMIN_SITE_ROLES
        )
        _set_clients(person, clients)
        audit.record(actor, "person.added", person, data={"role": role})
    return person


def change_role(actor: User, person: User, role: str, clients: Iterable[Client] = ()) -> None:
    """Raises InvalidInput: an agency keeps an owner, a client role needs a client, only owners touch owners."""
    chosen = list(clients)
    with transaction.atomic():
        person = _locked(person)
        _check_touch(actor, person)
        _check_grant(actor, role, chosen)
        if person.role == Role.OWNER and role != Role.OWNER:
            _keep_an_owner(person)
        before, person.role = person.role, role
        person.is_staff = role in ADMIN_SITE_ROLES
        person.save(update_fields=["role", "is_staff"])
        _set_clients(person, chosen)
        names = [client.name for client in chosen] if role in CLIENT_ROLES else []
        audit.record(actor, "person.role_changed", person, data={"before": before, "after": role, "clients": names})


def deactivate(actor: User, person: User) -> None:
    """They are signed out everywhere and their keys stop, at once. What they did stays."""
    with transaction.atomic():
        person = _locked(person)
        _check_touch(actor, person)
        if person.pk == actor.pk:
            raise InvalidInput("You cannot switch off your own account. Ask another owner or admin.")
        if person.role == Role.OWNER:
            _keep_an_owner(person)
        if person.is_active:
            person.is_active = False
            person.save(update_fields=["is_active"])
            audit.record(actor, "person.deactivated", person)


def reactivate(actor: User, person: User) -> None:
    with transaction.atomic():
        person = _locked(person)
        _check_touch(actor, person)
        if not person.is_active:
            person.is_active = True
            person.save(update_fields=["is_active"])
            audit.record(actor, "person.reactivated", person)


def update_profile(person: User, name: str, zone: str) -> None:
    with transaction.atomic():
        person.name, person.timezone = name.strip(), zone
        person.save(update_fields=["name", "timezone"])
        audit.record(person, "profile.changed", person)


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────
def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(password: str, person: User) -> None:
    """Raises InvalidInput with all that is wrong with it."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), "password") from None


def _clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput("This is not an e-mail address.", "email") from None
    return email


def _locked(person: User) -> User:
    """The person, with all owners locked too and in one order, so that two owners cannot remove each other at once."""
    rows = User.objects.select_for_update().filter(Q(pk=person.pk) | Q(role=Role.OWNER)).order_by("pk")
    return next(row for row in rows if row.pk == person.pk)


def _check_touch(actor: User, person: User) -> None:
    if person.role == Role.OWNER and actor.role != Role.OWNER:
        raise InvalidInput("Only an owner can change an owner’s account.")


def _check_grant(actor: User, role: str, clients: list[Client]) -> None:
    if role not in grantable_roles(actor):
        raise InvalidInput("You cannot give this role.", "role")
    if role in CLIENT_ROLES and not clients:
        raise InvalidInput("Choose the client this person belongs to.", "client")


def _keep_an_owner(leaving: User) -> None:
    if not User.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=leaving.pk).exists():
        raise InvalidInput("This is the last owner. Make somebody else an owner first.")


def _set_clients(person: User, clients: Iterable[Client]) -> None:
    """Memberships mean something for client roles only."""
    chosen = list(clients) if person.role in CLIENT_ROLES else []
    ClientMembership.objects.filter(user=person).exclude(client__in=chosen).delete()
    for client in chosen:
        ClientMembership.objects.get_or_create(user=person, client=client)
