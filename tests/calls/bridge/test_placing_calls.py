"""Calls we place: a real REST server that plays Twilio, a real Daphne, a worker that the test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from calls import outbound
from calls.models import Call, CarrierAccount
from calls.phone.caller import Caller
from calls.phone.twilio import RATE
from calls.sweep import sweep
from tests.calls.bridge.carrier import AUTH_TOKEN
from tests.calls.bridge.conftest import Stage
from tests.fakes.twilio import Callee, FakeTwilio

pytestmark = pytest.mark.live

ALICES_PHONE = "+14155552671"


@pytest.fixture
async def twilio(stage: Stage) -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio(stage.account.account_sid, AUTH_TOKEN) as server:
        where = {"api_base_url": server.base_url}
        await stage.read(lambda: CarrierAccount.objects.filter(pk=stage.account.pk).update(**where))
        yield server


async def placed(stage: Stage, **more: Any) -> Call:
    """A queued call; nobody dials it until the test does."""
    return await stage.read(lambda: outbound.place(outbound.Order(stage.agent, ALICES_PHONE, **more)))


async def dial(stage: Stage, call: Call) -> None:
    await stage.read(lambda: outbound.dial(call.pk))


async def now(stage: Stage, call: Call) -> Call:
    return await stage.read(lambda: Call.objects.get(pk=call.pk))


async def ended(stage: Stage, call: Call) -> Call:
    await stage.stored(Call.objects.filter(pk=call.pk, status=Call.Status.ENDED))
    return await now(stage, call)


async def test_a_placed_call_is_answered_and_talked_to(stage: Stage, twilio: FakeTwilio) -> None:
    twilio.answers(ALICES_PHONE, Callee(Caller([], RATE)))
    call = await placed(stage, variables={"patient": "Peter"})
    assert (call.status, call.direction, call.caller) == ("queued", "outbound", stage.number.number)
    async with stage.worker() as worker:
        await dial(stage, call)
        session = await worker.ready()
        assert session.start.spec.direction == "outbound"
        assert session.start.spec.variables["patient"] == "Peter"
        live = await now(stage, call)
        assert (live.status, live.answered_by) == ("in_progress", "human")
        await session.finish("agent_hangup")
        await twilio.finished(ALICES_PHONE)
    over = await ended(stage, call)
    assert (over.ended_reason, over.sip_code) == ("agent_hangup", 200)
    assert len(twilio.calls) == 1


async def test_a_second_delivery_of_the_task_does_not_dial_again(stage: Stage, twilio: FakeTwilio) -> None:
    call = await placed(stage)
    await asyncio.gather(*(dial(stage, call) for _ in range(4)))
    assert len(twilio.calls) == 1
    await twilio.finished(ALICES_PHONE)


@pytest.mark.parametrize(
    ("status", "reason"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "carrier_failed")]
)
async def test_a_call_that_nobody_takes_ends_with_the_carriers_word(
    stage: Stage, twilio: FakeTwilio, status: str, reason: str
) -> None:
    twilio.answers(ALICES_PHONE, Callee(status=status))
    call = await placed(stage)
    await dial(stage, call)
    over = await ended(stage, call)
    assert (over.ended_reason, over.sip_code) == (reason, 486)


async def test_a_refusal_carries_the_carriers_words(stage: Stage, twilio: FakeTwilio) -> None:
    twilio.fails_next = [(400, 21219, "The number is unverified")]
    call = await placed(stage)
    await dial(stage, call)
    over = await now(stage, call)
    assert (over.status, over.ended_reason, over.fault) == ("ended", "carrier_refused", "carrier")
    assert "unverified" in over.ended_detail
    assert not twilio.calls


async def test_too_many_requests_dial_nothing(stage: Stage, twilio: FakeTwilio) -> None:
    twilio.fails_next = [(429, 20429, "Too many requests")]
    call = await placed(stage)
    await dial(stage, call)
    assert (await now(stage, call)).ended_reason == "carrier_unreachable"


async def test_a_lost_answer_is_reconciled_and_never_dialled_again(stage: Stage, twilio: FakeTwilio) -> None:
    twilio.answers(ALICES_PHONE, Callee(status="busy", rings_for=0.5))
    twilio.loses_answers = 1
    call = await placed(stage)
    await dial(stage, call)
    over = await ended(stage, call)
    assert over.carrier_call_id in twilio.calls
    assert over.ended_reason == "busy"
    assert len(twilio.calls) == 1


async def test_a_failing_carrier_that_placed_nothing_is_found_out(
    stage: Stage, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio.fails_next = [(500, 20500, "Internal error"), (500, 20500, "Internal error")]
    call = await placed(stage)
    await dial(stage, call)
    assert (await now(stage, call)).status == "dialing"
    monkeypatch.setattr("calls.sweep.WAITS_FOR_DIALLING", -outbound.LISTED_WITHIN)
    monkeypatch.setattr(outbound, "LISTED_WITHIN", -outbound.LISTED_WITHIN)
    await stage.read(sweep)
    over = await now(stage, call)
    assert (over.ended_reason, over.fault) == ("dial_outcome_unknown", "carrier")
    assert not twilio.calls


async def test_the_same_idempotency_key_gives_the_same_call(stage: Stage, twilio: FakeTwilio) -> None:
    key = f"order-{stage.number.pk}"
    one = await placed(stage, idempotency_key=key)
    two = await placed(stage, idempotency_key=key)
    assert one.pk == two.pk
