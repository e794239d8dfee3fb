"""In a turn in writing tools answer from mocks or through the host, and nothing else reaches the world outside."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from media_worker.contract import events as told
from media_worker.contract.flow import (
    Argument,
    Assign,
    Before,
    ConversationNode,
    EndNode,
    Flow,
    Intent,
    KnowledgeNode,
    SetNode,
    ToolNode,
    TransferNode,
    WaitNode,
)
from media_worker.contract.spec import CallSpec
from media_worker.contract.tools import Parameter, Source, ToolOutcome, ToolSpec
from media_worker.contract.wire import Request, Response
from media_worker.text import TextSession
from tests.media_worker.conftest import spec
from tests.media_worker.fakes import Answer, Vendors
from tests.media_worker.writing import write

pytestmark = pytest.mark.unit

CALENDAR = ToolSpec(
    name="calendar",
    about="Free times of a day.",
    parameters=(Parameter(name="day"),),
    waiting="Let me look at the calendar.",
    failure="The calendar does not answer.",
    sets=("free_at",),
)


def goto(name: str, *examples: str, to: str) -> Intent:
    return Intent(name=name, examples=examples, goto=to)


FLOW = Flow(
    greeting="Hello {{name|there}}.",
    before=(Before(tool="crm"),),
    start="talk",
    nodes=(
        ConversationNode(
            id="talk",
            say="What can I do?",
            tools=("calendar",),
            intents=(
                goto("free", "when are you free on friday", to="look"),
                goto("parking", "is there parking at your place", to="ask"),
                goto("person", "put me through to a person", to="person"),
                goto("hold", "please hold the line a moment", to="hold"),
                goto("clock", "tell me the weekday please", to="clock"),
            ),
        ),
        ToolNode(
            id="look", tool="calendar", arguments=(Argument(name="day", value="friday"),), next="free", failed="talk"
        ),
        EndNode(id="free", text="We are free at {{free_at}}.", outcome="told"),
        KnowledgeNode(id="ask", next="talk", unknown="talk"),
        TransferNode(id="person", to="+14155550123", failed="talk"),
        WaitNode(id="hold", say="I wait.", seconds=60, next="free", heard="talk"),
        SetNode(id="clock", values=(Assign(name="free_at", value="weekday()"),), next="free"),
    ),
)
CRM = ToolSpec(name="crm", about="Who calls.", failure="Never mind.", sets=("name",))
FREE = ToolOutcome(ok=True, text="Free at three.", variables={"free_at": "three"})


def calling(llm: bool = False) -> CallSpec:
    base = spec(llm=llm)
    agent = base.agent.model_copy(update={"flow": FLOW, "tools": (CALENDAR, CRM), "knows": True})
    return base.model_copy(update={"agent": agent})


async def begun(worker: Any, what: CallSpec, **more: Any) -> Any:
    mocks = {"crm": ToolOutcome(ok=False)} | more.pop("mocks", {})
    return (await write(worker, what, mocks=mocks, **more)).reply.snapshot


async def test_a_mocked_tool_answers_without_the_host(workers):
    worker, what = await workers(), calling()
    told_ = await write(
        worker, what, await begun(worker, what), said="when are you free on friday", mocks={"calendar": FREE}
    )
    assert told_.text == "Let me look at the calendar. We are free at three."
    assert (told_.reply.end, told_.reply.outcome) == (True, "told")
    (used,) = told_.of(told.ToolUsed)
    assert (used.tool, used.arguments, used.ok, used.mocked) == ("calendar", {"day": "friday"}, True, True)
    assert told_.requests == []


async def test_without_a_mock_the_host_is_asked(workers):
    worker, what = await workers(), calling()

    def answer(request: Request) -> Response:
        return Response(id=request.id, ok=True, outcome=FREE)

    taken = await write(worker, what, await begun(worker, what), said="when are you free on friday", answer=answer)
    assert taken.text.endswith("We are free at three.")
    assert [(request.action, request.use.tool) for request in taken.requests if request.use] == [("tool", "calendar")]


async def test_a_failing_tool_says_its_sentence_and_goes_where_failures_lead(workers):
    worker, what = await workers(), calling()
    failing = {"calendar": ToolOutcome(ok=False, text="500")}
    taken = await write(worker, what, await begun(worker, what), said="when are you free on friday", mocks=failing)
    assert "The calendar does not answer." in taken.text
    assert taken.reply.snapshot.node == "talk"


async def test_what_is_looked_up_before_the_greeting_is_there_for_it(workers):
    worker, what = await workers(), calling()
    opening = await write(worker, what, mocks={"crm": ToolOutcome(ok=True, variables={"name": "Peter"})})
    assert opening.text.startswith("Hello Peter.")


async def test_knowledge_is_asked_of_the_host_and_told_with_its_sources(workers):
    worker, what = await workers(), calling()
    found = ToolOutcome(
        ok=True, text="Behind the house.", sources=(Source(document="house.pdf", text="Behind the house.", score=0.9),)
    )
    taken = await write(
        worker,
        what,
        await begun(worker, what),
        said="is there parking at your place",
        answer=lambda request: Response(id=request.id, ok=True, outcome=found),
    )
    assert [request.action for request in taken.requests] == ["knowledge"]
    (used,) = taken.of(told.ToolUsed)
    assert (used.tool, used.sources[0].document) == ("knowledge", "house.pdf")


async def test_a_transfer_is_told_and_not_done_and_may_be_made_to_fail(workers):
    worker, what = await workers(), calling()
    start = await begun(worker, what)
    there = await write(worker, what, start, said="put me through to a person")
    assert there.requests == []
    assert there.reply.end
    failed = await write(
        worker, what, start, said="put me through to a person", mocks={"transfer": ToolOutcome(ok=False)}
    )
    assert not failed.reply.end
    assert failed.reply.snapshot.node == "talk"


async def test_a_wait_is_the_callers_turn_and_silence_lets_it_end(workers):
    worker, what = await workers(), calling()
    waiting = await write(worker, what, await begun(worker, what), said="please hold the line a moment")
    assert (waiting.text, waiting.reply.snapshot.node) == ("I wait.", "hold")
    over = await write(worker, what, waiting.reply.snapshot, silence=True)
    assert over.reply.outcome == "told"
    spoken = await write(worker, what, waiting.reply.snapshot, said="i am back")
    assert spoken.reply.snapshot.node == "talk"


async def test_the_clock_of_a_turn_is_the_one_it_was_given(workers):
    worker, what = await workers(), calling()
    sunday = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("America/New_York"))
    taken = await write(worker, what, await begun(worker, what), said="tell me the weekday please", now=sunday)
    assert "sunday" in taken.text.lower()


async def test_a_models_tool_is_used_and_its_answer_goes_back_to_the_model(workers):
    vendors = Vendors([], [Answer(tools=[("calendar", {"day": "friday"})]), Answer(["Free at three it is."])])
    worker, what = await workers(make_text=partial(TextSession, make_service=vendors)), calling(llm=True)
    taken = await write(
        worker, what, await begun(worker, what), said="could you squeeze me in somewhere", mocks={"calendar": FREE}
    )
    assert taken.text.endswith("Free at three it is.")
    (used,) = taken.of(told.ToolUsed)
    assert (used.by, used.mocked, taken.reply.snapshot.variables["free_at"]) == ("model", True, "three")
    messages = vendors.built[0].llm.contexts[1].get_messages()
    assert "Free at three." in str(messages[-1]["content"])
