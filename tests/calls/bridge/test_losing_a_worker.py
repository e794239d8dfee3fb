"""Workers that are full, dead or die in the midst of a call: the caller stays on the line."""

from __future__ import annotations

import asyncio
import signal

import pytest

from calls.bridge import clips
from calls.models import Call, CallEvent, CallSnapshot, PhoneNumber
from calls.phone.report import PhoneError
from media_worker.contract import wire
from media_worker.contract.events import AgentTurn, UserTurn
from media_worker.contract.spec import AudioFormat
from tests.calls.bridge.conftest import Stage

pytestmark = pytest.mark.live

MULAW = AudioFormat(codec="mulaw", rate=8000)
HELLO = bytes(range(160))
QUESTION = bytes(reversed(range(160)))


async def test_when_every_worker_is_full_the_caller_is_told(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker(full=True) as one, stage.worker(1, full=True) as two:
        answer, stream = await trunk.talk()
        async with stream:
            await stream.is_closed()
        assert one.asked
        assert two.asked
    call = await stage.ended(trunk)
    assert (call.ended_reason, call.fault) == ("busy_no_capacity", "platform")
    busy = await trunk.resume(answer)
    assert busy.verbs == ["Say", "Hangup"]
    assert "busy" in busy.said


async def test_when_every_worker_is_full_the_caller_gets_what_the_agency_chose(stage: Stage) -> None:
    chosen = {"busy_sentence": "All our chairs are taken.", "busy_transfer_to": "+14155550123"}
    await stage.read(lambda: PhoneNumber.objects.filter(pk=stage.number.pk).update(**chosen))
    trunk = stage.trunk()
    async with stage.worker(full=True), stage.worker(1, full=True):
        answer, stream = await trunk.talk()
        async with stream:
            await stream.is_closed()
    assert (await stage.ended(trunk)).ended_reason == "busy_no_capacity"
    busy = await trunk.resume(answer)
    assert busy.verbs == ["Say", "Dial"]
    assert (busy.said, busy.dialled) == ("All our chairs are taken.", "+14155550123")


async def test_a_full_worker_is_passed_over(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker(full=True), stage.worker(1) as free:
        _, stream = await trunk.talk()
        async with stream:
            session = await free.ready()
            await session.finish()
        assert (await stage.ended(trunk)).ended_reason == "agent_hangup"


async def test_without_any_worker_the_call_ends_with_an_apology(stage: Stage) -> None:
    trunk = stage.trunk()
    answer, stream = await trunk.talk()
    async with stream:
        await stream.is_closed()
    assert (await stage.ended(trunk)).ended_reason == "no_worker"
    assert (await trunk.resume(answer)).verbs == ["Say", "Hangup"]


async def test_a_killed_worker_is_replaced_while_the_caller_hears_a_hold_clip(stage: Stage) -> None:
    trunk = stage.trunk()
    hold = clips.clip(clips.HOLD, MULAW)
    async with stage.worker() as first:
        _, stream = await trunk.talk()
        async with stream:
            session = await first.ready()
            await session.tell(AgentTurn(turn=0, text="Hello", started_ms=0, ended_ms=9))
            await session.snapshot(0, "open")
            late = await session.tell(AgentTurn(turn=1, text="Told after the snapshot", started_ms=10, ended_ms=19))
            await session.send(wire.Mark(name="gone"))
            await stream.is_asked_for("gone")
            async with stage.worker(1) as second:
                session.die()
                assert await stream.hears(len(hold)) == hold
                taken = await second.ready()
                assert taken.start.resume is not None
                assert taken.start.resume.node == "open"
                assert taken.start.resume.seq == late.seq
                assert taken.start.elapsed_ms > 0
                await stream.returns("gone")
                await stream.say(HELLO)
                assert await taken.hears(160) == HELLO
                await taken.speak(HELLO)
                assert (await stream.hears(len(hold) + 160))[-160:] == HELLO
                await taken.tell(AgentTurn(turn=1, text="Go on", started_ms=20, ended_ms=29))
                await taken.finish()
    call = await stage.ended(trunk)
    assert call.ended_reason == "agent_hangup"
    said = await stage.read(lambda: list(call.turns.values_list("turn", "part", "text")))
    assert said == [(0, 0, "Hello"), (1, 0, "Told after the snapshot"), (1, 1, "Go on")]
    kinds = await stage.read(lambda: set(CallEvent.objects.filter(call=call, source="bridge").values_list("kind")))
    assert ("fault",) in kinds


async def test_what_the_caller_was_saying_is_repeated_to_the_next_worker(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as first:
        _, stream = await trunk.talk()
        async with stream:
            session = await first.ready()
            await stream.say(HELLO)
            await session.hears(160)
            await session.tell(UserTurn(turn=1, text="Hello", started_ms=0, ended_ms=60_000))
            await session.snapshot(1, "open")
            await stage.stored(CallSnapshot.objects.filter(call__carrier_call_id=trunk.call_sid))
            await stream.say(QUESTION)
            await session.hears(320)
            async with stage.worker(1) as second:
                session.die()
                taken = await second.ready()
                assert not taken.start.unnoticed
                assert await taken.hears(160) == QUESTION
                await taken.finish()
    assert (await stage.ended(trunk)).ended_reason == "agent_hangup"


async def test_when_no_worker_is_left_the_caller_hears_an_apology(stage: Stage) -> None:
    trunk = stage.trunk()
    said = clips.clip(clips.HOLD, MULAW) + clips.clip(clips.SORRY, MULAW)
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await worker.stop()
            session.die()
            await stream.is_closed(seconds=25)
            assert bytes(stream.heard) == said
    call = await stage.ended(trunk)
    assert (call.ended_reason, call.fault) == ("worker_lost", "platform")
    assert (await trunk.resume(answer)).verbs == ["Hangup"]


async def test_a_draining_worker_hands_the_call_on_without_a_word(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as first:
        _, stream = await trunk.talk()
        async with stream:
            session = await first.ready()
            await session.snapshot(0, "open")
            async with stage.worker(1) as second:
                await session.finish("drained")
                taken = await second.ready()
                assert taken.start.resume is not None
                assert taken.start.unnoticed
                await taken.speak(HELLO)
                assert await stream.hears(160) == HELLO
                await taken.finish()
        assert (await stage.ended(trunk)).ended_reason == "agent_hangup"


async def test_a_line_that_comes_back_goes_on_with_the_same_call(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.snapshot(2, "open")
            await stage.stored(CallSnapshot.objects.filter(call__carrier_call_id=trunk.call_sid))
        await session.next(wire.Hangup)
        await session.finish("carrier_connection_lost")
        again = await trunk.resume(answer)
        assert again.verbs == ["Connect", "Redirect"]
        async with await trunk.stream(again.stream_url) as stream:
            taken = await worker.ready()
            assert taken.start.resume is not None
            assert taken.start.resume.turn == 2
            assert taken.start.spec.call_id == session.start.spec.call_id
            await taken.speak(HELLO)
            assert await stream.hears(160) == HELLO
            await taken.finish()
        call = await stage.ended(trunk)
    assert (call.ended_reason, call.media_leg) == ("agent_hangup", 2)


async def test_a_killed_bridge_is_replaced_and_the_conversation_goes_on(stage: Stage) -> None:
    trunk = stage.trunk()
    web = stage.stack.web
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.tell(AgentTurn(turn=0, text="Hello", started_ms=0, ended_ms=9))
            await session.snapshot(3, "open")
            await stage.stored(CallSnapshot.objects.filter(call__carrier_call_id=trunk.call_sid))
            web.kill()
            await stream.is_closed()
        web.start()  # on this thread: the process dies with the thread that started it
        again = await trunk.resume(answer)
        assert again.verbs == ["Connect", "Redirect"]
        async with await trunk.stream(again.stream_url) as stream:
            taken = await worker.ready()
            assert taken.start.spec.call_id == session.start.spec.call_id
            assert taken.start.resume is not None
            assert (taken.start.resume.turn, taken.start.resume.node) == (3, "open")
            assert taken.start.elapsed_ms > 0
            await taken.speak(HELLO)
            assert await stream.hears(160) == HELLO
            await taken.finish()
        call = await stage.ended(trunk)
    assert (call.ended_reason, call.media_leg) == ("agent_hangup", 2)
    assert await stage.read(lambda: call.turns.count()) == 1


async def test_a_bridge_that_is_told_to_stop_hands_its_calls_back_to_the_carrier(stage: Stage) -> None:
    trunk = stage.trunk()
    web = stage.stack.web
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            web.process.send_signal(signal.SIGTERM)
            await session.next(wire.Drain)
            await session.tell(AgentTurn(turn=0, text="Hello", started_ms=0, ended_ms=9))
            await session.snapshot(4, "open")
            with pytest.raises(PhoneError):
                await trunk.ring()
            await session.finish("drained")
            await stream.is_closed()
        assert await asyncio.to_thread(web.process.wait, 10) == 0
        assert (await stage.call(trunk)).status == Call.Status.IN_PROGRESS
        web.start()
        again = await trunk.resume(answer)
        assert again.verbs == ["Connect", "Redirect"]
        async with await trunk.stream(again.stream_url) as stream:
            taken = await worker.ready()
            assert taken.start.resume is not None
            assert (taken.start.resume.turn, taken.start.resume.node) == (4, "open")
            await taken.finish()
        call = await stage.ended(trunk)
    assert (call.ended_reason, call.media_leg) == ("agent_hangup", 2)
    assert await stage.read(lambda: list(call.turns.values_list("text", flat=True))) == ["Hello"]


async def test_a_line_that_does_not_come_back_ends_the_call(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
        await session.next(wire.Hangup)
        await session.finish("carrier_connection_lost")
        call = await stage.ended(trunk, seconds=20)
    assert (call.ended_reason, call.fault) == ("carrier_connection_lost", "carrier")
