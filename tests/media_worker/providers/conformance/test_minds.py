"""Whichever vendor thinks, the pipeline meets the same behaviour. Each is asked over a real socket in its own protocol."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    LLMUpdateSettingsFrame,
    MetricsFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.settings import LLMSettings

from media_worker.providers.faults import fault_of
from tests.fakes.vendors.openai_server import Fault, Reply, say
from tests.media_worker.providers.conformance.around import Around
from tests.media_worker.providers.conformance.minds import CASES, KEY, Case, build

pytestmark = [pytest.mark.unit, pytest.mark.parametrize("case", CASES, ids=str)]
PROMPT = "You answer the phone of Bright Dental."
HELLO = {"role": "assistant", "content": "Hello, Bright Dental."}
QUESTION = {"role": "user", "content": "When do you open?"}
BOOK = FunctionSchema(
    name="book", description="Book a visit.", properties={"day": {"type": "string"}}, required=["day"]
)


def asked(*messages: dict[str, Any], tools: bool = False) -> LLMContextFrame:
    made = LLMContext(messages=[HELLO, *(messages or (QUESTION,))])  # type: ignore[list-item]
    if tools:
        made.set_tools(ToolsSchema(standard_tools=[BOOK]))
    return LLMContextFrame(context=made)


async def answered(mind: Around, frame: LLMContextFrame) -> None:
    ends = len(mind.of(LLMFullResponseEndFrame)) + 1
    await mind.give(frame)
    await mind.until(lambda: len(mind.of(LLMFullResponseEndFrame)) == ends)


def words(mind: Around) -> str:
    return "".join(frame.text for frame in mind.of(LLMTextFrame)).strip()


async def test_an_answer_is_streamed_and_its_tokens_are_counted(case: Case) -> None:
    async with case.server() as server, Around(build(case, server, max_tokens=99)) as mind:
        server.replies = [say("We open at nine.")]
        await mind.give(LLMUpdateSettingsFrame(delta=LLMSettings(system_instruction=PROMPT)))
        await answered(mind, asked())
        assert mind.errors == []
        assert [frame.text.strip() for frame in mind.of(LLMTextFrame)] == ["We", "open", "at", "nine."]
        (request,) = server.seen
        assert PROMPT in case.system(request.body)
        assert case.longest(request.body) == 99
        assert KEY not in str(request.body) + request.path
        counted = [data.value for frame in mind.of(MetricsFrame) for data in frame.data if isinstance(data, LLMUsageMetricsData)]  # fmt: skip
        assert [(one.completion_tokens, one.total_tokens, one.cache_read_input_tokens) for one in counted] == [
            (4, 61, 7)
        ]


async def test_tools_are_called_and_their_result_goes_back_in_the_vendors_shape(case: Case) -> None:
    used: dict[str, tuple[str, dict[str, Any]]] = {}
    both = asyncio.Event()

    async def use(params: FunctionCallParams) -> None:
        used[params.function_name] = (params.tool_call_id, dict(params.arguments))
        await params.result_callback({"result": "Booked."})
        if len(used) == 2:
            both.set()

    service: Any = None
    async with case.server() as server, Around(service := build(case, server)) as mind:
        service.register_function(None, use)
        server.replies = [Reply(tools=(("cancel", '{"day": "Monday"}'), ("book", '{"day": "Thursday"}'))), say("Done.")]
        await answered(mind, asked(tools=True))
        await asyncio.wait_for(both.wait(), 10)
        assert {name: arguments for name, (_, arguments) in used.items()} == {
            "cancel": {"day": "Monday"},
            "book": {"day": "Thursday"},
        }
        id_, arguments = used["book"]
        assert id_ != used["cancel"][0]
        call = {"id": id_, "type": "function", "function": {"name": "book", "arguments": json.dumps(arguments)}}
        result = {"role": "tool", "tool_call_id": id_, "content": "Booked."}
        await answered(mind, asked(QUESTION, {"role": "assistant", "tool_calls": [call]}, result, tools=True))
        assert mind.errors == []
        assert words(mind) == "Done."
        assert case.called(server.seen[-1].body) == ("book", "Booked.")


async def test_an_interruption_closes_the_connection_and_the_next_turn_is_answered(case: Case) -> None:
    async with case.server() as server, Around(build(case, server)) as mind:
        server.word_seconds = 0.05
        server.replies = [say("word " * 400), say("At nine.")]
        await mind.give(asked())
        await mind.until(lambda: len(mind.of(LLMTextFrame)) > 2)
        await mind.give(InterruptionFrame())
        await asyncio.wait_for(server.seen[0].aborted.wait(), 10)
        await mind.give(asked())
        await mind.until(lambda: words(mind).endswith("At nine."))
        assert mind.errors == []
        assert words(mind).count("word") < 300


@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"),
    [
        (Fault("status", 401), "refused", None),
        (Fault("status", 429, retry_after=7), "rate_limited", 7.0),
        (Fault("status", 500), "unavailable", None),
        (Fault("within", 429, after=2), "rate_limited", None),
        (Fault("html"), "unavailable", None),
        (Fault("empty"), "unavailable", None),
        (Fault("cut", after=2), "unavailable", None),
    ],
    ids=["401", "429", "500", "429 in the stream", "html", "empty", "cut"],
)
async def test_an_error_is_told_once_with_its_kind_and_the_next_turn_is_answered(
    case: Case, fault: Fault, kind: str, retry_after: float | None
) -> None:
    async with case.server() as server, Around(build(case, server)) as mind:
        server.faults = [fault]
        if fault.kind in ("within", "cut", "empty"):
            server.replies = [say("Half of an answer that is never finished.")]
        server.replies.append(say("At nine."))
        await answered(mind, asked())
        await mind.until(lambda: mind.errors)
        seen = fault_of(mind.errors[0].exception, mind.errors[0].error)
        assert (seen.kind, seen.retry_after) == (kind, retry_after)
        await answered(mind, asked())
        assert words(mind).endswith("At nine.")
        assert (len(server.seen), len(mind.errors)) == (2, 1)


async def test_silence_leaves_no_connection_behind(case: Case) -> None:
    async with case.server() as server, Around(build(case, server)) as mind:
        server.faults = [Fault("silence")]
        server.replies = [say("At nine.")]
        await mind.give(asked())
        await server.until_seen(1)
        await mind.give(InterruptionFrame())
        await asyncio.wait_for(server.seen[0].aborted.wait(), 10)
        await mind.give(asked())
        await mind.until(lambda: words(mind) == "At nine.")
        assert mind.errors == []


async def test_a_wrong_key_is_refused_and_never_written(case: Case) -> None:
    async with case.server() as server, Around(build(case, server, key="key-of-nobody")) as mind:
        await answered(mind, asked())
        await mind.until(lambda: mind.errors)
        fault = fault_of(mind.errors[0].exception, mind.errors[0].error)
        assert (fault.kind, fault.status) == ("refused", case.refused)
        assert "key-of-nobody" not in mind.errors[0].error
