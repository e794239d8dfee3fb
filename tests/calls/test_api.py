"""Calls over the API: the same rows for the same people, by key."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, Recording
from tenants.people.models import ApiKey, User
from tests.calls.history import make_call, make_many, talk
from tests.calls.pages.conftest import front_desk, workshop  # noqa: F401
from tests.calls.recording.test_serving import SOUND, keep
from tests.world import HOST, World

pytestmark = pytest.mark.db


def api(person: User) -> Client:
    secret, prefix = secrets.token_hex(16), secrets.token_hex(4)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    ApiKey.objects.create(user=person, name="test", prefix=prefix, secret_hash=digest)
    return Client(headers={"host": HOST, "authorization": f"Bearer vo_{prefix}_{secret}"})


@pytest.fixture
def call(front_desk: Agent) -> Call:  # noqa: F811
    call = make_call(front_desk, timezone.now() - timedelta(minutes=3))
    talk(call)
    return call


def test_a_key_is_needed(agency: World, call: Call) -> None:
    answer = Client(headers={"host": HOST}).get("/api/v1/calls/")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"


def test_calls_come_newest_first_by_cursor(agency: World, front_desk: Agent) -> None:  # noqa: F811
    make_many([front_desk], 25, timezone.now())
    alice, url, seen = api(agency.alice), "/api/v1/calls/?limit=10", []
    while url:
        answer = alice.get(url).json()
        seen += [row["id"] for row in answer["results"]]
        url = answer["next"]
    assert seen == [str(pk) for pk in Call.objects.order_by("-created_at", "-id").values_list("pk", flat=True)]


def test_one_call_and_its_transcript(agency: World, call: Call) -> None:
    alice = api(agency.alice)
    shown: dict[str, Any] = alice.get(f"/api/v1/calls/{call.pk}/").json()
    assert shown["agent_name"] == "Front desk"
    assert shown["variables"]["preferred_day"] == "Tuesday"
    assert shown["gap_p50_ms"] == call.gap_p50_ms
    assert shown["recording"] is None
    said = alice.get(f"/api/v1/calls/{call.pk}/transcript/").json()
    assert [turn["role"] for turn in said[:3]] == ["agent", "caller", "agent"]
    assert said[1]["text"] == "I would like to move my appointment please."


def test_client_people_get_their_own_without_internals(
    agency: World,
    call: Call,
    workshop: Agent,  # noqa: F811
) -> None:
    other = make_call(workshop, timezone.now())
    dana = api(agency.dana)
    rows = dana.get("/api/v1/calls/").json()["results"]
    assert [row["id"] for row in rows] == [str(call.pk)]
    assert not {"fault", "carrier", "gap_p95_ms", "ended_reason"} & set(rows[0])
    for path in ("", "transcript/", "recording/"):
        assert dana.get(f"/api/v1/calls/{other.pk}/{path}").status_code == 404


def test_what_cannot_be_read_is_said(agency: World, call: Call) -> None:
    alice = api(agency.alice)
    for query, field in (("limit=0", "limit"), ("limit=x", "limit"), ("cursor=zzz", "cursor")):
        answer = alice.get(f"/api/v1/calls/?{query}")
        assert answer.status_code == 422
        assert field in answer.json()["error"]["fields"]
    assert alice.get("/api/v1/calls/nonsense/").status_code == 404


def test_a_link_to_the_recording_works_without_the_key(
    agency: World, call: Call, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT, settings.S3_BUCKET = tmp_path / "media", ""
    alice = api(agency.alice)
    assert alice.get(f"/api/v1/calls/{call.pk}/recording/").status_code == 404
    keep(call, tmp_path)
    link = alice.get(f"/api/v1/calls/{call.pk}/recording/").json()
    assert link["expires_in"] == 300
    assert link["size"] == len(SOUND)
    path = link["url"].removeprefix(f"http://{HOST}")
    heard = Client(headers={"host": HOST}).get(path, headers={"Range": "bytes=0-9"})
    assert heard.status_code == 206
    assert b"".join(heard) == SOUND[:10]
    assert Recording.objects.get(call=call).status == "ready"


def test_the_trace_is_for_those_who_see_internals_and_holds_no_words(agency: World, call: Call) -> None:
    answer = api(agency.alice).get(f"/api/v1/calls/{call.pk}/trace/")
    third = answer.json()[2]
    assert third["turn"] == 3
    assert [stage["kept"] for stage in third["stages"]].count(False) == 2
    assert third["fallbacks"][0]["step"] == "reask"
    assert "appointment" not in answer.content.decode()
    assert api(agency.dana).get(f"/api/v1/calls/{call.pk}/trace/").status_code == 404
