"""Talking in writing to a draft, through a real worker."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from websockets.sync.server import serve

from agents.errors import NotPublishable
from agents.models import Agent, KeyLease
from agents.simulate.talk import line, local, talk
from tests.agents.simulate.conftest import Media
from voiceops.lib.errors import Busy, PlatformError

pytestmark = pytest.mark.db


def test_a_conversation_shows_what_was_said_and_what_happened(media: Media, clinic: Agent) -> None:
    with talk(clinic) as one:
        opening = one.turn("opens")
        asked = one.turn("says", "I would like to book an appointment")
        booked = one.turn("says", "three")
    assert opening.reply == "Hello, this is the clinic. How can I help you?"
    assert (opening.nodes, opening.at) == (("talk",), "talk")
    assert asked.reply == "For how many people?"
    assert booked.changed == {"guests": 3}
    assert (booked.ended, booked.outcome) == (True, "booked")
    assert booked.nodes[-1] == "booked"
    assert booked.variables["client_name"] == "Bright Dental"


def test_a_snapshot_takes_the_conversation_up_again_elsewhere(media: Media, clinic: Agent) -> None:
    with talk(clinic) as one:
        one.turn("opens")
        one.turn("says", "I would like to book an appointment")
        kept = one.snapshot
        assert one.turn("says", "three").outcome == "booked"
    with talk(clinic, resume=kept) as other:
        assert other.turn("says", "seven").outcome == "callback"


def test_variables_of_the_call_and_silence_are_known(media: Media, clinic: Agent) -> None:
    clinic.draft["flow"]["greeting"] = "Hello {{name}}."
    clinic.save()
    with talk(clinic, variables={"name": "Peter"}) as one:
        assert one.turn("opens").reply.startswith("Hello Peter.")
        assert one.turn("silent").reply == "Are you still there?"


def test_a_version_can_be_talked_to_while_the_draft_is_another(media: Media, clinic: Agent) -> None:
    with talk(clinic, version=clinic.published) as one:
        assert one.turn("opens").reply != "Hello, this is the clinic. How can I help you?"


def test_a_draft_that_cannot_answer_says_why(media: Media, clinic: Agent) -> None:
    clinic.draft["flow"]["start"] = "nowhere"
    with pytest.raises(NotPublishable):
        line(clinic)


def test_no_worker_is_a_sentence(settings: Any, clinic: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.simulate.door.ROOM_WITHIN", 0.0)
    settings.MEDIA_WORKERS = ["127.0.0.1:1"]
    with talk(clinic) as one, pytest.raises(PlatformError, match="No media worker"):
        one.turn("opens")


def test_a_full_worker_is_a_sentence_of_another_kind(
    media: Media, clinic: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.simulate.door.ROOM_WITHIN", 0.0)
    monkeypatch.setattr("media_worker.server.MOST_TEXTS", 0)
    with talk(clinic) as one, pytest.raises(Busy):
        one.turn("opens")


def test_a_turn_that_a_worker_took_to_its_grave_is_asked_of_another(
    media: Media, clinic: Agent, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(lambda socket: socket.close(), "127.0.0.1", 0) as dying:
        threading.Thread(target=dying.serve_forever, daemon=True).start()
        there = ("127.0.0.1", dying.socket.getsockname()[1]), ("127.0.0.1", media.worker.port)
        orders = [list(there), list(reversed(there))]
        monkeypatch.setattr("voiceops.lib.workers.everywhere", lambda: orders.pop(0))
        with talk(clinic) as one:
            assert one.turn("opens").reply.startswith("Hello")


def test_keys_are_held_for_as_long_as_the_conversation_lasts(media: Media, clinic: Agent) -> None:
    with talk(clinic) as one:
        one.turn("opens")
    assert not KeyLease.objects.filter(call_id=one.spec.call_id).exists()


def test_a_clock_without_a_zone_is_the_clients(clinic: Agent) -> None:
    clinic.client.timezone = "America/New_York"
    moment = local(clinic, datetime(2026, 1, 2, 9, 30))  # noqa: DTZ001 (as a form gives it)
    assert moment is not None
    assert moment.isoformat() == "2026-01-02T09:30:00-05:00"
