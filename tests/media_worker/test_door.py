"""Who may come in, and what becomes of those who misbehave: the others never notice."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.error
import urllib.request
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from media_worker.contract.wire import PATH, Drain, Start
from media_worker.server import Worker
from tests.media_worker.conftest import HOURS, KEY, calling, clip, spec
from tests.media_worker.fakes import Vendors

pytestmark = pytest.mark.unit


def raw(worker: Worker, path: str = PATH, key: str = KEY):
    return connect(
        f"ws://127.0.0.1:{worker.port}{path}", additional_headers={"Authorization": f"Bearer {key}"}, compression=None
    )


async def health(worker: Worker) -> tuple[int, dict[str, object]]:
    def ask() -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/health") as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    status, body = await asyncio.to_thread(ask)
    return status, json.loads(body)


async def refused(worker: Worker, **how: str) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        async with raw(worker, **how):
            pass
    return refusal.value.response.status_code


async def test_a_wrong_key_is_refused_before_the_upgrade(workers):
    worker = await workers(Vendors([]))
    assert await refused(worker, key="a-guess") == 401
    assert worker.active == 0


async def test_an_unknown_path_is_not_found(workers):
    assert await refused(await workers(Vendors([])), path="/somewhere") == 404


async def test_a_full_worker_answers_503_and_says_so_in_its_health(workers):
    worker = await workers(Vendors([]), capacity=1)
    assert (await health(worker))[0] == 200
    async with calling(worker, spec()) as caller:
        await caller.ready.wait()
        assert await refused(worker) == 503
        status, said = await health(worker)
        assert (status, said["active"], said["refusing"]) == (503, 1, "full")


async def test_a_late_loop_takes_no_more_calls_beside_those_it_has(workers):
    worker = await workers(Vendors([]))
    worker.lag._samples.extend([99.0] * 20)
    assert (await health(worker))[0] == 200
    async with calling(worker, spec()) as caller:
        await caller.ready.wait()
        worker.lag._samples.extend([99.0] * 20)
        assert await refused(worker) == 503
        worker.lag._samples.extend([0.001] * 20)
        assert (await health(worker))[0] == 200


async def test_draining_refuses_new_calls_and_hands_back_the_live_ones_after_their_turn(workers):
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        draining = asyncio.create_task(worker.drain())
        await asyncio.sleep(0)
        assert await refused(worker) == 503
        answer = await caller.until_heard(1)
        await draining
        await caller.over.wait()
    assert answer.text == HOURS
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.ended_by) == ("drained", "platform")
    assert caller.requests == []
    assert caller.snapshots[-1].messages[-1].text == HOURS


async def test_the_bridge_may_ask_one_call_to_drain(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec()) as caller, calling(worker, spec()) as other:
        await caller.until_heard(0)
        await caller.send(Drain().model_dump_json())
        await caller.over.wait()
        assert caller.finished is not None
        assert caller.finished.reason == "drained"
        assert not other.over.is_set()


@pytest.mark.parametrize(
    "first", ["not json", "{}", '{"type":"start"}', '{"type":"drain"}', b"\x00\xff\xff", '{"type":"start","spec":{}}']
)
async def test_a_call_that_does_not_begin_with_a_start_is_closed(workers, first, caplog):
    worker = await workers(Vendors([]))
    async with raw(worker) as socket:
        await socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert any("refused" in record.message for record in caplog.records)


async def test_a_silent_socket_is_closed_after_a_while(workers, monkeypatch):
    monkeypatch.setattr("media_worker.session.START_WITHIN", 0.2)
    worker = await workers(Vendors([]))
    async with raw(worker) as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)


async def test_malformed_messages_are_dropped_and_the_conversation_goes_on(workers, caplog):
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        for message in (
            "{",
            '{"type":"played"}',
            '{"type":"dtmf","digit":"x"}',
            b"",
            b"\x00",
            b"\x07abc",
            b"\x00" * 70_000,
        ):
            await caller.send(message)
        await caller.send(Start(spec=caller.spec).model_dump_json())
        caller.say(clip("slt_what_are_your_opening_hours"))
        assert (await caller.until_heard(1)).text == HOURS
    assert [record.message for record in caplog.records if "malformed" in record.message] == [
        "A malformed message was dropped: text"
    ]


async def test_a_bridge_that_sends_only_rubbish_is_left(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec()) as caller:
        await caller.ready.wait()
        for _ in range(30):
            await caller.send("rubbish")
        await caller.until(caller.over.is_set)
    assert caller.finished is not None
    assert caller.finished.reason == "platform_error"


async def test_a_message_too_large_ends_its_call_and_no_other(workers):
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spec()) as other, calling(worker, spec()) as caller:
        await caller.ready.wait()
        with suppress(ConnectionClosed, AttributeError):  # the far side may be gone before it has taken it all
            await caller.send("x" * (5 * 1024 * 1024))
        await caller.until(caller.over.is_set)
        await other.until_heard(0)
        other.say(clip("slt_what_are_your_opening_hours"))
        assert (await other.until_heard(1)).text == HOURS


async def test_a_socket_that_dies_takes_its_call_along(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec()) as caller:
        await caller.ready.wait()
        assert worker.active == 1
        caller._socket.transport.abort()
        await caller.over.wait()
    async with asyncio.timeout(5):
        await worker._empty.wait()
    assert worker.active == 0


async def test_logs_hold_no_word_of_what_was_said(workers, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    worker = await workers(Vendors(["what are your opening hours", "no thank you goodbye"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets")]
    assert not [line for line in ours if "opening" in line or "Saturdays" in line]
