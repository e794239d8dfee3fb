"""From segments to a recording: the tones that went in are where they belong, and nothing is lost on the way."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.conf import LazySettings
from django.utils import timezone

from calls.aftercall.errors import NotYet
from calls.models import Call, Recording
from calls.recording import assemble, segments
from calls.recording.assemble import place, reader
from calls.recording.segments import AGENT, CALLER, Head, Record
from calls.recording.writer import SegmentWriter
from tests.calls.recording.sound import RATE, pitch, spans, tone
from tests.world import World
from voiceops.lib.errors import SealError, StoreError
from voiceops.lib.storage import store

pytestmark = pytest.mark.db
SILENCE = bytes(320)


@pytest.fixture(autouse=True)
def folders(settings: LazySettings, tmp_path: Path) -> Path:
    settings.SEGMENT_DIR, settings.MEDIA_ROOT = tmp_path / "segments", tmp_path / "media"
    settings.S3_BUCKET = ""
    return tmp_path


@pytest.fixture
def call(agency: World) -> Call:
    ended = timezone.now() - timedelta(minutes=2)
    return Call.objects.create(
        client=agency.bright_dental,
        carrier="twilio",
        direction="inbound",
        status="ended",
        ended_reason="caller_hangup",
        media_started_at=ended - timedelta(seconds=8),
        answered_at=ended - timedelta(seconds=8),
        ended_at=ended,
    )


def record_known_call(call: Call, until: int = 8000, close: bool = True) -> None:
    """Agent 700 Hz from 1 s to 3 s; caller 440 Hz from 4 s to 5 s; agent from 6 s, cleared at 6.5 s."""
    writer = SegmentWriter("alice", call.pk, "pcm_s16le", RATE)
    heard = tone(440, 1000)
    for at in range(0, until, 20):
        writer.caller(at, heard[(at - 4000) * 16 :][:320] if 4000 <= at < 5000 else SILENCE)
        if at == 1000:
            writer.agent(at, tone(700, 2000))
        if at == 6000:
            writer.agent(at, tone(700, 1500))
        if at == 6500:
            writer.cleared(at)
    if close:
        writer.close(until).result(5)
    else:
        writer._disk.close(5)


def played(recording: Recording) -> np.ndarray:  # type: ignore[type-arg]
    data = b"".join(reader(recording.storage_key, place("alice", recording.call_id)).chunks())
    assert len(data) == recording.size
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert rate == RATE
    return samples


def close_to(found: list[tuple[float, float]], wanted: list[tuple[float, float]]) -> bool:
    pairs = zip(found, wanted, strict=True)
    return len(found) == len(wanted) and all(abs(a - c) <= 0.03 and abs(b - d) <= 0.03 for (a, b), (c, d) in pairs)


def test_the_caller_is_left_the_agent_right_and_both_are_on_time(call: Call) -> None:
    record_known_call(call)
    assemble.assemble(call)
    recording = Recording.objects.get(call=call)
    assert (recording.status, recording.content_type, recording.duration_ms) == ("ready", "audio/mpeg", 8000)
    samples = played(recording)
    assert len(samples) == 8 * RATE
    assert close_to(spans(samples[:, 0]), [(4.0, 5.0)])
    assert close_to(spans(samples[:, 1]), [(1.0, 3.0), (6.0, 6.5)])
    assert abs(pitch(samples[33600:38400, 0]) - 440) < 5
    assert abs(pitch(samples[9600:22400, 1]) - 700) < 5


def test_peaks_are_ten_a_second_for_each_side(call: Call) -> None:
    record_known_call(call)
    assemble.assemble(call)
    peaks = Recording.objects.get(call=call).peaks
    assert len(peaks["caller"]) == len(peaks["agent"]) == 80
    assert [peak > 0.25 for peak in peaks["caller"]] == [40 <= i < 50 for i in range(80)]
    assert peaks["agent"][15] == pytest.approx(0.3, abs=0.01)
    assert max(peaks["agent"][31:59]) == 0


def test_nothing_can_be_heard_on_disk_and_segments_go_when_it_is_stored(call: Call, folders: Path) -> None:
    record_known_call(call)
    assemble.assemble(call)
    stored = [path for path in folders.rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert stored[0].read_bytes().startswith(b"VOSF1")
    assert b"Xing" not in stored[0].read_bytes()
    assert b"Info" not in stored[0].read_bytes()
    assert not segments.folder("alice", call.pk).exists()


def test_another_agency_cannot_open_it(call: Call) -> None:
    record_known_call(call)
    assemble.assemble(call)
    key = Recording.objects.get(call=call).storage_key
    with pytest.raises(SealError):
        list(reader(key, place("charlie", call.pk)).chunks())


def test_doing_it_again_changes_nothing(call: Call) -> None:
    record_known_call(call)
    assemble.assemble(call)
    before = Recording.objects.values().get(call=call)
    assemble.assemble(call)
    assert Recording.objects.values().get(call=call) == before


def test_segments_stay_until_the_store_gave_back_what_it_got(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    record_known_call(call)
    names = segments.names("alice", call.pk)
    shelf = store()

    def forgetful(key: str, file: Path) -> None:
        real(key, file)
        path = shelf._root / key  # type: ignore[attr-defined]
        path.write_bytes(path.read_bytes()[:-100])

    real = shelf.put
    monkeypatch.setattr(shelf, "put", forgetful)
    monkeypatch.setattr(assemble, "store", lambda: shelf)
    with pytest.raises(SealError):
        assemble.assemble(call)
    assert segments.names("alice", call.pk) == names
    monkeypatch.undo()
    assemble.assemble(call)
    assert Recording.objects.get(call=call).status == "ready"


def test_a_full_store_leaves_the_segments_for_another_try(call: Call, folders: Path) -> None:
    record_known_call(call)
    (folders / "media").write_text("not a folder")
    with pytest.raises(StoreError, match="did not take a file"):
        assemble.assemble(call)
    assert segments.names("alice", call.pk)
    assert not list(segments.folder("alice", call.pk).parent.glob("assembling-*"))


def test_a_torn_and_a_missing_segment_are_silence_and_are_counted(call: Call, settings: LazySettings) -> None:
    settings.RECORDING_SEGMENT_SECONDS = 1
    record_known_call(call)
    where, names = segments.folder("alice", call.pk), segments.names("alice", call.pk)
    (where / names[1]).unlink()
    torn = where / names[4]
    torn.write_bytes(torn.read_bytes()[:200])
    assemble.assemble(call)
    recording = Recording.objects.get(call=call)
    assert recording.status == "ready"
    assert recording.detail == "1 part of it was lost and is silent."
    samples = played(recording)
    assert len(samples) == 8 * RATE
    assert close_to(spans(samples[:, 1])[-1:], [(6.0, 6.5)])


def test_a_call_that_ended_in_a_crash_waits_for_its_disk_then_takes_what_there_is(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_known_call(call, close=False)
    with pytest.raises(NotYet):
        assemble.assemble(call)
    monkeypatch.setattr(assemble, "STILL_WRITING_SECONDS", 0)
    assemble.assemble(call)
    recording = Recording.objects.get(call=call)
    assert recording.status == "ready"
    assert 4900 <= recording.duration_ms <= 8000


def test_a_call_without_sound_is_empty(call: Call) -> None:
    assemble.assemble(call)
    assert Recording.objects.get(call=call).status == "empty"
    assert Recording.objects.get(call=call).storage_key == ""


def test_a_call_that_just_ended_is_given_time_for_its_first_segment(call: Call) -> None:
    call.ended_at = timezone.now()
    with pytest.raises(NotYet):
        assemble.assemble(call)


def test_a_long_call_needs_little_memory(call: Call) -> None:
    """40 minutes, 77 MB as 16-bit stereo."""
    silence, part = bytes(RATE * 10), "1-a"
    for number in range(480):
        at = number * 5000
        records = [Record(CALLER, at + second * 1000, bytes(RATE * 2)) for second in range(5)]
        segments.write(
            "alice",
            call.pk,
            part,
            number,
            Head("pcm_s16le", RATE, number == 479),
            [*records, Record(AGENT, at, silence)],
        )
    tracemalloc.start()
    assemble.assemble(call)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    recording = Recording.objects.get(call=call)
    assert recording.duration_ms == 480 * 5000
    assert most < 12_000_000


def test_giving_up_is_said_and_does_not_undo_a_finished_recording(call: Call) -> None:
    assemble.give_up(call, "The disk is full.")
    assert (
        json.dumps(Recording.objects.values_list("status", "detail").get(call=call))
        == '["failed", "The disk is full."]'
    )
    Recording.objects.filter(call=call).update(status="ready")
    assemble.give_up(call, "Too late.")
    assert Recording.objects.get(call=call).status == "ready"


def test_mulaw_calls_sound_the_same(agency: World, call: Call) -> None:
    codes = np.frombuffer(tone(440, 1000), dtype="<i2").astype(np.int32)
    magnitude = np.minimum(np.abs(codes), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(int) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    encoded = (~(((codes < 0) << 7) | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()
    writer = SegmentWriter("alice", call.pk, "mulaw", RATE)
    for at in range(0, 1000, 20):
        writer.caller(at, encoded[at * 8 : at * 8 + 160])
    writer.close(1000).result(5)
    assemble.assemble(call)
    samples = played(Recording.objects.get(call=call))
    assert abs(pitch(samples[1600:6400, 0]) - 440) < 5
    assert np.abs(samples[1600:6400, 0]).max() == pytest.approx(0.3, abs=0.03)
