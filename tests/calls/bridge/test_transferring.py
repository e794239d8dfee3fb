"""The agent passes a call on, over the carrier's REST API."""

from __future__ import annotations

import pytest

from calls.models import Call, CarrierAccount
from media_worker.contract import wire
from tests.calls.bridge.carrier import AUTH_TOKEN
from tests.calls.bridge.conftest import Stage
from tests.fakes.twilio import FakeTwilio, PlacedCall

pytestmark = pytest.mark.live
COLLEAGUE = "+14155552671"


async def test_a_call_is_transferred_and_ends_for_the_agent(stage: Stage) -> None:
    trunk = stage.trunk()
    async with FakeTwilio(stage.account.account_sid, AUTH_TOKEN) as twilio, stage.worker() as worker:
        where = {"api_base_url": twilio.base_url}
        await stage.read(lambda: CarrierAccount.objects.filter(pk=stage.account.pk).update(**where))
        twilio.calls[trunk.call_sid] = PlacedCall(trunk.call_sid, {"To": trunk.called, "From": trunk.caller})
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.send(wire.Request(id=4, action="transfer", arguments={"to": COLLEAGUE}))
            assert (await session.next(wire.Response)).ok
            document = twilio.requests[-1][2]["Twiml"]
            assert f'<Dial callerId="{trunk.called}">{COLLEAGUE}</Dial>' in document
            assert (await stage.call(trunk)).status == Call.Status.TRANSFERRING
            await stream.stop()
            await session.next(wire.Hangup)
            await session.finish("transferred")
        call = await stage.ended(trunk)
    assert (call.ended_reason, call.ended_by) == ("transferred", "agent")


async def test_a_transfer_that_is_refused_leaves_the_caller_with_the_agent(stage: Stage) -> None:
    trunk = stage.trunk()
    async with FakeTwilio(stage.account.account_sid, AUTH_TOKEN) as twilio, stage.worker() as worker:
        where = {"api_base_url": twilio.base_url}
        await stage.read(lambda: CarrierAccount.objects.filter(pk=stage.account.pk).update(**where))
        twilio.fails_next = [(400, 21220, "Call is not in-progress. Cannot redirect.")]
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            await session.send(wire.Request(id=4, action="transfer", arguments={"to": COLLEAGUE}))
            answer = await session.next(wire.Response)
            assert not answer.ok
            assert "Cannot redirect" in answer.error
            assert (await stage.call(trunk)).status == Call.Status.IN_PROGRESS
            await session.finish()
        assert (await stage.ended(trunk)).ended_reason == "agent_hangup"
