"""Making an agency: row, schema, tables, owner, address. Each step can be repeated; a crash is resumed where it was.

Nothing half-made is ever visible: the address is opened last, in the transaction that makes the agency active.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tenants.utils import get_public_schema_name, schema_context

from tenants.agencies.models import Agency, Domain, Signup
from tenants.agencies.names import clean_name, clean_slug, is_free, schema_of_slug
from tenants.audit import actions as audit
from tenants.people.models import Role, User
from voiceops.lib.errors import InvalidInput, PlatformError
from voiceops.lib.schema import leave_agency

logger = logging.getLogger(__name__)
TAKEN = "Somebody already has this address. Choose another."


@dataclass(frozen=True)
class Owner:
    name: str
    email: str
    password: str

    def __repr__(self) -> str:
        return "Owner(…)"


@dataclass(frozen=True)
class AgencyDraft:
    name: str
    timezone: str
    country: str
    brand_color: str


def update(actor: User, agency: Agency, draft: AgencyDraft) -> Agency:
    """Change what its people see. Runs in the agency's own schema, where its audit log is."""
    values = {**asdict(draft), "name": clean_name(draft.name)}
    with transaction.atomic():
        agency = Agency.objects.select_for_update().get(pk=agency.pk)
        changed = {name: value for name, value in values.items() if getattr(agency, name) != value}
        if changed:
            for name, value in changed.items():
                setattr(agency, name, value)
            agency.save(verbosity=0, update_fields=list(changed))
            audit.record(actor, "agency.changed", agency, data=changed)
    return agency


def provision(name: str, slug: str, owner: Owner, *, reserved: bool = False) -> Agency:
    """An agency from nothing to its open address, in one go. Raises InvalidInput or PlatformError."""
    agency = reserve(name, slug, owner, token=secrets.token_urlsafe(24), reserved=reserved)
    build(agency.pk)
    agency.refresh_from_db()
    if agency.status != Agency.Status.ACTIVE:
        raise PlatformError(agency.status_detail or "The agency is being made by another process.")
    return agency


def reserve(name: str, slug: str, owner: Owner, *, token: str, reserved: bool = False) -> Agency:
    """Take the address and note what is to be built. `token` opens the progress page; its hash is kept.

    Raises InvalidInput when the address is taken, also when somebody takes it in this same moment.
    """
    name, slug = clean_name(name), clean_slug(slug, reserved=reserved)
    with schema_context(get_public_schema_name()):
        if not is_free(slug):
            raise InvalidInput(TAKEN, "slug")
        try:
            with transaction.atomic():
                agency = Agency(name=name, slug=slug, schema_name=schema_of_slug(slug))
                agency.save(verbosity=0)
                Signup.objects.create(
                    agency=agency,
                    owner_name=owner.name,
                    owner_email=owner.email.strip().lower(),
                    owner_password_hash=make_password(owner.password),
                    token_hash=hash_token(token),
                )
                audit.record(None, "agency.reserved", agency)
        except IntegrityError:
            raise InvalidInput(TAKEN, "slug") from None
    return agency


def enter_once(signup: Signup) -> bool:
    """Note that the owner went in. False when that was before."""
    return bool(Signup.objects.filter(pk=signup.pk, entered_at=None).update(entered_at=timezone.now()))


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def build(agency_id: int) -> bool:
    """Do what is still to be done for this agency. False when another process is at it.

    A failure is kept in the row as a sentence (state failed) and can be tried again by calling this again.
    """
    with schema_context(get_public_schema_name()), _alone(agency_id) as alone:
        if not alone:
            return False
        signup = Signup.objects.select_related("agency").get(agency_id=agency_id)
        if signup.step == Signup.Step.DONE:
            return True
        Signup.objects.filter(pk=signup.pk).update(tried_at=timezone.now())
        _set_status(signup.agency, Agency.Status.PROVISIONING, "")
        try:
            for step in _STEPS[_ORDER.index(Signup.Step(signup.step)) :]:
                step(signup)
        except Exception as error:
            logger.exception("agency %s could not be made at step %s", signup.agency.slug, signup.step)
            _set_status(signup.agency, Agency.Status.FAILED, _sentence(error, signup))
        return True


def _make_schema(signup: Signup) -> None:
    """The schema and the note that it is ours, in one transaction: a schema we find later, we know to be our own."""
    with transaction.atomic(), connection.cursor() as cursor:
        schema = signup.agency.schema_name
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        if cursor.fetchone():
            raise PlatformError("An earlier agency's data is kept under this address. Choose another.")
        cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(schema)}")
        _advance(signup, Signup.Step.TABLES)


def _make_tables(signup: Signup) -> None:
    call_command("migrate_schemas", tenant=True, schema_name=signup.agency.schema_name, interactive=False, verbosity=0)
    leave_agency()
    _advance(signup, Signup.Step.OWNER)


def _make_owner(signup: Signup) -> None:
    with schema_context(signup.agency.schema_name), transaction.atomic():
        owner, made = User.objects.get_or_create(
            email=signup.owner_email,
            defaults={
                "name": signup.owner_name,
                "role": Role.OWNER,
                "is_staff": True,
                "password": signup.owner_password_hash,
            },
        )
        if made:
            audit.record(owner, "agency.created", label=signup.agency.name)
    with transaction.atomic():
        Signup.objects.filter(pk=signup.pk).update(owner_password_hash="")
        _advance(signup, Signup.Step.ADDRESS)


def _open_address(signup: Signup) -> None:
    agency = signup.agency
    with transaction.atomic():
        Domain.objects.get_or_create(domain=agency.host, defaults={"tenant": agency, "is_primary": True})
        _set_status(agency, Agency.Status.ACTIVE, "")
        _advance(signup, Signup.Step.DONE)
        audit.record(None, "agency.opened", agency)


_ORDER = [Signup.Step.SCHEMA, Signup.Step.TABLES, Signup.Step.OWNER, Signup.Step.ADDRESS]
_STEPS = [_make_schema, _make_tables, _make_owner, _open_address]


def _advance(signup: Signup, step: Signup.Step) -> None:
    signup.step = step
    signup.save(update_fields=["step"])


def _set_status(agency: Agency, status: Agency.Status, detail: str) -> None:
    agency.status, agency.status_detail = status, detail[:300]
    agency.save(verbosity=0, update_fields=["status", "status_detail"])


def _sentence(error: Exception, signup: Signup) -> str:
    if isinstance(error, PlatformError):
        return error.sentence
    return f"{Signup.Step(signup.step).label} did not work. Nothing is lost: try again."


@contextmanager
def _alone(agency_id: int) -> Iterator[bool]:
    """Holds a lock of the database session, which a crash releases by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"provision|{agency_id}"])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"provision|{agency_id}"])


def ensure_addresses() -> None:
    """The platform's own row, and an address below today's PUBLIC_URL for it and for every open agency. Repeatable."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        platform, made = Agency.objects.get_or_create(
            schema_name=get_public_schema_name(),
            defaults={"name": "VoiceOps", "slug": "platform", "status": Agency.Status.ACTIVE},
        )
        held = set(Domain.objects.values_list("domain", flat=True))
        for agency in Agency.objects.filter(status=Agency.Status.ACTIVE):
            if agency.host not in held:
                Domain.objects.create(domain=agency.host, tenant=agency, is_primary=True)
                logger.info("%s now answers on %s", agency.slug, agency.host)
        if made:
            audit.record(None, "platform.created", platform)
