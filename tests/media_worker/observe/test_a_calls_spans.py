"""What a worker tells of a call's stages: who heard, decided, thought, used a tool and spoke."""

from __future__ import annotations

from typing import Any

import pytest

from media_worker.contract import events as told
from media_worker.contract.wire import Hangup
from tests.media_worker.conftest import calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit


def spans(caller: Any, turn: int, stage: str = "") -> list[told.Span]:
    return [span for span in caller.of(told.Span) if span.turn == turn and stage in ("", span.stage)]


async def test_every_stage_of_a_reply_is_a_span(workers: Any) -> None:
    vendors = Vendors(["book me"], [Answer(["Let me see."], [("fly", {})]), Answer(["That I cannot do."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until_heard(1)
        await caller.send(Hangup().model_dump_json())
        await caller.until(caller.over.is_set)
    assert {span.stage for span in spans(caller, 1)} == {"stt", "turn", "llm", "tool", "tts"}
    (ears,) = spans(caller, 1, "stt")
    (decided,) = spans(caller, 1, "turn")
    assert ears.vendor == "builtin"
    assert ears.seconds > 1.0
    assert decided.why.startswith("silence")
    assert ears.started_ms < decided.started_ms <= decided.ended_ms
    asked, asked_again = spans(caller, 1, "llm")
    assert (asked.vendor, asked.model, asked.kept) == ("openai_compatible", "none", True)
    assert asked.first_ms is not None
    (tool,) = spans(caller, 1, "tool")
    assert (tool.name, tool.started_ms >= asked.started_ms) == ("fly", True)
    assert asked_again.started_ms >= tool.ended_ms
    voices = spans(caller, 1, "tts")
    assert [voice.characters for voice in voices] == [len("Let me see."), len("That I cannot do.")]
    assert all(voice.kept and voice.first_ms is not None and voice.seconds > 0.3 for voice in voices)
    usage = {(body.stage, body.vendor): body for body in caller.of(told.Usage)}
    assert usage["tts", "builtin"].characters == sum(span.characters for span in caller.of(told.Span))


async def test_the_flows_own_answer_is_of_the_tier_of_rules(workers: Any) -> None:
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("what_are_your_opening_hours"))
        await caller.until_heard(1)
    (thought,) = spans(caller, 1, "llm")
    assert (thought.vendor, thought.tier, thought.error) == ("builtin", "rules", "")


async def test_an_answer_that_fails_says_why_and_who_comes_after_it(workers: Any) -> None:
    worker = await workers(Vendors(["tell me"], [Answer(stall_before=True), Answer(["Here you are."])]))
    async with calling(worker, spec(llm=True, fallbacks={"next_model_after": 0.5})) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: len(spans(caller, 1, "llm")) == 2)
    failed, answered = spans(caller, 1, "llm")
    assert (failed.error, failed.kept, failed.first_ms) == ("no_first_token", False, None)
    assert (answered.error, answered.kept) == ("", True)
