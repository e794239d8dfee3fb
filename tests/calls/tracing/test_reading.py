"""A call's stored events, read as a trace."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import Call
from calls.tracing import reading
from tests.calls.history import make_call
from tests.calls.tracing.conversation import remember
from tests.world import World

pytestmark = pytest.mark.db


@pytest.fixture
def empty(agency: World) -> Call:
    return make_call(None, timezone.now(), client=agency.bright_dental)


def test_a_turn_tells_what_each_stage_took_and_who_did_it(call: Call) -> None:
    first = reading.trace(call.pk)[0]
    assert [stage.stage for stage in first.stages] == ["stt", "turn", "llm", "tts"]
    ears, _, model, voice = first.stages
    assert (first.gap_ms, first.took_ms(ears)) == (405, 170)
    assert (model.vendor, model.key, model.tier, model.why) == ("openai", "first", "small", "rule 1: few words")
    assert (model.first_byte_ms, model.total_ms, model.tokens_in, model.tokens_out) == (80, 390, 220, 30)
    assert (voice.first_byte_ms, voice.total_ms, voice.characters, voice.seconds) == (80, 480, 42, 2.2)


def test_what_went_otherwise_is_part_of_the_turn(call: Call) -> None:
    eventful = reading.exchange(call.pk, 3)
    assert eventful == reading.trace(call.pk)[2]
    assert [fallback.step for fallback in eventful.fallbacks] == ["next_model"]
    assert ([pause.ms for pause in eventful.pauses], eventful.backchannels) == ([640], 1)
    assert len(eventful.interruptions) == 1
    assert [stage.why for stage in eventful.stages if not stage.kept] == ["speculative"]
    assert [stage.kept for stage in eventful.stages if eventful.speculative(stage)] == [False]
    assert [stage.name for stage in eventful.stages if stage.name] == ["find_slots", "one_moment"]


def test_a_turn_nobody_told_of_is_empty(empty: Call) -> None:
    assert reading.trace(empty.pk) == []
    assert reading.exchange(empty.pk, 7).stages == []


def test_a_long_call_is_read_in_one_query(empty: Call) -> None:
    remember(empty, turns=400)
    with CaptureQueriesContext(connection) as queries:
        turns = reading.trace(empty.pk)
        one = reading.exchange(empty.pk, 399)
    assert (len(turns), one) == (400, turns[398])
    assert len(queries) == 2
