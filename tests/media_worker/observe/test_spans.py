"""The span recorder: one event a span, bounded, and what spans took is the call's usage."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from media_worker.contract.events import CallEvent, Span
from media_worker.contract.spec import PoolKey, Provider
from media_worker.contract.wire import Event
from media_worker.observe import spans as recorder
from media_worker.observe.journal import CallClock, Journal
from media_worker.observe.spans import Spans

pytestmark = pytest.mark.unit

OPENAI = Provider(
    vendor="openai",
    key="k1",
    keys=(PoolKey(id="k1", alias="Alice's first", secret=SecretStr("sk-secret")),),
    options={"model": "gpt-small"},
)


def recording() -> tuple[Spans, list[CallEvent]]:
    told: list[CallEvent] = []

    def send(message: Any) -> None:
        assert isinstance(message, Event)
        told.append(message.event)

    return Spans(Journal(send, CallClock())), told


def spans_of(told: list[CallEvent]) -> list[Span]:
    return [event.body for event in told if isinstance(event.body, Span)]


def test_a_span_says_who_by_which_key_why_and_what_it_took() -> None:
    spans, told = recording()
    span = spans.open("llm", 3, OPENAI, tier="small", why="rule 2", started_ms=100)
    span.first(180)
    span.first(900)
    span.add(tokens_in=210, tokens_out=18)
    span.end(400)
    span.close()
    span.close(kept=False)
    assert spans_of(told) == [
        Span(
            turn=3,
            stage="llm",
            vendor="openai",
            model="gpt-small",
            key="Alice's first",
            tier="small",
            why="rule 2",
            started_ms=100,
            first_ms=180,
            ended_ms=400,
            tokens_in=210,
            tokens_out=18,
        )
    ]
    assert "sk-secret" not in told[0].model_dump_json()


async def test_tokens_that_come_after_the_end_are_still_in_the_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LATE_NEWS", 0.02)
    spans, told = recording()
    span = spans.open("llm", 1, OPENAI)
    span.close(late_news=True)
    span.add(tokens_out=7)
    assert not told
    for _ in range(200):
        await asyncio.sleep(0.01)
        if told:
            break
    assert spans_of(told)[0].tokens_out == 7


async def test_the_end_of_the_call_writes_what_is_open_and_what_waits() -> None:
    spans, told = recording()
    spans.open("tts", 1, vendor="espeak")
    spans.open("llm", 1, OPENAI).close(late_news=True)
    spans.open("llm", 1, vendor="builtin", tier="rules", lazy=True)
    spans.flush()
    assert [(span.stage, span.kept) for span in spans_of(told)] == [("tts", False), ("llm", True)]


def test_a_turn_writes_so_many_spans_and_counts_them_all() -> None:
    spans, told = recording()
    for _ in range(recorder.MOST_OF_A_TURN + 40):
        span = spans.open("tts", 1, vendor="espeak")
        span.add(characters=10)
        span.close()
    spans.open("tts", 2, vendor="espeak").close()
    assert len(told) == recorder.MOST_OF_A_TURN + 1
    assert spans.unwritten == 40
    assert [usage.characters for usage in spans.meter.usages()] == [10 * (recorder.MOST_OF_A_TURN + 40)]


def test_usage_is_by_stage_and_vendor() -> None:
    spans, _ = recording()
    for vendor, tokens in (("openai", 100), ("groq", 30), ("openai", 1)):
        spans.open("llm", 1, vendor=vendor).add(tokens_in=tokens)
    assert {(usage.stage, usage.vendor): usage.tokens_in for usage in spans.meter.usages()} == {
        ("llm", "openai"): 101,
        ("llm", "groq"): 30,
    }
