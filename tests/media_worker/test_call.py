"""A caller and an agent, from greeting to goodbye."""

from __future__ import annotations

import pytest

from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Vendors

pytestmark = pytest.mark.unit


async def test_a_caller_asks_and_says_goodbye(workers):
    worker = await workers(Vendors(["what are your opening hours", "no thank you goodbye"]))
    async with calling(worker, spec()) as caller:
        greeting = await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
        caller.say(clip("slt_goodbye"))
        await caller.over.wait()
    assert (greeting.text, answer.text) == (GREETING, HOURS)
    assert caller.transcript() == [
        ("agent", GREETING),
        ("user", "what are your opening hours"),
        ("agent", HOURS),
        ("user", "no thank you goodbye"),
        ("agent", "Thank you for calling. Goodbye."),
    ]
    assert [request.action for request in caller.requests] == ["hangup"]
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.outcome) == ("agent_hangup", "answered")


async def test_a_hello_on_picking_up_does_not_cost_the_greeting(workers):
    worker = await workers(Vendors(["hello", "what are your opening hours"]))
    async with calling(worker, spec()) as caller:
        caller.say(clip("hello"))
        greeting = await caller.until_heard(0)
        assert (greeting.text, greeting.interrupted) == (GREETING, False)
        assert caller.transcript() == [("user", "hello"), ("agent", GREETING)]
        caller.say(clip("slt_what_are_your_opening_hours"))
        assert (await caller.until_heard(2)).text == HOURS
    assert not caller.clears
