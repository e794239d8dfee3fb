"""How a conversation is tidied for vendors that are strict about it, and what no stream may do to the pipeline."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from media_worker.providers.base import Tool
from media_worker.providers.http import VendorFailed
from media_worker.providers.minds.anthropic import AnthropicDialect
from media_worker.providers.minds.dialect import (
    CALL_BEGINS,
    CALLER_SILENT,
    Question,
    Result,
    Text,
    Turn,
    Use,
    arguments,
    sse,
    tidied,
)
from media_worker.providers.minds.event_stream import events
from media_worker.providers.minds.gemini import GeminiDialect

pytestmark = pytest.mark.unit


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def question(model: str, **more: Any) -> Question:
    return Question(model, "", (Turn("user", [Text("Hello.")]),), (), 100, **more)


def test_a_conversation_begins_and_ends_with_the_user() -> None:
    turns = tidied([{"role": "assistant", "content": "Bright Dental."}])
    assert [(turn.role, turn.parts) for turn in turns] == [
        ("user", [Text(CALL_BEGINS)]),
        ("assistant", [Text("Bright Dental.")]),
        ("user", [Text(CALLER_SILENT)]),
    ]
    assert tidied([{"role": "user", "content": "Hello."}])[0].parts == [Text("Hello.")]


def test_sides_take_turns_and_results_name_their_tool() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": '{"day": "Monday"}'}}
    turns = tidied(
        [
            {"role": "user", "content": "Well."},
            {"role": "user", "content": "Monday."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "Booked."},
            {"role": "user", "content": "Thanks."},
        ]
    )
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert turns[0].parts == [Text("Well."), Text("Monday.")]
    assert turns[1].parts == [Use("c1", "book", {"day": "Monday"})]
    assert turns[2].parts == [Result("c1", "book", "Booked."), Text("Thanks.")]


@pytest.mark.parametrize("written", ["[1]", "{", '"word"'])
def test_arguments_that_are_no_object_are_a_failure(written: str) -> None:
    with pytest.raises(VendorFailed, match="no JSON object"):
        arguments(written)


async def test_events_may_be_split_anywhere() -> None:
    whole = b'event: a\ndata: {"n": 1}\r\n\r\n: ping\n\ndata: {"n": 2}\n\n'
    for cut in range(len(whole)):
        assert [one["n"] async for one in sse(stream(whole[:cut], whole[cut:]))] == [1, 2]


@pytest.mark.parametrize("chunk", [b"data: <html>\n", b"data: [1]\n", b"x" * (5 * 2**20)])
async def test_a_stream_that_is_none_is_a_failure(chunk: bytes) -> None:
    with pytest.raises(VendorFailed):
        [one async for one in sse(stream(chunk))]


@pytest.mark.parametrize("chunk", [b"<html>" * 10, b"\x00\x00\x00\x20\x00\x00\x00\x00", b"\xff" * 64])
async def test_bytes_that_are_no_event_stream_are_a_failure(chunk: bytes) -> None:
    with pytest.raises(VendorFailed):
        [one async for one in events(stream(chunk))]


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-haiku-4-5", 0.5),
        ("claude-sonnet-4-6", None),
        ("claude-3-5-haiku-latest", 0.5),
        ("claude-opus-5-5", None),
    ],
)
def test_current_claudes_are_sent_no_temperature(model: str, sent: float | None) -> None:
    body = json.loads(AnthropicDialect("http://a", "k").request(question(model, temperature=0.5)).content)
    assert body.get("temperature") == sent


def test_gemini_is_told_to_think_least_and_sees_only_the_schema_that_it_knows() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"days": {"type": "array", "items": {"type": "string", "default": "Monday"}}},
        "required": [],
    }
    asked = Question("gemini-2.5-flash", "", (Turn("user", [Text("Hi.")]),), (Tool("book", "Books.", schema),), 100)
    body = json.loads(GeminiDialect("http://a", "k").request(asked).content)
    assert body["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0}
    (declared,) = body["tools"][0]["functionDeclarations"]
    assert declared["parameters"] == {
        "type": "object",
        "properties": {"days": {"type": "array", "items": {"type": "string"}}},
    }
