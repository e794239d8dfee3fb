"""Alice's people build a library of clips; calls of its agents get it, strangers and clients do not."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agents import actions as agents
from agents.clips import actions, queries
from agents.models import Agent, VoiceClip
from tenants.audit.models import AuditEvent
from tests.agents.clips.test_sound import file, speech
from tests.agents.conftest import browser
from tests.agents.test_api import program
from tests.world import RIVAL_HOST, World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


@pytest.fixture
def welcome(front_desk: Agent, agency: World) -> VoiceClip:
    return actions.add(agency.bob, front_desk, data=file(speech()), words="Hello, and  welcome!")


def posted(**more: object) -> dict[str, object]:
    sound = SimpleUploadedFile("recorded.wav", file(speech()), "audio/wav")
    return {"words": "We are open.", "kind": "phrase", "name": "", "voice": "", "file": sound} | more


def test_a_builder_uploads_a_clip_hears_it_and_finds_it_in_the_audit_log(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    answer = page.post(reverse("new_clip", args=[front_desk.pk]), posted(for_client="on"), follow=True)
    assert "We are open." in answer.content.decode()
    assert "[clip:we_are_open]" in answer.content.decode()
    clip = VoiceClip.objects.get()
    assert (clip.agent, clip.client) == (None, front_desk.client)
    heard = page.get(reverse("clip_audio", args=[front_desk.pk, clip.pk]))
    assert heard["Content-Type"] == "audio/wav"
    assert hashlib.sha256(heard.content[44:]).hexdigest() == clip.sha256
    assert AuditEvent.objects.filter(action="clip.added").exists()


def test_the_sound_lies_sealed(welcome: VoiceClip, settings) -> None:  # type: ignore[no-untyped-def]
    stored = next(path for path in settings.MEDIA_ROOT.rglob(str(welcome.pk)))
    assert stored.read_bytes().startswith(b"VOSF1")
    first = queries.piece(welcome.sha256, 0)
    assert first is not None
    assert first.audio[2000:2100] not in stored.read_bytes()


def test_a_clip_is_changed_and_archived(welcome: VoiceClip, front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), [front_desk.pk, welcome.pk]
    values = {"words": "Hello there.", "kind": "filler", "name": "Hello There", "voice": "Anna"}
    assert page.post(reverse("clip", args=where), values).status_code == 302
    welcome.refresh_from_db()
    assert (welcome.name, welcome.words, welcome.kind, welcome.voice) == (
        "hello_there",
        "Hello there.",
        "filler",
        "Anna",
    )
    assert page.post(reverse("archive_clip", args=where)).status_code == 302
    assert queries.for_call(front_desk) == ()
    assert page.get(reverse("clip_audio", args=where)).status_code == 404
    assert queries.piece(welcome.sha256, 0) is not None, "calls that run may still fetch it"


def test_a_call_gets_the_agents_clips_and_its_clients_and_the_agents_go_first(
    welcome: VoiceClip, front_desk: Agent, agency: World
) -> None:
    data = file(speech(2.0))
    other = agents.create(agency.alice, agency.bright_dental, name="Other", call_type="inbound", purpose="").agent
    actions.add(agency.bob, other, data=data, words="Mine alone.", name="alone")
    actions.add(agency.bob, front_desk, data=data, words="Goodbye.", name="bye", for_client=True)
    actions.add(agency.bob, front_desk, data=data, words="Of all.", name=welcome.name, for_client=True)
    assert [(clip.id, clip.words) for clip in queries.for_call(front_desk)] == [
        ("bye", "Goodbye."),
        ("hello_and_welcome", "Hello, and welcome!"),
    ]
    assert [clip.id for clip in queries.for_call(other)] == ["alone", "bye", "hello_and_welcome"]


def test_a_worker_fetches_the_sound_piece_by_piece(front_desk: Agent, agency: World) -> None:
    clip = actions.add(agency.bob, front_desk, data=file(speech(5.0)), words="A long one.")
    whole = b""
    while len(whole) < clip.size:
        piece = queries.piece(clip.sha256, len(whole))
        assert piece is not None
        assert piece.size == clip.size
        whole += piece.audio
    assert hashlib.sha256(whole).hexdigest() == clip.sha256
    assert queries.piece(clip.sha256, clip.size) is None
    assert queries.piece(clip.sha256, -1) is None
    assert queries.piece("0" * 64, 0) is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"words": "…"}, "Write down exactly"),
        ({"words": "Hello {{name}}"}, "no brackets"),
        ({"name": "!!!"}, "letters and digits"),
        ({"file": SimpleUploadedFile("song.m4a", b"\0" * 100)}, "Use WAV, MP3, OGG or FLAC"),
        ({"file": ""}, "Record it, or choose a file"),
        ({"kind": "song"}, "Select a valid choice"),
    ],
)
def test_a_wrong_form_comes_back_with_a_sentence_and_what_was_typed(
    front_desk: Agent, agency: World, more: dict[str, object], sentence: str
) -> None:
    answer = browser(agency.bob).post(reverse("new_clip", args=[front_desk.pk]), posted(voice="Anna") | more)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Anna" in answer.content.decode()
    assert not VoiceClip.objects.exists()


def test_two_clips_of_one_agent_do_not_share_a_name(welcome: VoiceClip, front_desk: Agent, agency: World) -> None:
    with pytest.raises(InvalidInput, match="already"):
        actions.add(agency.bob, front_desk, data=file(speech()), words="Else.", name=welcome.name)
    again = actions.add(agency.bob, front_desk, data=file(speech()), words="Hello, and welcome!")
    assert again.name == "hello_and_welcome_2"


def test_who_may_what(welcome: VoiceClip, front_desk: Agent, agency: World) -> None:
    reading = [reverse("agent_clips", args=[front_desk.pk]), reverse("clip_audio", args=[front_desk.pk, welcome.pk])]
    building = [reverse("new_clip", args=[front_desk.pk]), reverse("clip", args=[front_desk.pk, welcome.pk])]
    for address in (*reading, *building):
        assert browser(agency.bob).get(address).status_code == 200, address
        assert browser(agency.dana).get(address).status_code == 404, address
        assert browser(None).get(address).status_code in (302, 404), address
    assert browser(agency.dana).post(reverse("archive_clip", args=[front_desk.pk, welcome.pk])).status_code == 404
    assert browser(agency.bob).get(reverse("clip", args=[front_desk.pk, uuid4()])).status_code == 404


def test_a_stranger_of_another_agency_finds_nothing(welcome: VoiceClip, front_desk: Agent, agency: World) -> None:
    for view in ("clip", "clip_audio"):
        address = reverse(view, args=[front_desk.pk, welcome.pk])
        assert browser(None, RIVAL_HOST).get(address).status_code in (302, 404)


def test_how_often_callers_heard_a_clip_is_counted(welcome: VoiceClip, front_desk: Agent) -> None:
    actions.count_use(front_desk.pk, {welcome.name: 2, "unknown": 5})
    welcome.refresh_from_db()
    assert welcome.used == 2


def test_a_program_adds_lists_and_archives_a_clip(front_desk: Agent, agency: World) -> None:
    bob, where = program(agency.bob), f"/api/v1/agents/{front_desk.pk}/clips/"
    made = bob.post(where, posted(kind="filler"))
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["kind"], made.json()["agent"]) == (
        "we_are_open",
        "filler",
        str(front_desk.pk),
    )
    assert [row["words"] for row in bob.get(where).json()] == ["We are open."]
    wrong = bob.post(where, posted(file=SimpleUploadedFile("a.wav", b"<html>")))
    assert wrong.status_code == 422
    assert "WAV, MP3" in wrong.content.decode()
    assert bob.post(where, b"{}", content_type="application/json").status_code == 415
    dana = program(agency.dana)
    assert dana.get(where).status_code in (403, 404)
    assert bob.delete(f"{where}{made.json()['id']}/").status_code == 204
    assert bob.get(where).json() == []
