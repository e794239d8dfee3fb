"""What follows a call happens once, in time, or says that it did not; a crash at any point is found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone
from django_tenants.utils import schema_context

from calls.aftercall import actions, run, tasks
from calls.aftercall.errors import NotYet
from calls.models import AfterCallJob, Call, CallEvent, Recording, Turn
from tenants.usage.models import DailyUsage, UsageRecord
from tests.calls.history import make_call, talk
from tests.world import World
from voiceops.lib.errors import PlatformError, StoreError

pytestmark = pytest.mark.db
Kind = AfterCallJob.Kind


@pytest.fixture(autouse=True)
def folders(settings: LazySettings, tmp_path: Path) -> None:
    settings.SEGMENT_DIR, settings.MEDIA_ROOT = tmp_path / "segments", tmp_path / "media"


@pytest.fixture
def call(agency: World) -> Call:
    call = make_call(None, timezone.now() - timedelta(minutes=10), client=agency.bright_dental)
    actions.plan(call)
    return call


def job(call: Call, kind: str = Kind.MEASURE) -> AfterCallJob:
    return AfterCallJob.objects.get(call=call, kind=kind)


def test_every_call_gets_each_job_once_however_often_its_end_is_told(call: Call) -> None:
    actions.plan(call)
    assert sorted(AfterCallJob.objects.filter(call=call).values_list("kind", flat=True)) == sorted(actions.ALWAYS)


def test_a_job_is_claimed_by_one(call: Call) -> None:
    pk = job(call).pk
    assert actions.claim(pk) is not None
    assert actions.claim(pk) is None


def test_jobs_are_done_and_stay_done(call: Call) -> None:
    talk(call)
    for pk in AfterCallJob.objects.values_list("pk", flat=True):
        assert run.run(pk) is None
    assert AfterCallJob.objects.filter(done_at=None).count() == 0
    assert Recording.objects.get(call=call).status == "empty"
    assert not actions.waiting(timezone.now() + timedelta(days=1)).exists()


def test_a_worker_that_died_with_a_claim_is_replaced(call: Call) -> None:
    pk = job(call).pk
    actions.claim(pk)
    assert not actions.waiting(timezone.now()).filter(pk=pk).exists()
    long_ago = timezone.now() - timedelta(seconds=actions.CLAIM_SECONDS + 1)
    AfterCallJob.objects.filter(pk=pk).update(claimed_at=long_ago)
    assert run.run(pk) is None
    assert job(call).done_at is not None
    assert job(call).attempts == 2


def test_who_was_thought_dead_cannot_undo_what_their_successor_did(call: Call) -> None:
    slow = actions.claim(job(call).pk)
    assert slow is not None
    long_ago = timezone.now() - timedelta(seconds=actions.CLAIM_SECONDS + 1)
    AfterCallJob.objects.filter(pk=slow.pk).update(claimed_at=long_ago)
    run.run(slow.pk)
    actions.failed(slow, "I was slow.", can_retry=True)
    assert job(call).done_at is not None
    assert job(call).last_error == ""


def test_a_failure_waits_longer_each_time_and_is_given_up_at_last(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Call) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setitem(run.WORK, Kind.ASSEMBLE_RECORDING, fail)
    waits = []
    for _ in range(actions.MAX_ATTEMPTS):
        mine = job(call, Kind.ASSEMBLE_RECORDING)
        AfterCallJob.objects.filter(pk=mine.pk).update(due_at=timezone.now())
        run.run(mine.pk)
        waits.append((job(call, Kind.ASSEMBLE_RECORDING).due_at - timezone.now()).total_seconds())
    given_up = job(call, Kind.ASSEMBLE_RECORDING)
    assert waits == sorted(waits)
    assert waits[0] < 15
    assert given_up.failed_at is not None
    assert given_up.last_error == "The disk is full."
    assert Recording.objects.values_list("status", "detail").get(call=call) == ("failed", "The disk is full.")
    assert not actions.waiting(timezone.now() + timedelta(days=9)).filter(pk=given_up.pk).exists()


def test_what_was_given_up_can_be_asked_for_again(call: Call) -> None:
    AfterCallJob.objects.filter(call=call, kind=Kind.MEASURE).update(failed_at=timezone.now(), attempts=8)
    assert actions.again(call, Kind.MEASURE)
    assert run.run(job(call).pk) is None
    assert job(call).done_at is not None
    assert not actions.again(call, Kind.MEASURE)


def test_a_job_that_kills_every_worker_is_given_up(call: Call) -> None:
    AfterCallJob.objects.filter(call=call, kind=Kind.MEASURE).update(attempts=actions.MAX_ATTEMPTS)
    run.run(job(call).pk)
    assert job(call).failed_at is not None
    assert job(call).last_error == "It was interrupted each time."


def test_too_early_is_no_failure(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def early(_: Call) -> None:
        raise NotYet

    monkeypatch.setitem(run.WORK, Kind.MEASURE, early)
    assert run.run(job(call).pk) == actions.SOON_SECONDS
    assert job(call).attempts == 0
    assert job(call).claimed_at is None


def test_an_error_of_ours_is_tried_again_and_tells_no_secrets(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Call) -> None:
        raise KeyError("sk-secret")

    monkeypatch.setitem(run.WORK, Kind.MEASURE, broken)
    run.run(job(call).pk)
    assert job(call).failed_at is None
    assert "sk-secret" not in job(call).last_error


def test_the_sweeper_finds_what_a_crash_left_in_every_agency(
    call: Call, agency: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with schema_context("charlie"):
        other = make_call(None, timezone.now() - timedelta(minutes=10))
        actions.plan(other)
    swept: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.sweep_agency, "delay", lambda: tasks.sweep_agency())
    monkeypatch.setattr(tasks.run_job, "delay", lambda pk: swept.append((_schema(), pk)))
    with schema_context("public"):
        tasks.sweep()
    assert [schema for schema, _ in swept].count("alice") == 3
    assert [schema for schema, _ in swept].count("charlie") == 3


def _schema() -> str:
    from voiceops.lib.schema import current_schema

    return current_schema()


def test_latencies_are_measured_from_the_turns(call: Call) -> None:
    for number, gap in enumerate((500, 300, 400, 2000), start=1):
        Turn.objects.create(call=call, turn=number, role="agent", text="", started_ms=0, ended_ms=0, gap_ms=gap)
    run.run(job(call).pk)
    call.refresh_from_db()
    assert (call.gap_p50_ms, call.gap_p95_ms) == (400, 2000)


def test_usage_adds_up_over_two_workers_and_is_recorded_once(call: Call, agency: World) -> None:
    for seq, seconds in ((1, 10.5), (2, 20.25)):
        data = {"kind": "usage", "stage": "stt", "vendor": "builtin", "seconds": seconds, "tokens_in": 0}
        CallEvent.objects.create(call=call, source="worker", seq=seq, at_ms=0, kind="usage", data=data)
    run.run(job(call, Kind.RECORD_USAGE).pk)
    AfterCallJob.objects.filter(call=call).update(done_at=None)
    run.run(job(call, Kind.RECORD_USAGE).pk)
    assert {row.kind: float(row.quantity) for row in UsageRecord.objects.filter(call_id=call.pk)} == {
        "call_seconds": round((call.ended_at - call.answered_at).total_seconds(), 3),
        "stt_seconds": 30.75,
    }
    assert float(DailyUsage.objects.get(kind="stt_seconds").quantity) == 30.75


def test_what_a_lost_worker_took_is_read_from_its_spans(call: Call) -> None:
    """It was killed before it could tell its usage; another went on, and told its own."""
    told: list[tuple[str, dict[str, object]]] = [
        ("started", {"resumed": False}),
        ("span", {"stage": "llm", "vendor": "openai", "tokens_in": 100, "tokens_out": 7}),
        ("span", {"stage": "turn", "vendor": "builtin"}),
        ("span", {"stage": "tts", "vendor": "builtin", "characters": 40, "seconds": 2.5}),
        ("started", {"resumed": True}),
        ("span", {"stage": "llm", "vendor": "openai", "tokens_in": 50, "tokens_out": 3}),
        ("usage", {"stage": "llm", "vendor": "openai", "tokens_in": 50, "tokens_out": 3}),
    ]
    for seq, (kind, data) in enumerate(told, start=1):
        CallEvent.objects.create(call=call, source="worker", seq=seq, at_ms=seq, kind=kind, data=data)
    run.run(job(call, Kind.RECORD_USAGE).pk)
    assert {row.kind: float(row.quantity) for row in UsageRecord.objects.filter(call_id=call.pk)} == {
        "call_seconds": round((call.ended_at - call.answered_at).total_seconds(), 3),
        "llm_tokens_in": 150,
        "llm_tokens_out": 10,
        "tts_characters": 40,
        "tts_seconds": 2.5,
    }


def test_whose_fault_it_was_decides_whether_it_is_tried_again(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hopeless(PlatformError):
        fault = "customer"

    def refuse(_: Call) -> None:
        raise Hopeless("The bucket does not exist.")

    monkeypatch.setitem(run.WORK, Kind.MEASURE, refuse)
    run.run(job(call).pk)
    assert job(call).failed_at is not None
