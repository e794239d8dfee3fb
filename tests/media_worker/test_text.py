"""A turn in writing is thought through as on the phone, and nothing is kept between turns."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from media_worker.contract import events as told
from media_worker.contract.spec import Fallbacks, Limits
from media_worker.contract.wire import TEXT_PATH
from media_worker.text import TextSession
from tests.media_worker.conftest import GREETING, HOURS, KEY, calling, spec
from tests.media_worker.fakes import Answer, Vendors
from tests.media_worker.writing import write

pytestmark = pytest.mark.unit


def writing(*answers: Answer) -> tuple[Vendors, partial[TextSession]]:
    vendors = Vendors([], list(answers))
    return vendors, partial(TextSession, make_service=vendors)


async def test_the_agent_opens_and_answers_from_the_snapshot_of_the_turn_before(workers):
    worker = await workers()
    what = spec()
    opening = await write(worker, what)
    assert opening.text == GREETING
    answer = await write(worker, what, opening.reply.snapshot, said="what are your opening hours")
    assert answer.text == HOURS
    assert [message.text for message in answer.reply.snapshot.messages] == [
        GREETING,
        "what are your opening hours",
        HOURS,
    ]
    goodbye = await write(worker, what, answer.reply.snapshot, said="no thank you goodbye")
    assert (goodbye.reply.end, goodbye.reply.outcome) == (True, "answered")
    assert [body.node for body in goodbye.of(told.NodeEntered)] == ["bye"]


async def test_a_conversation_goes_on_from_any_turn(workers):
    worker, what = await workers(), spec()
    opening = await write(worker, what)
    await write(worker, what, opening.reply.snapshot, said="goodbye")
    other = await write(worker, what, opening.reply.snapshot, said="what are your opening hours")
    assert (other.text, other.reply.end, other.reply.snapshot.turn) == (HOURS, False, 1)


async def test_events_are_numbered_on_from_the_snapshot(workers):
    worker, what = await workers(), spec()
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="what are your opening hours")
    assert opening.reply.snapshot.seq > 0
    assert answer.reply.snapshot.seq > opening.reply.snapshot.seq
    assert [(body.turn, body.text) for body in answer.of(told.UserTurn)] == [(1, "what are your opening hours")]


async def test_a_language_model_answers_in_writing(workers):
    vendors, make = writing(Answer(["Once upon ", "a time. There was", " a clinic."]))
    worker, what = await workers(make_text=make), spec(llm=True)
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="tell me a story")
    assert answer.text == "Once upon a time. There was a clinic."
    mind = vendors.built[0].llm
    assert [message["role"] for message in mind.contexts[0].get_messages()] == ["assistant", "user"]
    assert "You are on the phone" in mind.prompts[0]
    assert [span.stage for span in answer.of(told.Span)] == ["llm"]


async def test_a_models_tool_ends_the_conversation_with_the_flows_goodbye(workers):
    _, make = writing(Answer(tools=[("end_call", {"outcome": "answered"})]))
    worker, what = await workers(make_text=make), spec(llm=True)
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="that was all")
    assert answer.text == "Thank you for calling. Goodbye."
    assert (answer.reply.end, answer.reply.outcome) == (True, "answered")


async def test_a_model_that_fails_gets_its_second_chance_and_no_word_of_patience_is_said(workers):
    _, make = writing(Answer(error="500 server error"), Answer(["Here you are."], delay=0.2))
    worker = await workers(make_text=make)
    what = spec(llm=True, fallbacks={"filler_after": 0.05})
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="tell me")
    assert answer.text == "Here you are."
    assert [(body.step, body.stage) for body in answer.of(told.Fallback)] == [("vendor_error", "llm")]


async def test_a_model_that_never_works_asks_again_and_says_why_to_staff(workers):
    _, make = writing(*[Answer(error="no")] * 4)
    worker, what = await workers(make_text=make), spec(llm=True)
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="tell me")
    assert answer.text == Fallbacks().reask
    assert answer.of(told.Fault)


async def test_a_vendor_that_cannot_be_reached_is_a_sentence_and_an_apology(workers):
    worker, what = await workers(), spec(llm=True)
    what = what.model_copy(
        update={
            "agent": what.agent.model_copy(
                update={
                    "providers": what.agent.providers.model_copy(
                        update={"llm": what.agent.providers.stt.model_copy(update={"vendor": "nobody"})}
                    )
                }
            )
        }
    )
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="tell me")
    assert answer.text == Fallbacks().apology
    assert answer.reply.end
    assert "No language model answers" in answer.reply.fault


async def test_a_silent_caller_is_asked_and_at_last_wished_goodbye(workers):
    worker, what = await workers(), spec()
    opening = await write(worker, what)
    asked = await write(worker, what, opening.reply.snapshot, silence=True)
    assert asked.text == Limits().idle_prompts[0]
    goodbye = await write(worker, what, asked.reply.snapshot, silence=True)
    assert (goodbye.text, goodbye.reply.end) == (Limits().idle_goodbye, True)
    there = await write(worker, what, asked.reply.snapshot, said="what are your opening hours")
    again = await write(worker, what, there.reply.snapshot, silence=True)
    assert again.text == Limits().idle_prompts[0]


async def test_a_wrong_key_and_a_draining_worker_refuse(workers):
    worker = await workers()

    async def refused(key: str) -> int:
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(
                f"ws://127.0.0.1:{worker.port}{TEXT_PATH}", additional_headers={"Authorization": f"Bearer {key}"}
            ):
                pass
        return refusal.value.response.status_code

    assert await refused("a-guess") == 401
    worker.draining = True
    assert await refused(KEY) == 503


async def test_writing_takes_no_place_from_calls_and_calls_none_from_writing(workers, monkeypatch):
    monkeypatch.setattr("media_worker.server.MOST_TEXTS", 1)
    worker = await workers(Vendors([]), capacity=1)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with connect(f"ws://127.0.0.1:{worker.port}{TEXT_PATH}", additional_headers=headers):
        assert worker.active == 0
        async with calling(worker, spec()) as caller:
            await caller.ready.wait()
            with pytest.raises(InvalidStatus):
                await write(worker, spec())
    async with calling(worker, spec()) as caller:
        await caller.ready.wait()
        assert (await write(worker, spec())).text == GREETING


@pytest.mark.parametrize("first", ["not json", "{}", '{"type":"response","id":1,"ok":true}', b"\x00\xff"])
async def test_a_socket_that_does_not_begin_with_a_turn_is_closed(workers, first):
    worker = await workers()
    async with connect(
        f"ws://127.0.0.1:{worker.port}{TEXT_PATH}", additional_headers={"Authorization": f"Bearer {KEY}"}
    ) as socket:
        await socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_turn_that_takes_too_long_is_given_up_in_words(workers, monkeypatch):
    monkeypatch.setattr("media_worker.text.TURN_WITHIN", 0.3)
    _, make = writing(Answer(["Never heard."], stall_before=True))
    worker, what = await workers(make_text=make), spec(llm=True)
    opening = await write(worker, what)
    answer = await write(worker, what, opening.reply.snapshot, said="tell me")
    assert "longer than a minute" in answer.reply.fault
