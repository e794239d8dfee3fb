"""Two keys share the calls of an account; a worker that is refused says so, and the next call begins with the other."""

from __future__ import annotations

import pytest

from agents import actions
from agents.accounts import actions as accounts
from agents.accounts import keys
from agents.accounts.actions import AccountDraft
from agents.accounts.keys import KeyDraft
from agents.models import Agent, KeyLease, ProviderAccount, ProviderKey
from calls.models import CallEvent
from media_worker.contract.events import KeyTrouble
from tenants.people.models import User
from tests.calls.bridge.conftest import Stage

pytestmark = pytest.mark.live


def two_keys(agent: Agent) -> ProviderAccount:
    """The agent thinks with an account of two keys, and is published so."""
    alice = User.objects.get(email="alice@alice.example")
    account = accounts.create(alice, AccountDraft("openai", f"For {agent.name}", api_key="sk-the-first-key-0001"))
    keys.add(alice, account, KeyDraft("Key 2", "sk-the-second-key-0002"))
    agent.refresh_from_db()
    models = agent.draft["models"] | {"llm": {"account": str(account.pk), "vendor": "openai", "options": {}}}
    actions.save_draft(alice, agent, agent.draft | {"models": models}, agent.draft_revision)
    actions.publish(alice, agent, anyway=True)
    return account


async def test_keys_are_shared_set_aside_and_given_back(stage: Stage) -> None:
    account = await stage.read(lambda: two_keys(stage.agent))
    first, second = await stage.read(lambda: list(account.keys.all()))
    leases = KeyLease.objects.filter(key__account=account)
    async with stage.worker() as worker:
        one, two = stage.trunk(), stage.trunk()
        _, line = await one.talk()
        async with line:
            session = await worker.ready()
            llm = session.start.spec.agent.providers.llm
            assert (llm.key, llm.alias) == (str(first.pk), "Key 1")
            assert [key.alias for key in llm.keys] == ["Key 1", "Key 2"]
            _, other_line = await two.talk()
            async with other_line:
                other = await worker.ready()
                assert other.start.spec.agent.providers.llm.alias == "Key 2"
                assert await stage.read(leases.count) == 2
                await session.tell(KeyTrouble(key=str(first.pk), what="refused"))
                await stage.stored(ProviderKey.objects.filter(pk=first.pk, refused_at__isnull=False))
                await other.tell(KeyTrouble(key=str(second.pk), what="rate_limited", retry_after=600))
                await stage.stored(ProviderKey.objects.filter(pk=second.pk, cooling_until__isnull=False))
                await other.finish("agent_hangup")
                await stage.ended(two)
            await session.finish("agent_hangup")
            await stage.ended(one)
        assert await stage.read(leases.count) == 0

        third = stage.trunk()
        _, line = await third.talk()
        async with line:
            session = await worker.ready()
            llm = session.start.spec.agent.providers.llm
            assert [key.alias for key in llm.keys] == ["Key 2"], "the one that only cools is the less bad"
            await session.finish("agent_hangup")
            call = await stage.ended(third)
    told = CallEvent.objects.filter(call=call, kind="fault", data__stage="keys")
    await stage.stored(told)
    (fault,) = await stage.read(lambda: list(told))
    assert "All keys of the account" in fault.data["message"]
    assert (fault.source, fault.data["whose"], fault.data["fatal"]) == ("bridge", "customer", False)
