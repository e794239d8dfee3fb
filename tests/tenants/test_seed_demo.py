"""`seed_demo`: everything to try VoiceOps with, as often as you like."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django_tenants.utils import schema_context

from calls.models import Call, PhoneNumber, Turn
from calls.tracing import reading
from tenants.audit.queries import verify
from tenants.people.models import Role, User
from tests.tenants.browse import Visitor, visitor
from tests.world import World

pytestmark = pytest.mark.db


def seed(*options: str) -> dict:
    out = io.StringIO()
    call_command("seed_demo", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_everything_it_prints_works(world: World):
    demo = seed()
    assert set(demo) == {"agency_url", "host", "people", "twilio", "api_key"}
    assert (demo["agency_url"], demo["host"]) == ("http://demo.localhost:8000", "demo.localhost")
    assert set(demo["people"]) == {role.value for role in Role} - {Role.PLATFORM.value}
    for role, person in demo["people"].items():
        page = visitor(person["email"], demo["host"], person["password"]).get("/account/").content.decode()
        assert Role(role).label in page
    me = Visitor(demo["host"]).get("/api/v1/me/", headers={"Authorization": f"Bearer {demo['api_key']}"})
    assert me.json()["role"] == "owner"
    with schema_context("demo"):
        number = PhoneNumber.objects.select_related("agent__published", "account").get(number=demo["twilio"]["number"])
        assert number.agent is not None
        assert number.agent.published is not None
        assert number.account.account_sid == demo["twilio"]["account_sid"]
        assert number.account.auth_token == demo["twilio"]["auth_token"]


def test_the_second_time_changes_nothing(world: World):
    first = seed("--with-history")
    with schema_context("demo"):
        User.objects.filter(role=Role.BUILDER).update(name="Renamed")
        calls = Call.objects.count()
    assert seed("--with-history") == first
    with schema_context("demo"):
        assert User.objects.get(role=Role.BUILDER).name == "Renamed"
        assert Call.objects.count() == calls
        assert User.objects.count() == 7
        assert verify().broken is None


def test_the_made_up_calls_are_recognisable(world: World):
    seed("--with-history")
    with schema_context("demo"):
        calls = Call.objects.all()
        assert calls.count() > 50
        assert all(call.carrier_call_id.startswith("demo-history-") for call in calls)
        assert all(call.caller.startswith("+14155550") for call in calls), "numbers kept for fiction"
        reply = Turn.objects.filter(gap_ms__isnull=False).first()
        assert reply is not None
        traced = reading.exchange(reply.call_id, reply.turn)
        assert traced.gap_ms == reply.gap_ms
        assert {stage.stage for stage in traced.stages} == {"stt", "turn", "llm", "tts"}


def test_it_touches_no_other_agency(world: World):
    def people(schema: str) -> list[str]:
        with schema_context(schema):
            return sorted(User.objects.values_list("email", flat=True))

    before = people("alice"), people("charlie")
    seed()
    assert (people("alice"), people("charlie")) == before


def test_its_secrets_are_this_installations_own(world: World, settings):
    demo = seed()
    settings.SECRET_KEY = "another installation" * 3
    from voiceops.demo.agency import derived

    assert derived("auth token")[:32] != demo["twilio"]["auth_token"]
