"""An agency is made in steps; whatever interrupts them, it ends whole or not at all."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django_tenants.utils import schema_context

from tenants.agencies import actions
from tenants.agencies.actions import Owner
from tenants.agencies.models import Agency, Domain, Signup
from tenants.agencies.names import RESERVED, clean_name, clean_slug
from tenants.audit.queries import verify
from tenants.people.models import Role, User
from tests.tenants.browse import Visitor, visitor
from tests.world import World
from voiceops.lib.errors import InvalidInput, PlatformError

pytestmark = pytest.mark.db
GRETA = Owner("Greta Green", "Greta@greta.example", "four words make one")


def reserve(slug: str = "greta", owner: Owner = GRETA) -> Agency:
    return actions.reserve("Greta's", slug, owner, token=f"token of {slug} and {owner.email}")


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return {row[0] for row in cursor.fetchall()}


def test_an_agency_is_made_and_its_owner_signs_in(world: World):
    agency = actions.provision("Greta's", "greta-green", GRETA)
    assert (agency.status, agency.schema_name) == (Agency.Status.ACTIVE, "greta_green")
    greta = visitor("greta@greta.example", "greta-green.localhost", GRETA.password)
    assert greta.get("/people/").status_code == 200
    with schema_context("greta_green"):
        owner = User.objects.get()
        assert (owner.name, owner.role, owner.is_staff) == ("Greta Green", Role.OWNER, True)
        assert verify().broken is None
    assert agency.signup.owner_password_hash == ""


@pytest.mark.parametrize("step", ["_make_schema", "_make_tables", "_make_owner", "_open_address"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_is_resumed(world: World, monkeypatch: Any, step: str, when: str):
    """`SystemExit` stands for a killed process: nothing of ours catches it."""
    agency = reserve()
    real = actions._STEPS[number := [one.__name__ for one in actions._STEPS].index(step)]

    def crash(signup: Signup) -> None:
        if when == "after":
            real(signup)
        raise SystemExit

    monkeypatch.setattr(actions, "_STEPS", [*actions._STEPS[:number], crash, *actions._STEPS[number + 1 :]])
    with pytest.raises(SystemExit):
        actions.build(agency.pk)
    connection.set_schema_to_public()
    agency.refresh_from_db()
    if (step, when) != ("_open_address", "after"):
        assert agency.status == Agency.Status.PROVISIONING
        assert Visitor("greta.localhost").get("/accounts/login/").status_code == 404
    monkeypatch.undo()
    assert actions.build(agency.pk)
    agency.refresh_from_db()
    assert agency.status == Agency.Status.ACTIVE
    assert Domain.objects.filter(tenant=agency).count() == 1
    with schema_context("greta"):
        assert User.objects.count() == 1
        assert verify().broken is None


def test_a_failure_is_a_sentence_and_can_be_tried_again(world: World, monkeypatch: Any):
    agency = reserve()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device, in /var/lib/secret")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "call_command", fail)
        actions.build(agency.pk)
    agency.refresh_from_db()
    assert agency.status == Agency.Status.FAILED
    assert agency.status_detail == "Preparing its tables did not work. Nothing is lost: try again."
    assert Visitor("greta.localhost").get("/accounts/login/").status_code == 404
    actions.build(agency.pk)
    agency.refresh_from_db()
    assert (agency.status, agency.status_detail) == (Agency.Status.ACTIVE, "")


def test_building_what_is_built_changes_nothing(world: World):
    agency = actions.provision("Greta's", "greta", GRETA)
    with schema_context("greta"):
        User.objects.update(name="Renamed")
    assert actions.build(agency.pk)
    with schema_context("greta"):
        assert User.objects.get().name == "Renamed"


def test_a_schema_that_lies_about_is_never_adopted(world: World):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA greta")
    with pytest.raises(PlatformError, match="earlier agency"):
        actions.provision("Greta's", "greta", GRETA)


def test_two_workers_build_it_once(committed: str, world: World, monkeypatch: Any):
    agency = reserve()
    inside, go_on, results = threading.Event(), threading.Event(), []
    real = actions._STEPS[0]

    def slow(signup: Signup) -> None:
        inside.set()
        assert go_on.wait(30)
        real(signup)

    monkeypatch.setattr(actions, "_STEPS", [slow, *actions._STEPS[1:]])

    def build() -> None:
        try:
            results.append(actions.build(agency.pk))
        finally:
            connections.close_all()

    first = threading.Thread(target=build)
    first.start()
    assert inside.wait(30)
    assert actions.build(agency.pk) is False
    go_on.set()
    first.join()
    assert results == [True]
    agency.refresh_from_db()
    assert agency.status == Agency.Status.ACTIVE


def test_two_who_want_one_address_at_once_are_one_who_gets_it(committed: str, world: World):
    start, made, refused = threading.Barrier(6), [], []

    def want(number: int) -> None:
        try:
            start.wait()
            made.append(reserve(owner=Owner("G", f"g{number}@greta.example", "four words make one")))
        except InvalidInput as error:
            refused.append((error.field, error.sentence))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=want, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert refused == [("slug", actions.TAKEN)] * 5


@pytest.mark.parametrize(
    "slug",
    [
        "", "a", "ab", "1abc", "-abc", "abc-", "a--b", "a_b", "a.b", "a b", "a" * 41, "xn--abc", "pg-toast", "www", "WWW",
        "api", "admin", "static", "public", "demo", "localhost", "information-schema", "alicé", "аlice", "ａｌｉｃｅ",
        "Kevin"[0].replace("K", "\u212a") + "evin", "İstanbul", "a\u200db", "alice\n", "abc'; DROP SCHEMA alice;--", "abc%00",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(slug: str):
    if slug == "alice\n":
        assert clean_slug(slug) == "alice"  # what a paste brings along is no harm
        return
    with pytest.raises(InvalidInput) as refused:
        clean_slug(slug)
    assert refused.value.field == "slug"


def test_addresses_have_one_spelling():
    assert clean_slug("  Blue-Fern ") == "blue-fern"
    assert clean_slug("demo", reserved=True) == "demo"
    assert "www" in RESERVED


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "Ali\u202ece", "Ali\x00ce", "Ali\u200bce"])
def test_names_that_are_refused(name: str):
    with pytest.raises(InvalidInput):
        clean_name(name)


def test_names_have_one_form():
    assert clean_name("  Zoe\u0308’s \t Agentur 🦊 ") == "Zoë’s Agentur 🦊"


def test_the_platform_and_every_agency_follow_the_public_address(world: World, settings: Any):
    settings.PUBLIC_HOST = "voice.example"
    actions.ensure_addresses()
    actions.ensure_addresses()
    assert Visitor("voice.example").get("/").status_code == 200
    assert Visitor("alice.voice.example").get("/accounts/login/").status_code == 200
    assert Visitor("alice.localhost").get("/accounts/login/").status_code == 200


def test_migrating_again_is_harmless(world: World):
    call_command("migrate_schemas", shared=True, verbosity=0)
    assert Agency.objects.filter(schema_name="public").count() == 1
