"""The people every test knows. Built once into the template database; a test reads them, and may change its own copy.

Alice owns the agency, Bob builds for her, Dana is the admin of her client Bright Dental, Erin of her client Corner
Garage. Charlie owns another agency: a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass

from django_tenants.utils import schema_context

from tenants.agencies.actions import Owner, provision
from tenants.agencies.models import Agency
from tenants.clients.models import Client, ClientMembership
from tenants.people.models import Role, User

PASSWORD = "correct horse battery staple"
HOST = "alice.localhost"
RIVAL_HOST = "charlie.localhost"


@dataclass(frozen=True)
class World:
    """Alice's agency and its people; `rival` and `charlie` are the strangers'. Rows of the schema they live in."""

    agency: Agency
    alice: User
    bob: User
    dana: User
    erin: User
    bright_dental: Client
    corner_garage: Client
    rival: Agency
    charlie: User


def build_world() -> None:
    """Two agencies from nothing, through the product's own provisioning, and their people."""
    provision("Alice's Agency", "alice", Owner("Alice Archer", "alice@alice.example", PASSWORD))
    provision("Charlie & Co", "charlie", Owner("Charlie Cole", "charlie@charlie.example", PASSWORD))
    with schema_context("alice"):
        User.objects.create_user("bob@alice.example", PASSWORD, name="Bob Baker", role=Role.BUILDER)
        dana = User.objects.create_user("dana@dental.example", PASSWORD, name="Dana Dale", role=Role.CLIENT_ADMIN)
        erin = User.objects.create_user("erin@garage.example", PASSWORD, name="Erin East", role=Role.CLIENT_ADMIN)
        dental = Client.objects.create(name="Bright Dental", slug="bright-dental")
        garage = Client.objects.create(name="Corner Garage", slug="corner-garage")
        ClientMembership.objects.create(user=dana, client=dental)
        ClientMembership.objects.create(user=erin, client=garage)


def load_world() -> World:
    """Read it back from the database that is connected now."""
    with schema_context("public"):
        agency, rival = Agency.objects.get(slug="alice"), Agency.objects.get(slug="charlie")
    with schema_context("charlie"):
        charlie = User.objects.get(email="charlie@charlie.example")
    with schema_context("alice"):
        people = {user.email.split("@")[0]: user for user in User.objects.all()}
        clients = {client.slug: client for client in Client.objects.all()}
    return World(
        agency=agency,
        alice=people["alice"],
        bob=people["bob"],
        dana=people["dana"],
        erin=people["erin"],
        bright_dental=clients["bright-dental"],
        corner_garage=clients["corner-garage"],
        rival=rival,
        charlie=charlie,
    )
