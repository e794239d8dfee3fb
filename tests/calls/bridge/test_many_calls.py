"""Many calls of two agencies at the same moment: everyone gets their own."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from django_tenants.utils import schema_context

from agents import actions
from calls.models import Call, CarrierAccount, PhoneNumber
from media_worker.contract.events import UserTurn
from tenants.clients.models import Client
from tests.calls.bridge.carrier import AUTH_TOKEN, Trunk
from tests.calls.bridge.conftest import PURPOSE, Stage
from tests.fakes.worker import ScriptedWorker

pytestmark = pytest.mark.live
CALLS = 12


def charlies_number() -> tuple[str, str]:
    with schema_context("charlie"):
        client = Client.objects.create(name="Rival's client", slug=f"rival-{secrets.token_hex(4)}")
        agent = actions.create(
            None, client, name="Charlie's desk", call_type="inbound", purpose=PURPOSE, ask_model=False
        ).agent
        account = CarrierAccount.objects.create(
            carrier="twilio", label="Line", account_sid=f"AC{secrets.token_hex(16)}", auth_token=AUTH_TOKEN
        )
        number = f"+1415{secrets.randbelow(10**7):07}"
        PhoneNumber.objects.create(number=number, account=account, client=client, agent=agent)
        return account.account_sid, number


async def one(trunk: Trunk, worker: ScriptedWorker) -> None:
    """A call that says its own number and hears it back."""
    _, stream = await trunk.talk()
    mine = trunk.call_sid.encode()
    async with stream:
        await stream.say(mine)
        assert await stream.hears(len(mine)) == mine
        await stream.is_closed(20)


async def echo(worker: ScriptedWorker, agencies: list[str]) -> None:
    session = await worker.ready()
    heard = await session.hears(34)
    await session.tell(UserTurn(turn=1, text=heard.decode(), started_ms=0, ended_ms=1))
    agencies.append(session.start.spec.agency)
    await session.speak(heard)
    await session.finish()


async def test_many_calls_of_two_agencies_do_not_mix(stage: Stage) -> None:
    account, number = await stage.read(charlies_number)
    theirs = stage.stack.base_url.replace("alice.", "charlie.")
    trunks = [stage.trunk() if n % 2 else Trunk(theirs, account, number) for n in range(CALLS)]
    agencies: list[str] = []
    async with stage.worker() as worker:
        await asyncio.gather(*(one(trunk, worker) for trunk in trunks), *(echo(worker, agencies) for _ in range(CALLS)))
    assert sorted(agencies) == ["alice"] * (CALLS // 2) + ["charlie"] * (CALLS // 2)

    def said(schema: str) -> set[tuple[str, str]]:
        with schema_context(schema):
            mine = [trunk.call_sid for trunk in trunks]
            rows = Call.objects.filter(carrier_call_id__in=mine, status="ended", ended_reason="agent_hangup")
            return set(rows.values_list("carrier_call_id", "turns__text"))

    for schema, parity in (("alice", 1), ("charlie", 0)):
        expected = {(trunk.call_sid, trunk.call_sid) for n, trunk in enumerate(trunks) if n % 2 == parity}
        assert await asyncio.to_thread(said, schema) == expected
