"""After a call: what came from clips and from kept sound is usage by its length, and each clip knows it was heard."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from agents import actions as agents
from agents.clips import actions
from calls.aftercall import usage
from calls.models import CallEvent
from calls.queries.detail import detail
from tenants.usage.models import UsageRecord
from tests.agents.clips.test_sound import file, speech
from tests.calls.history import make_call
from tests.world import World

pytestmark = pytest.mark.db


def test_clips_and_kept_sound_are_told_by_length_and_counted_once(
    agency: World, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    agent = agents.create(agency.alice, agency.bright_dental, name="Desk", call_type="inbound", purpose="").agent
    clip = actions.add(agency.bob, agent, data=file(speech()), words="We are open.", name="hours")
    call = make_call(agent, timezone.now() - timedelta(minutes=10))
    told = [
        ("usage", {"kind": "usage", "stage": stage, "vendor": vendor, "seconds": seconds, "characters": 40})
        for stage, vendor, seconds in (("clip", "library", 4.2), ("cache", "builtin", 1.8), ("tts", "builtin", 4.0))
    ]
    told += [
        ("span", {"kind": "span", "turn": 1, "stage": "clip", "vendor": "library", "name": name, "kept": kept})
        for name, kept in (("hours", True), ("hours", True), ("hours", False), ("gone", True))
    ]
    for seq, (kind, data) in enumerate(told, start=1000):
        CallEvent.objects.create(call=call, source="worker", seq=seq, at_ms=0, kind=kind, data=data)
    for _ in range(2):
        usage.record(call)
    kinds = dict(UsageRecord.objects.filter(call_id=call.pk).values_list("kind", "quantity"))
    assert (float(kinds["clip_seconds"]), float(kinds["cache_seconds"])) == (4.2, 1.8)
    assert "clip_characters" not in kinds
    assert float(kinds["tts_characters"]) == 40
    clip.refresh_from_db()
    assert clip.used == 2
    assert detail(call, internals=True).voice == "42 % clips, 18 % cache, 40 % TTS"
    assert detail(call, internals=False).voice == ""
