"""Recordings over HTTP: any range, for those who may listen, noted in the audit log once an hour."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from calls.models import Call, Recording
from calls.recording.assemble import place
from calls.recording.serving import Span, Unsatisfiable, wanted
from tenants.audit.models import AuditEvent
from tests.calls.history import make_call
from tests.world import HOST, World
from voiceops.lib import signing
from voiceops.lib.sealed import CHUNK, SealedWriter
from voiceops.lib.storage import store

pytestmark = pytest.mark.db
SOUND = os.urandom(3 * CHUNK + 777)


@pytest.fixture(autouse=True)
def folders(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.S3_BUCKET = tmp_path / "media", ""


@pytest.fixture
def call(agency: World, tmp_path: Path) -> Call:
    call = make_call(None, timezone.now() - timedelta(minutes=5), client=agency.bright_dental)
    keep(call, tmp_path)
    return call


def keep(call: Call, folder: Path, schema: str = "alice") -> None:
    file = folder / "sealed"
    with file.open("w+b") as target:
        writer = SealedWriter(target, place(schema, call.pk))
        writer.write(SOUND)
        writer.finish()
    store().put(f"{schema}/recordings/{call.pk}/call.mp3", file)
    Recording.objects.create(
        call=call,
        status="ready",
        storage_key=f"{schema}/recordings/{call.pk}/call.mp3",
        content_type="audio/mpeg",
        size=len(SOUND),
        sha256=hashlib.sha256(SOUND).hexdigest(),
        duration_ms=2000,
        peaks={"caller": [0.04] * 20, "agent": [0.25] * 20},
    )


@pytest.fixture
def alice(agency: World) -> Client:
    client = Client(headers={"host": HOST})
    client.force_login(agency.alice)
    return client


def body(answer: object) -> bytes:
    return io.BytesIO(b"".join(answer)).getvalue()  # type: ignore[call-overload]


def url(call: Call) -> str:
    return f"/calls/{call.pk}/recording/"


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None),
        ("bytes=0-99", Span(0, 100)),
        ("bytes=50-", Span(50, 1000)),
        ("bytes=-100", Span(900, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("bytes=900-5000", Span(900, 1000)),
        ("bytes=999-", Span(999, 1000)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("items=0-1", None),
    ],
)
def test_what_a_range_asks_for(header: str, span: Span | None) -> None:
    assert wanted(header, 1000) == span


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_with_nothing_in_it(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, 1000)


def test_the_whole_recording(alice: Client, call: Call) -> None:
    answer = alice.get(url(call))
    assert answer.status_code == 200
    assert body(answer) == SOUND
    assert answer["Content-Type"] == "audio/mpeg"
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(SOUND))
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 99), (CHUNK - 3, CHUNK + 3), (2 * CHUNK, len(SOUND) - 1)])
def test_a_range_of_it(alice: Client, call: Call, start: int, end: int) -> None:
    answer = alice.get(url(call), headers={"Range": f"bytes={start}-{end}"})
    assert answer.status_code == 206
    assert body(answer) == SOUND[start : end + 1]
    assert answer["Content-Range"] == f"bytes {start}-{end}/{len(SOUND)}"
    assert answer["Content-Length"] == str(end + 1 - start)


def test_a_range_beyond_it(alice: Client, call: Call) -> None:
    answer = alice.get(url(call), headers={"Range": f"bytes={len(SOUND)}-"})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(SOUND)}"


def test_if_range_and_if_none_match_know_the_recording(alice: Client, call: Call) -> None:
    tag = alice.head(url(call))["ETag"]
    same = alice.get(url(call), headers={"Range": "bytes=0-9", "If-Range": tag})
    other = alice.get(url(call), headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert alice.get(url(call), headers={"If-None-Match": tag}).status_code == 304


def test_a_changed_object_is_not_served_as_sound(alice: Client, call: Call, settings: LazySettings) -> None:
    path = Path(settings.MEDIA_ROOT) / Recording.objects.get(call=call).storage_key
    path.write_bytes(path.read_bytes()[:1000] + b"X" + path.read_bytes()[1001:])
    with pytest.raises(Exception, match="does not open"):
        body(alice.get(url(call)))


def test_peaks_for_the_waveform(alice: Client, call: Call) -> None:
    answer = alice.get(f"/calls/{call.pk}/peaks/").json()
    assert answer["seconds"] == 2.0
    assert answer["caller"] == [0.2] * 20
    assert answer["agent"] == [0.5] * 20


def test_who_may_listen(agency: World, call: Call) -> None:
    answers = {}
    for person in (agency.alice, agency.bob, agency.dana, agency.erin):
        client = Client(headers={"host": HOST})
        client.force_login(person)
        answers[person.email.split("@")[0]] = [
            client.get(p).status_code for p in (url(call), f"/calls/{call.pk}/peaks/")
        ]
    assert answers == {"alice": [200] * 2, "bob": [200] * 2, "dana": [200] * 2, "erin": [404] * 2}
    nobody = Client(headers={"host": HOST}).get(url(call))
    assert (nobody.status_code, nobody["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_listening_is_noted_once_an_hour_for_each_person(agency: World, alice: Client, call: Call) -> None:
    for _ in range(3):
        body(alice.get(url(call), headers={"Range": "bytes=0-99"}))
    bob = Client(headers={"host": HOST})
    bob.force_login(agency.bob)
    body(bob.get(url(call)))
    heard = AuditEvent.objects.filter(action="recording.heard").order_by("seq")
    assert [(event.actor_id, event.object_id) for event in heard] == [
        (agency.alice.pk, str(call.pk)),
        (agency.bob.pk, str(call.pk)),
    ]


def test_a_link_works_without_a_session_and_expires(agency: World, call: Call) -> None:
    stranger = Client(headers={"host": HOST})
    good = signing.sign("alice", "recording", str(call.pk), 300)
    assert body(stranger.get(f"/recordings/{good}/")) == SOUND
    refused = {
        "expired": signing.sign("alice", "recording", str(call.pk), -1),
        "another agency's": signing.sign("charlie", "recording", str(call.pk), 300),
        "for something else": signing.sign("alice", "media", str(call.pk), 300),
        "forged": good[:-4] + "AAAA",
    }
    assert {
        why: stranger.get(f"/recordings/{ticket}/").status_code for why, ticket in refused.items()
    } == dict.fromkeys(refused, 404)
    rival = Client(headers={"host": "charlie.localhost"})
    assert rival.get(f"/recordings/{good}/").status_code == 404


@pytest.mark.parametrize("status", ["recording", "assembling", "failed", "empty"])
def test_what_is_not_ready_is_not_there(alice: Client, call: Call, status: str) -> None:
    Recording.objects.filter(call=call).update(status=status)
    assert alice.get(url(call)).status_code == 404
