"""A call gives its keys back when it ends, and what its worker tells of them reaches the account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.accounts import actions as accounts
from agents.accounts import pools
from agents.accounts.actions import AccountDraft
from agents.models import KeyLease, ProviderKey
from calls import events, lifecycle
from calls.events import Happened
from calls.lifecycle import End, EndedReason
from calls.models import Call
from media_worker.contract.events import KeyTrouble
from tests.world import World

pytestmark = pytest.mark.db


@pytest.fixture
def key(agency: World) -> ProviderKey:
    return accounts.create(agency.alice, AccountDraft("openai", "Main", api_key="sk-main-key-123456")).keys.get()


@pytest.fixture
def call(agency: World, key: ProviderKey) -> Call:
    """A live call that holds the key."""
    call = Call.objects.create(client=agency.bright_dental, carrier="web", direction="web", status="in_progress")
    pools.take(call.pk, [key.account_id], [key.account_id], timezone.now() + timedelta(hours=1))
    return call


def told(call: Call, seq: int, body: KeyTrouble) -> None:
    data = body.model_dump(mode="json")
    events._store_told(call.pk, [Happened("worker", seq, 10 * seq, data.pop("kind"), data)])


def test_the_end_of_a_call_gives_its_key_back(call: Call) -> None:
    assert KeyLease.objects.filter(call_id=call.pk).count() == 1
    assert lifecycle.end(call.pk, End(EndedReason.CALLER_HANGUP))
    assert not KeyLease.objects.exists()


def test_trouble_that_a_worker_tells_is_stored_and_acted_on_once(call: Call, key: ProviderKey) -> None:
    trouble = KeyTrouble(key=str(key.pk), what="rate_limited", retry_after=60)
    told(call, 1, trouble)
    told(call, 1, trouble)
    key.refresh_from_db()
    assert key.rate_limited_count == 1
    assert key.cools(timezone.now())
    assert call.events.filter(kind="key_trouble").count() == 1
    told(call, 2, KeyTrouble(key=str(key.pk), what="refused"))
    key.refresh_from_db()
    assert key.refused_at is not None
