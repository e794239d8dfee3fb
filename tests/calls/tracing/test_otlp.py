"""A call's trace on its way to an OpenTelemetry collector: once, whole, without words, and never for ever."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.conf import LazySettings
from django.utils import timezone

from calls.aftercall import actions as outbox
from calls.aftercall import run
from calls.models import AfterCallJob, Call, TraceDestination
from calls.tracing import actions, sending
from calls.tracing.actions import Draft
from tests.calls.history import make_call
from tests.calls.tracing.conversation import MARKED, remember
from tests.fakes.otlp import HTML, PROTOBUF, Answer, FakeCollector
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db
Kind = AfterCallJob.Kind


@pytest.fixture
def otlp(agency: World, collector: FakeCollector) -> TraceDestination:
    return actions.save(agency.alice, "otlp", Draft(collector.url, secret="X-Api-Key: alices-key"))


def deliver(call: Call, kind: str = Kind.EXPORT_OTLP) -> AfterCallJob:
    outbox.plan(call)
    job = AfterCallJob.objects.get(call=call, kind=kind)
    run.run(job.pk)
    job.refresh_from_db()
    return job


def test_a_conversation_has_turns_and_turns_have_stages(
    otlp: TraceDestination, collector: FakeCollector, call: Call
) -> None:
    assert deliver(call).done_at is not None
    spans = collector.spans()
    assert {span.trace_id for span in spans} == {call.pk.hex}
    root = next(span for span in spans if not span.parent)
    turns = [span for span in spans if span.parent == root.id]
    assert [turn.name for turn in turns] == ["turn 1", "turn 2", "turn 3", "turn 4"]
    third = [span for span in spans if span.parent == turns[2].id]
    assert sorted(span.name for span in third) == [
        "chat gpt-small",
        "chat gpt-small",
        "clip one_moment",
        "execute_tool find_slots",
        "stt whisper",
        "tts en",
        "turn",
    ]
    assert len(spans) == 1 + 4 + 4 * 4 + 3


def test_times_are_those_of_the_call_and_attributes_follow_the_conventions(
    otlp: TraceDestination, collector: FakeCollector, call: Call
) -> None:
    deliver(call)
    spans = collector.spans()
    model = next(span for span in spans if span.name.startswith("chat"))
    assert call.media_started_at is not None
    zero = int(call.media_started_at.timestamp() * 1_000_000) * 1000
    assert (model.start_ns - zero, model.end_ns - zero) == (5210 * 10**6, 5600 * 10**6)
    assert model.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-small",
        "gen_ai.conversation.id": str(call.pk),
        "gen_ai.output.type": "text",
        "gen_ai.usage.input_tokens": 220,
        "gen_ai.usage.output_tokens": 30,
        "voiceops.turn": 1,
        "voiceops.stage": "llm",
        "voiceops.key": "first",
        "voiceops.tier": "small",
        "voiceops.why": "rule 1: few words",
        "voiceops.first_byte_ms": 80,
        "voiceops.kept": True,
    }
    eventful = next(span for span in spans if span.name == "turn 3")
    assert eventful.events == ("on_wire", "fallback", "paused", "interrupted")
    assert eventful.attributes["voiceops.gap_ms"] == 405


def test_a_second_delivery_writes_the_same_spans(otlp: TraceDestination, collector: FakeCollector, call: Call) -> None:
    deliver(call)
    first = {span.id: span for span in collector.spans()}
    collector.requests.clear()
    AfterCallJob.objects.filter(kind=Kind.EXPORT_OTLP).update(done_at=None, claimed_at=None)
    deliver(call)
    assert {span.id: span for span in collector.spans()} == first


def test_the_agencys_headers_go_with_it_and_nobody_elses(
    otlp: TraceDestination, collector: FakeCollector, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-operators=secret")
    deliver(call)
    headers = collector.requests[0].headers
    assert headers["x-api-key"] == "alices-key"
    assert headers["content-encoding"] == "gzip"
    assert "x-operators" not in headers


@pytest.mark.parametrize("switched_on", [False, True])
def test_what_was_said_stays_unless_the_agency_switches_it_on(
    agency: World, collector: FakeCollector, call: Call, switched_on: bool
) -> None:
    actions.save(agency.alice, "otlp", Draft(collector.url, include_transcripts=switched_on))
    deliver(call)
    assert (MARKED.encode() in collector.requests[0].body) is switched_on
    assert call.caller.encode() not in collector.requests[0].body


def test_a_long_call_goes_in_batches(otlp: TraceDestination, collector: FakeCollector, agency: World) -> None:
    long = make_call(None, timezone.now(), client=agency.bright_dental)
    remember(long, turns=200)
    deliver(long)
    assert len(collector.requests) == 3
    assert len({span.id for span in collector.spans()}) == 1 + 200 * 5 + 3


@pytest.mark.parametrize(
    ("answer", "words", "again"),
    [
        (Answer(401, body=b"{}", content_type="application/json"), "refused the key (401)", False),
        (Answer(500), "a problem of its own (500)", True),
        (Answer(503, body=HTML, content_type="text/html"), "a problem of its own (503)", True),
        (Answer(200, body=HTML, content_type="text/html"), "A web page answered", False),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), "refused the spans (302)", False),
        (Answer(200, body=b"\xff\xff\xff"), "no answer to a trace", False),
    ],
)
def test_what_fails_is_said_in_words(
    otlp: TraceDestination, collector: FakeCollector, call: Call, answer: Answer, words: str, again: bool
) -> None:
    collector.answers = [answer]
    job = deliver(call)
    otlp.refresh_from_db()
    assert words in otlp.last_error
    assert (job.failed_at is None, job.attempts, len(collector.requests)) == (again, 1, 1)
    assert otlp.failed_at is not None
    assert otlp.delivered_at is None


def test_a_server_that_asks_for_time_gets_it(otlp: TraceDestination, collector: FakeCollector, call: Call) -> None:
    collector.answers = [Answer(429, headers={"Retry-After": "600"})]
    job = deliver(call)
    assert job.due_at > timezone.now() + timedelta(seconds=590)
    other = make_call(None, timezone.now(), client=call.client)
    assert deliver(other).due_at > timezone.now() + timedelta(seconds=590), "it is asked by no other call either"
    assert len(collector.requests) == 1
    AfterCallJob.objects.filter(pk=job.pk).update(due_at=timezone.now())
    TraceDestination.objects.update(paused_until=timezone.now())
    assert run.run(job.pk) is None
    otlp.refresh_from_db()
    assert (otlp.last_error, otlp.delivered_at is not None) == ("", True)


def test_nothing_is_tried_for_ever(otlp: TraceDestination, collector: FakeCollector, call: Call) -> None:
    collector.answers = [Answer(500)] * 100
    job = deliver(call)
    while job.failed_at is None:
        AfterCallJob.objects.filter(pk=job.pk).update(due_at=timezone.now())
        TraceDestination.objects.update(paused_until=timezone.now())
        run.run(job.pk)
        job.refresh_from_db()
    assert len(collector.requests) == outbox.MAX_ATTEMPTS


def test_silence_ends(
    otlp: TraceDestination, collector: FakeCollector, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    collector.answers = [None]
    job = deliver(call)
    assert "did not answer" in job.last_error
    assert job.failed_at is None


class Dripping(FakeCollector):
    """Answers for as long as anybody listens, a little at a time."""

    sent = 0

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(200)
        handler.send_header("Content-Type", PROTOBUF)
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            while not self._closing.wait(0.05):
                handler.wfile.write(b"\x00" * 16)
                self.sent += 1


def test_an_answer_without_end_is_left(agency: World, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.5)
    with Dripping() as server:
        actions.save(agency.alice, "otlp", Draft(server.url))
        job = deliver(call)
    assert "did not answer" in job.last_error
    assert server.sent > 1


def test_an_address_that_became_private_is_not_connected_to(
    otlp: TraceDestination, collector: FakeCollector, call: Call, settings: LazySettings
) -> None:
    settings.TRACE_NETWORKS = []
    job = deliver(call)
    assert "private network" in job.last_error
    assert job.failed_at is not None
    assert not collector.requests


def test_the_operators_collector_gets_every_agencys_calls_without_words(
    collector: FakeCollector, call: Call, settings: LazySettings
) -> None:
    settings.TRACES_OTLP_ENDPOINT, settings.TRACES_OTLP_HEADERS = collector.url, {"x-operator": "yes"}
    settings.TRACE_NETWORKS = []
    assert deliver(call, Kind.EXPORT_OPERATOR).done_at is not None
    assert collector.requests[0].headers["x-operator"] == "yes"
    assert MARKED.encode() not in collector.requests[0].body
    assert not AfterCallJob.objects.filter(kind=Kind.EXPORT_OTLP).exists()


def test_a_destination_that_was_removed_wants_nothing(
    agency: World, otlp: TraceDestination, collector: FakeCollector, call: Call
) -> None:
    outbox.plan(call)
    actions.remove(agency.alice, otlp)
    assert deliver(call).done_at is not None
    assert not collector.requests


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft("collector.example"), "address"),
        (Draft("http://10.0.0.1:4318"), "address"),
        (Draft("https://user:pass@collector.example"), "address"),
        (Draft("http://127.0.0.1:1", secret="no colon"), "secret"),
        (Draft("http://127.0.0.1:1", secret="Host: elsewhere"), "secret"),
        (Draft("http://127.0.0.1:1", secret="X-Key: a\tb\x00"), "secret"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(agency: World, draft: Draft, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.save(agency.alice, "otlp", draft)
    assert refused.value.field == field


def test_a_new_address_does_not_get_the_old_ones_headers(agency: World, otlp: TraceDestination) -> None:
    moved = actions.save(agency.alice, "otlp", Draft("http://127.0.0.1:9"))
    assert moved.secret == {"headers": {}}
