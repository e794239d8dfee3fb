"""A call from its first ring to its last row: a real Daphne, a carrier and a worker that the test plays."""

from __future__ import annotations

import pytest

from calls.aftercall.actions import ALWAYS
from calls.models import AfterCallJob, Call, CallEvent, Turn
from calls.recording import segments
from media_worker.contract import wire
from media_worker.contract.events import AgentTurn, Latency, UserTurn, VariableSet
from tests.calls.bridge.conftest import Stage

pytestmark = pytest.mark.live

HELLO = bytes(range(160))
GREETING = bytes(reversed(range(160)))


async def test_both_sides_hear_each_other(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        assert answer.verbs == ["Connect", "Redirect"]
        async with stream:
            session = await worker.ready()
            assert session.start.spec.caller == trunk.caller
            assert session.start.spec.audio.codec == "mulaw"
            assert session.start.resume is None
            await stream.say(HELLO)
            assert await session.hears(160) == HELLO
            await session.speak(GREETING)
            assert await stream.hears(160) == GREETING
            assert (await stage.call(trunk)).status == Call.Status.IN_PROGRESS
            await session.finish("agent_hangup", outcome="booked")
            await stream.is_closed()
            call = await stage.call(trunk)
            assert (call.status, call.ended_reason, call.ended_by) == ("ended", "agent_hangup", "agent")
            assert call.outcome == "booked"
        assert (await trunk.resume(answer)).verbs == ["Hangup"]


async def test_when_the_caller_hangs_up_the_worker_reports_first(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await stream.stop()
            hangup = await session.next(wire.Hangup)
            assert hangup.reason == "caller_hangup"
            await session.tell(AgentTurn(turn=0, text="Hello", started_ms=1, ended_ms=2))
            await session.finish("caller_hangup", ended_by="caller")
            call = await stage.ended(trunk)
    assert (call.ended_reason, call.ended_by, call.fault) == ("caller_hangup", "caller", "none")
    turns = await stage.read(lambda: list(Turn.objects.filter(call=call).values_list("role", "text")))
    assert turns == [("agent", "Hello")]
    jobs = await stage.read(lambda: AfterCallJob.objects.filter(call=call).count())
    assert jobs == len(ALWAYS)


async def test_a_mark_that_comes_back_after_a_clear_was_not_played(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.speak(GREETING)
            await session.send(wire.Mark(name="heard"))
            await stream.is_asked_for("heard")
            await stream.returns("heard")
            assert await session.next(wire.Played) == wire.Played(name="heard")
            await session.speak(GREETING)
            await session.send(wire.Mark(name="cut"))
            await session.send(wire.Clear())
            assert await session.next(wire.Played) == wire.Played(name="cut", cleared=True)
            await stream.is_cleared()
            await stream.returns("cut")
            await session.send(wire.Mark(name="after"))
            await stream.is_asked_for("after")
            await stream.returns("after")
            assert await session.next(wire.Played) == wire.Played(name="after")
            await session.finish()


async def test_a_pressed_key_reaches_the_worker(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await stream.press("5")
            assert (await session.next(wire.Dtmf)).digit == "5"
            await session.finish()


async def test_audio_before_the_worker_is_found_is_not_lost(stage: Stage) -> None:
    trunk = stage.trunk()
    _, stream = await trunk.talk()
    async with stream:
        for number in range(5):
            await stream.say(bytes([number]) * 160)
        async with stage.worker() as worker:
            session = await worker.session()
            heard = await session.hears(5 * 160)
            assert heard == b"".join(bytes([number]) * 160 for number in range(5))
            await session.finish()


async def test_turns_are_made_of_events_with_the_gap_on_the_wire(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.tell(UserTurn(turn=1, text="What does it cost?\x00", started_ms=10, ended_ms=20))
            await session.tell(Latency(turn=1, speech_end_ms=0, llm_vendor="builtin"))
            await session.tell(VariableSet(name="topic", value="price"))
            await session.send(wire.Speaking(turn=1))
            await session.speak(GREETING)
            await stream.hears(160)
            await session.tell(AgentTurn(turn=1, text="Ninety dollars.", started_ms=30, ended_ms=40))
            await session.snapshot(1, "open")
            await session.finish()
            call = await stage.ended(trunk)
    turns = await stage.read(lambda: {turn.role: turn for turn in Turn.objects.filter(call=call)})
    assert turns["user"].text == "What does it cost?"
    reply = turns["agent"]
    wire_ms = await stage.read(lambda: CallEvent.objects.get(call=call, kind="on_wire").at_ms)
    assert reply.stages["on_wire_ms"] == wire_ms
    assert reply.gap_ms == wire_ms
    assert call.data == {"topic": "price"}
    assert (await stage.read(lambda: call.snapshot.data))["node"] == "open"


async def test_both_sides_are_recorded(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await stream.say(HELLO)
            await session.hears(160)
            await session.speak(GREETING)
            await stream.hears(160)
            await session.finish()
            call = await stage.ended(trunk)
            await stream.is_closed()
    records = [
        record for name in segments.names("alice", call.pk) for record in segments.read("alice", call.pk, name).records
    ]
    assert [record.audio for record in records if record.track == segments.CALLER] == [HELLO]
    assert [record.audio for record in records if record.track == segments.AGENT] == [GREETING]


async def test_digits_are_sent_as_tones_in_the_agents_audio(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.send(wire.Request(id=7, action="send_digits", arguments={"digits": "12#"}))
            assert (await session.next(wire.Response)).ok
            await stream.hears(int(3 * 0.2 * 8000))
            await session.send(wire.Request(id=8, action="send_digits", arguments={"digits": "twelve"}))
            refused = await session.next(wire.Response)
            assert not refused.ok
            assert "0-9" in refused.error
            await session.finish()


async def test_two_calls_at_once_do_not_touch_each_other(stage: Stage) -> None:
    first, second = stage.trunk(), stage.trunk(caller="+14155550177")
    async with stage.worker() as worker:
        _, one = await first.talk()
        _, two = await second.talk()
        async with one, two:
            sessions = {session.start.spec.caller: session for session in (await worker.ready(), await worker.ready())}
            await one.say(b"\x01" * 160)
            await two.say(b"\x02" * 160)
            assert await sessions[first.caller].hears(160) == b"\x01" * 160
            assert await sessions[second.caller].hears(160) == b"\x02" * 160
            sessions[first.caller].die()
            await sessions[second.caller].speak(GREETING)
            assert await two.hears(160) == GREETING
            await sessions[second.caller].finish()
            assert (await stage.ended(second)).ended_reason == "agent_hangup"
