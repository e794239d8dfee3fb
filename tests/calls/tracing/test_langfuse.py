"""An agency's calls in its own Langfuse, with its own keys, and in nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from calls.aftercall.errors import ComeBack
from calls.models import Call, TraceDestination
from calls.tracing import actions, delivering, langfuse, sending
from calls.tracing.actions import Draft
from calls.tracing.shape import ShapedCall, shape
from tests.calls.history import make_call
from tests.calls.tracing.conversation import MARKED, remember
from tests.fakes.langfuse import FakeLangfuse
from tests.fakes.otlp import HTML, Answer
from tests.world import World
from voiceops.lib.errors import InvalidInput, ProviderRefused, VoiceOpsError

pytestmark = pytest.mark.db


@pytest.fixture
def charlies_langfuse() -> Iterator[FakeLangfuse]:
    with FakeLangfuse("pk-lf-charlie", "sk-lf-charlie") as server:
        yield server


def keys_of(server: FakeLangfuse) -> langfuse.Keys:
    return langfuse.Keys(server.url, server.public_key, server.secret_key)


def connect(agency: World, server: FakeLangfuse, **changes: object) -> TraceDestination:
    draft = Draft(server.url, public_key=server.public_key, secret=server.secret_key)
    return actions.save(agency.alice, "langfuse", replace(draft, **changes))  # type: ignore[arg-type]


def test_a_call_is_a_trace_and_its_models_are_generations(
    agency: World, alices_langfuse: FakeLangfuse, call: Call
) -> None:
    connect(agency, alices_langfuse)
    delivering.to_langfuse(call)
    spans = alices_langfuse.spans()
    assert {span.trace_id for span in spans} == {call.pk.hex}
    assert alices_langfuse.scopes() == {("langfuse-sdk", "pk-lf-alice")}
    root = next(span for span in spans if not span.parent)
    assert root.attributes["langfuse.trace.name"] == "Call"
    assert root.attributes["session.id"] == str(call.pk)
    generations = [span for span in spans if span.attributes["langfuse.observation.type"] == "generation"]
    assert len(generations) == 5
    first = generations[0]
    assert first.attributes["langfuse.observation.model.name"] == "gpt-small"
    assert json.loads(first.attributes["langfuse.observation.usage_details"]) == {"input": 220, "output": 30}
    assert "langfuse.observation.completion_start_time" in first.attributes
    dropped = next(span for span in generations if not span.attributes["voiceops.kept"])
    assert dropped.attributes["langfuse.observation.level"] == "DEBUG"
    assert [span.name for span in spans if span.attributes["langfuse.observation.type"] == "tool"] == [
        "execute_tool find_slots"
    ]


def test_ids_and_times_are_the_same_as_in_every_other_export(
    agency: World, alices_langfuse: FakeLangfuse, call: Call
) -> None:
    connect(agency, alices_langfuse)
    delivering.to_langfuse(call)
    wanted = {f"{span.id:016x}": (span.start_ns, span.end_ns) for span in shape(call).spans}
    assert {span.id: (span.start_ns, span.end_ns) for span in alices_langfuse.spans()} == wanted


@pytest.mark.parametrize("switched_on", [False, True])
def test_words_go_there_only_when_they_are_switched_on(
    agency: World, alices_langfuse: FakeLangfuse, call: Call, switched_on: bool
) -> None:
    connect(agency, alices_langfuse, include_transcripts=switched_on)
    delivering.to_langfuse(call)
    body = b"".join(taken.body for taken in alices_langfuse.requests)
    assert (MARKED.encode() in body) is switched_on
    assert b"sk-lf-alice" not in body


def foreign(agency: World) -> ShapedCall:
    """A call of Charlie's."""
    with schema_context("charlie"):
        call = make_call(None, timezone.now())
        remember(call, turns=2)
        return shape(call)


def test_two_agencies_never_share_a_client(
    agency: World, alices_langfuse: FakeLangfuse, charlies_langfuse: FakeLangfuse, call: Call
) -> None:
    charlies = foreign(agency)
    for _ in range(2):
        langfuse.export(shape(call), keys_of(alices_langfuse))
        langfuse.export(charlies, keys_of(charlies_langfuse))
    assert {span.trace_id for span in alices_langfuse.spans()} == {call.pk.hex}
    assert {span.trace_id for span in charlies_langfuse.spans()} == {charlies.call.pk.hex}
    assert charlies_langfuse.scopes() == {("langfuse-sdk", "pk-lf-charlie")}
    assert len(langfuse.clients) == 2


def test_each_agencys_calls_go_by_its_own_settings(
    agency: World, alices_langfuse: FakeLangfuse, charlies_langfuse: FakeLangfuse, call: Call
) -> None:
    connect(agency, alices_langfuse)
    with schema_context("charlie"):
        keys = Draft(charlies_langfuse.url, public_key="pk-lf-charlie", secret="sk-lf-charlie")
        actions.save(agency.charlie, "langfuse", keys)
        charlies = make_call(None, timezone.now())
        remember(charlies, turns=2)
        delivering.to_langfuse(charlies)
    delivering.to_langfuse(call)
    assert {span.trace_id for span in alices_langfuse.spans()} == {call.pk.hex}
    assert {span.trace_id for span in charlies_langfuse.spans()} == {charlies.pk.hex}
    sent = b"".join(taken.body for taken in charlies_langfuse.requests)
    assert b"Bright Dental" not in sent
    assert b"alice" not in sent


def test_whoever_types_anothers_public_key_gets_nothing_of_it(
    agency: World, alices_langfuse: FakeLangfuse, call: Call
) -> None:
    """The SDK keeps its clients by public key alone."""
    charlies = foreign(agency)
    langfuse.export(shape(call), keys_of(alices_langfuse))
    with FakeLangfuse(alices_langfuse.public_key, "sk-lf-another") as other:
        langfuse.export(charlies, keys_of(other))
        assert {span.trace_id for span in other.spans()} == {charlies.call.pk.hex}
        with pytest.raises(ProviderRefused):
            langfuse.export(charlies, replace(keys_of(other), secret_key="sk-lf-wrong"))
    langfuse.export(shape(call), keys_of(alices_langfuse))
    assert {span.trace_id for span in alices_langfuse.spans()} == {call.pk.hex}


def test_new_keys_close_the_client_of_the_old_ones(agency: World, alices_langfuse: FakeLangfuse, call: Call) -> None:
    langfuse.export(shape(call), keys_of(alices_langfuse))
    before = langfuse.clients.of("alice", keys_of(alices_langfuse))
    with FakeLangfuse("pk-lf-new", "sk-lf-new") as moved:
        langfuse.export(shape(call), keys_of(moved))
        assert before.closed
        assert len(moved.spans()) == len(alices_langfuse.spans())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(429, headers={"Retry-After": "30"}), "fewer spans"),
        (Answer(500), "problem of its own"),
        (Answer(200, body=HTML, content_type="text/html"), "A web page answered"),
    ],
)
def test_what_fails_is_kept_with_the_destination_until_the_next_success(
    agency: World, alices_langfuse: FakeLangfuse, call: Call, answer: Answer, words: str
) -> None:
    row = connect(agency, alices_langfuse)
    alices_langfuse.answers = [answer]
    with pytest.raises(VoiceOpsError):
        delivering.to_langfuse(call)
    row.refresh_from_db()
    assert words in row.last_error
    TraceDestination.objects.update(paused_until=None)
    delivering.to_langfuse(call)
    row.refresh_from_db()
    assert (row.last_error, len(alices_langfuse.requests)) == ("", 2)


def test_a_silent_server_is_given_up(
    agency: World, alices_langfuse: FakeLangfuse, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    connect(agency, alices_langfuse)
    alices_langfuse.answers = [None]
    with pytest.raises(ComeBack, match="did not answer"):
        delivering.to_langfuse(call)
    assert len(alices_langfuse.requests) == 1


def test_a_wrong_secret_is_said_in_words(agency: World, alices_langfuse: FakeLangfuse, call: Call) -> None:
    row = connect(agency, alices_langfuse, secret="sk-lf-wrong")
    with pytest.raises(ProviderRefused):
        delivering.to_langfuse(call)
    row.refresh_from_db()
    assert row.last_error == "The server refused the key (401)."


def test_a_test_trace_is_one_span(agency: World, alices_langfuse: FakeLangfuse) -> None:
    actions.attempt(agency.alice, connect(agency, alices_langfuse))
    assert [span.name for span in alices_langfuse.spans()] == ["VoiceOps test"]


def test_another_host_needs_the_secret_again(agency: World, alices_langfuse: FakeLangfuse) -> None:
    connect(agency, alices_langfuse)
    with pytest.raises(InvalidInput), FakeLangfuse("pk-lf-alice", "sk") as other:
        actions.save(agency.alice, "langfuse", Draft(other.url, public_key="pk-lf-alice"))


def test_a_call_of_many_turns_loses_no_span(agency: World, alices_langfuse: FakeLangfuse) -> None:
    call = make_call(None, timezone.now(), client=agency.bright_dental)
    remember(call, turns=450)
    langfuse.export(shape(call), keys_of(alices_langfuse))
    assert len({span.id for span in alices_langfuse.spans()}) == 1 + 450 * 5 + 3
