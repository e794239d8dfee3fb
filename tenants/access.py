"""The only doorway to an object that somebody may not be allowed to see. The first line of every view goes through it.

    person = access.require(request, Permission.BUILD_AGENTS)       # the User; 404 for everybody else
    agents = access.visible(person, Agent.objects.all())            # only what this person may see
    agent = access.get(request, Agent, agent_id)                    # or 404
    call = access.call(request, call_id, Permission.CONTROL_CALLS)  # the same, by name

What may not be seen does not exist: it is 404, never 403. Who is not signed in is sent to the sign-in page, or gets
401 from the API. A model is narrowed by the path from it to its client, which its app declares once, when it is ready:

    access.declare("calls.Recording", "call__client")
    access.declare("calls.CarrierAccount", access.AGENCY_ONLY, Permission.MANAGE_ACCOUNTS)
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.http import Http404, HttpRequest

from tenants.clients.models import Client
from tenants.people.models import CLIENT_ROLES, Role, User

M = TypeVar("M", bound=models.Model)
AGENCY_ONLY = ""


class SignInNeeded(Exception):
    """Nobody is signed in. `tenants.people.middleware` and the API turn it into an answer."""


class Permission(StrEnum):
    VIEW_CALLS = "view_calls"
    LISTEN = "listen"
    CONTROL_CALLS = "control_calls"
    PLACE_CALLS = "place_calls"
    VIEW_INTERNALS = "view_internals"
    VIEW_AGENTS = "view_agents"
    BUILD_AGENTS = "build_agents"
    TALK_TO_AGENTS = "talk_to_agents"
    VIEW_NUMBERS = "view_numbers"
    MANAGE_NUMBERS = "manage_numbers"
    MANAGE_ACCOUNTS = "manage_accounts"
    VIEW_CLIENTS = "view_clients"
    MANAGE_CLIENTS = "manage_clients"
    VIEW_PEOPLE = "view_people"
    MANAGE_PEOPLE = "manage_people"
    VIEW_USAGE = "view_usage"
    VIEW_AUDIT = "view_audit"
    USE_API = "use_api"
    MANAGE_AGENCY = "manage_agency"
    MANAGE_PLATFORM = "manage_platform"


P = Permission
_EVERYONE = frozenset({P.VIEW_CALLS, P.LISTEN, P.VIEW_AGENTS, P.VIEW_NUMBERS, P.VIEW_CLIENTS})
_STAFF = _EVERYONE | {P.VIEW_INTERNALS, P.VIEW_PEOPLE, P.VIEW_USAGE, P.USE_API}
_OPERATOR = _STAFF | {P.CONTROL_CALLS, P.PLACE_CALLS, P.TALK_TO_AGENTS}
_BUILDER = _STAFF | {P.BUILD_AGENTS, P.TALK_TO_AGENTS, P.PLACE_CALLS, P.MANAGE_NUMBERS}
_ADMIN = frozenset(Permission) - {P.MANAGE_PLATFORM}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.OWNER: _ADMIN,
    Role.ADMIN: _ADMIN,
    Role.BUILDER: _BUILDER,
    Role.OPERATOR: _OPERATOR,
    Role.ANALYST: _STAFF,
    Role.CLIENT_ADMIN: _EVERYONE | {P.VIEW_USAGE, P.PLACE_CALLS, P.TALK_TO_AGENTS, P.USE_API},
    Role.CLIENT_VIEWER: _EVERYONE,
    Role.PLATFORM: frozenset({P.MANAGE_PLATFORM}),
}


def permissions_of(person: Any) -> frozenset[Permission]:
    """What a person may do; nothing, for somebody who is not signed in or was deactivated."""
    if not isinstance(person, User) or not person.is_active:
        return frozenset()
    return PERMISSIONS.get(person.role, frozenset())


def may(person: Any, permission: Permission) -> bool:
    return permission in permissions_of(person)


# ── which rows ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Narrowing:
    """`path` leads from a row to its client; AGENCY_ONLY where client people see none. `permission` to see any."""

    path: str
    permission: Permission


_declared: dict[str, Narrowing] = {}


def declare(label: str, path: str, permission: Permission = Permission.VIEW_CALLS) -> None:
    """Said once per model, in the `ready` of its app. `label` is `app.Model`."""
    _declared[label.lower()] = Narrowing(path, permission)


def declared() -> dict[str, Narrowing]:
    return dict(_declared)


def visible(person: Any, rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """The rows that this person may see. A model nobody declared is a LookupError: nothing is shown by default."""
    label = rows.model._meta.label_lower
    try:
        narrowing = _declared[label]
    except KeyError:
        raise LookupError(f"{label} is not declared to tenants.access, so nobody may see it.") from None
    if not may(person, narrowing.permission):
        return rows.none()
    if person.role not in CLIENT_ROLES:
        return rows
    if narrowing.path == AGENCY_ONLY:
        return rows.none()
    mine = person.client_memberships.filter(client__archived_at=None).values("client")
    return rows.filter(**{f"{narrowing.path}__in": mine})


# ── the person ───────────────────────────────────────────────────────────────────────────────────
def user(request: HttpRequest) -> User:
    """The person who is signed in (or whose API key was sent). Raises SignInNeeded."""
    person = request.user
    if not isinstance(person, User) or not person.is_active:
        raise SignInNeeded
    return person


def require(request: HttpRequest, permission: Permission) -> User:
    """The person, if they may. Raises SignInNeeded or Http404."""
    person = user(request)
    if not may(person, permission):
        raise Http404("There is nothing here for you.")
    return person


# ── the doorway ──────────────────────────────────────────────────────────────────────────────────
def find(request: HttpRequest, rows: models.QuerySet[M], pk: Any, permission: Permission | None = None) -> M:
    """The one row of `rows` with this key that the person may see. Raises Http404, also for a key that is none."""
    person = user(request) if permission is None else require(request, permission)
    try:
        return visible(person, rows).get(pk=pk)
    except (ObjectDoesNotExist, ValueError, TypeError, ValidationError) as error:
        raise _unknown(rows.model) from error


def get(request: HttpRequest, model: type[M], pk: Any, permission: Permission | None = None) -> M:
    return find(request, model._default_manager.all(), pk, permission)


def _unknown(model: type[models.Model]) -> Http404:
    return Http404(f"There is no such {model._meta.verbose_name}.")


def clients(request: HttpRequest, archived: bool = False) -> models.QuerySet[Client]:
    """The clients this person works for, or belongs to."""
    rows = visible(user(request), Client.objects.all())
    return rows if archived else rows.filter(archived_at=None)


def client(request: HttpRequest, pk: Any, permission: Permission | None = None) -> Client:
    return get(request, Client, pk, permission)


def chosen_client(request: HttpRequest) -> Client | None:
    """The client that `?client=` names; None is all of them. A client that cannot be seen is 404."""
    named = request.GET.get("client", "")
    return client(request, named) if named else None


def agent(request: HttpRequest, pk: Any, permission: Permission | None = None) -> Any:
    """An `agents.Agent`. Named by its label, because imports run one way."""
    return get(request, apps.get_model("agents", "Agent"), pk, permission)


def call(request: HttpRequest, pk: Any, permission: Permission | None = None) -> Any:
    """A `calls.Call`."""
    return get(request, apps.get_model("calls", "Call"), pk, permission)


def number(request: HttpRequest, pk: Any, permission: Permission | None = None) -> Any:
    """A `calls.PhoneNumber`."""
    return get(request, apps.get_model("calls", "PhoneNumber"), pk, permission)


def client_ids(person: User) -> list[uuid.UUID] | None:
    """The clients whose live updates a person may have; None is all of them."""
    if person.role not in CLIENT_ROLES:
        return None
    return list(person.client_memberships.filter(client__archived_at=None).values_list("client_id", flat=True))
