"""The demo agency, its people, clients, agents, carrier account, number and API key. Running it again changes nothing.

The password is known to everybody who can read this file: `seed_demo` is for trying things out. What only machines
need (the API key, the carrier's token) is derived from this installation's secret, so that no two share it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django_tenants.utils import get_public_schema_name, schema_context

from agents.demo import FRONT_DESK, create_demo_agents, create_demo_tools
from agents.knowledge.demo import create_demo_knowledge
from agents.models import Agent
from agents.templating.demo import create_demo_template
from calls.models import CarrierAccount, PhoneNumber
from tenants.agencies import actions as agencies
from tenants.agencies.models import Agency, Domain
from tenants.clients import actions as clients
from tenants.clients.models import Client
from tenants.people import actions as people
from tenants.people import keys
from tenants.people.models import CLIENT_ROLES, ApiKey, Role, User
from voiceops.demo import history
from voiceops.lib.errors import PlatformError

SLUG = "demo"
PASSWORD = "voiceops demo"  # noqa: S105 (known to everybody, on purpose)
PEOPLE = {
    Role.OWNER: ("alice@demo.example", "Alice Okafor"),
    Role.ADMIN: ("amir@demo.example", "Amir Haddad"),
    Role.BUILDER: ("bob@demo.example", "Bob Lindqvist"),
    Role.OPERATOR: ("olga@demo.example", "Olga Petrova"),
    Role.ANALYST: ("ana@demo.example", "Ana Duarte"),
    Role.CLIENT_ADMIN: ("dana@brightdental.example", "Dana Whitfield"),
    Role.CLIENT_VIEWER: ("dev@brightdental.example", "Dev Sharma"),
}
PLATFORM = ("platform@demo.example", "Pat Platform")
DENTAL, AUTO = "Bright Dental", "Northside Auto"
CLIENTS = (
    clients.ClientDraft(DENTAL, timezone="America/Los_Angeles", brand_color="#1f6feb", monthly_minutes_cap=2000),
    clients.ClientDraft(AUTO, timezone="America/Chicago", brand_color="#b4541a", concurrent_calls_cap=4),
)
ACCOUNT_SID = "ACde300000000000000000000000000de3"
NUMBER = "+14155550100"


@dataclass(frozen=True)
class Demo:
    """What a person or a test needs to use it."""

    agency: Agency
    account: CarrierAccount
    number: PhoneNumber
    api_key: str

    def as_json(self) -> dict[str, object]:
        return {
            "agency_url": self.agency.address,
            "host": self.agency.host,
            "people": {role.value: {"email": email, "password": PASSWORD} for role, (email, _) in PEOPLE.items()},
            "twilio": {
                "account_sid": self.account.account_sid,
                "auth_token": self.account.auth_token,
                "number": self.number.number,
            },
            "api_key": self.api_key,
        }


def seed(*, with_history: bool = False) -> Demo:
    """Make what is missing; `with_history` adds made-up calls of the last two weeks. Raises PlatformError when the agency cannot be made."""
    with _alone():
        return _seed(with_history)


def _seed(with_history: bool) -> Demo:
    agencies.ensure_addresses()
    agency = _agency()
    if is_local():
        _platform_person()
    with schema_context(agency.schema_name):
        owner = _people()
        made = {client.name: client for client in Client.objects.filter(name__in=[DENTAL, AUTO])}
        create_demo_knowledge(made[DENTAL], owner)
        agents = create_demo_agents(made, owner)
        create_demo_tools(owner, made)
        create_demo_template(agents[AUTO, "Service desk"], made, owner)
        account, number = _phone(made[DENTAL], agents[DENTAL, FRONT_DESK])
        if with_history:
            history.tell()
        return Demo(agency, account, number, _api_key(owner))


@contextmanager
def _alone() -> Iterator[None]:
    """Two at once wait for each other. The lock is the database session's: a crash lets go of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('seed_demo', 0))")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('seed_demo', 0))")


def is_local() -> bool:
    """Only this machine reaches us, so a well-known password harms nobody."""
    return settings.PUBLIC_HOST == "localhost" or settings.PUBLIC_HOST.endswith(".localhost")


def derived(purpose: str) -> str:
    """A secret of this installation, the same every time: 64 hexadecimal digits."""
    return hmac.new(settings.SECRET_KEY.encode(), f"demo {purpose}".encode(), hashlib.sha256).hexdigest()


def _agency() -> Agency:
    email, name = PEOPLE[Role.OWNER]
    with schema_context(get_public_schema_name()):
        agency = Agency.objects.filter(slug=SLUG).first()
        if agency is None:
            agency = agencies.provision("Demo Agency", SLUG, agencies.Owner(name, email, PASSWORD), reserved=True)
        elif agency.status != Agency.Status.ACTIVE:
            agencies.build(agency.pk)
            agency.refresh_from_db()
        if agency.status != Agency.Status.ACTIVE:
            raise PlatformError(f"The demo agency cannot be made. {agency.status_detail}")
        Domain.objects.get_or_create(domain=agency.host, defaults={"tenant": agency, "is_primary": True})
    return agency


def _platform_person() -> None:
    email, name = PLATFORM
    with schema_context(get_public_schema_name()):
        if not User.objects.filter(email=email).exists():
            User.objects.create_superuser(email, PASSWORD, name=name)


def _people() -> User:
    owner = User.objects.get(email=PEOPLE[Role.OWNER][0])
    known = {client.name for client in Client.objects.all()}
    for draft in CLIENTS:
        if draft.name not in known:
            clients.create(owner, draft)
    dental = Client.objects.get(name=DENTAL)
    for role, (email, name) in PEOPLE.items():
        if not User.objects.filter(email=email).exists():
            people.add(owner, email, name, role, PASSWORD, [dental] if role in CLIENT_ROLES else [])
    return owner


def _phone(client: Client, agent: Agent) -> tuple[CarrierAccount, PhoneNumber]:
    account = CarrierAccount.objects.filter(carrier="twilio", account_sid=ACCOUNT_SID).first()
    if account is None:
        account = CarrierAccount.objects.create(
            carrier="twilio", label="Demo Twilio", account_sid=ACCOUNT_SID, auth_token=derived("auth token")[:32]
        )
    number, _ = PhoneNumber.objects.get_or_create(
        number=NUMBER, defaults={"account": account, "client": client, "agent": agent, "label": "Front desk"}
    )
    if number.agent_id is None:
        number.agent = agent
        number.save(update_fields=["agent"])
    return account, number


def _api_key(owner: User) -> str:
    prefix, secret = derived("api key prefix")[:8], derived("api key")
    token = f"vo_{prefix}_{secret}"
    if ApiKey.objects.filter(prefix=prefix).exists():
        ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=False).update(revoked_at=None)
    else:
        keys.store_key(owner, "Demo", prefix=prefix, secret=secret)
    return token
