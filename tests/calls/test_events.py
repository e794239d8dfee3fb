"""What bridges tell is stored once, in order, and survives a database that is away."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connections
from django_tenants.utils import schema_context

from calls import events
from calls.events import Key, Store
from calls.lifecycle import End, EndedReason
from calls.models import Call, CallEvent, Turn
from media_worker.contract.events import AgentTurn, Latency, NodeEntered, OnWire, Snapshot, UserTurn
from media_worker.contract.events import CallEvent as Told

pytestmark = pytest.mark.db


async def ask(question, schema: str = "alice"):  # type: ignore[no-untyped-def]
    def inside():  # type: ignore[no-untyped-def]
        try:
            with schema_context(schema):
                return question()
        finally:
            connections.close_all()

    return await asyncio.to_thread(inside)


async def made(schema: str = "alice", pk: UUID | None = None) -> Key:
    call = await ask(
        lambda: Call.objects.create(
            pk=pk or uuid4(), carrier="twilio", direction="inbound", status="in_progress", media_leg=1
        ),
        schema,
    )
    return Key(schema, call.pk)


def told(seq: int, body: object, at_ms: int = 0) -> Told:
    return Told(seq=seq, at_ms=at_ms, body=body)  # type: ignore[arg-type]


async def test_events_that_are_told_twice_are_stored_once(committed: str) -> None:
    store, key = Store(), await made()
    for _ in range(3):
        for seq in range(1, 6):
            store.event(key, "worker", told(seq, UserTurn(turn=seq, text=f"{seq}", started_ms=0, ended_ms=1)))
        await store.settled()
    assert await ask(lambda: CallEvent.objects.filter(call=key.call_id).count()) == 5
    assert await ask(lambda: Turn.objects.filter(call=key.call_id).count()) == 5


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_a_replys_stages_find_it_in_any_order(committed: str, order: tuple[int, ...]) -> None:
    store, key = Store(), await made()
    tellings = [
        ("worker", told(1, Latency(turn=1, speech_end_ms=1000, stt_final_ms=1100))),
        ("bridge", told(1, OnWire(turn=1), at_ms=1450)),
        ("worker", told(2, AgentTurn(turn=1, text="Yes.", started_ms=1450, ended_ms=2000))),
    ]
    for index in order:
        store.event(key, *tellings[index])
        await store.settled()
    reply = await ask(lambda: Turn.objects.get(call=key.call_id))
    assert reply.gap_ms == 450
    assert reply.stages["stt_final_ms"] == 1100


async def test_the_end_comes_after_everything_told_before_it(committed: str) -> None:
    store, key = Store(), await made()
    for seq in range(1, 700):
        store.event(key, "worker", told(seq, NodeEntered(node="open")))
    store.end(key, End(EndedReason.AGENT_HANGUP, leg=1))
    await store.settled()
    call = await ask(lambda: Call.objects.get(pk=key.call_id))
    assert call.status == "ended"
    assert await ask(lambda: CallEvent.objects.filter(call=call).count()) == 699


async def test_agencies_do_not_mix(committed: str) -> None:
    same = uuid4()
    store, alices, charlies = Store(), await made("alice", same), await made("charlie", same)
    for seq in range(1, 40):
        store.event(alices, "worker", told(seq, NodeEntered(node="hers")))
        store.event(charlies, "worker", told(seq, NodeEntered(node="his")))
    await store.settled()
    for schema, node in (("alice", "hers"), ("charlie", "his")):
        nodes = await ask(lambda: {event.data["node"] for event in CallEvent.objects.all()}, schema)
        assert nodes == {node}


async def test_an_older_snapshot_does_not_replace_a_newer_one(committed: str) -> None:
    store, key = Store(), await made()
    store.snapshot(key, Snapshot(turn=2, seq=9, at_ms=0, node="later"))
    await store.settled()
    store.snapshot(key, Snapshot(turn=1, seq=4, at_ms=0, node="earlier"))
    await store.settled()
    assert await ask(lambda: Call.objects.get(pk=key.call_id).snapshot.data["node"]) == "later"


async def test_while_the_database_is_away_nothing_is_lost(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, key = Store(), await made()
    write, away = events._write_call, [True, True, True]

    def flaky(*args):  # type: ignore[no-untyped-def]
        if away:
            away.pop()
            raise OperationalError("the database is away")
        return write(*args)

    monkeypatch.setattr(events, "_write_call", flaky)
    store.event(key, "worker", told(1, NodeEntered(node="open")))
    store.end(key, End(EndedReason.AGENT_HANGUP, leg=1))
    await store.settled()
    assert not away
    assert await ask(lambda: Call.objects.get(pk=key.call_id).status) == "ended"
    assert await ask(lambda: CallEvent.objects.count()) == 1


async def test_one_call_that_cannot_be_stored_holds_up_no_other(committed: str) -> None:
    store, key, ghost = Store(), await made(), Key("alice", uuid4())
    store.event(ghost, "worker", told(1, NodeEntered(node="open")))
    store.event(key, "worker", told(1, NodeEntered(node="open")))
    await store.settled()
    assert await ask(lambda: CallEvent.objects.filter(call=key.call_id).count()) == 1


async def test_when_nothing_fits_any_more_ends_are_still_taken(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_WAITING", 3)
    store, key = Store(), await made()
    for seq in range(1, 10):
        store.event(key, "worker", told(seq, NodeEntered(node="open")))
    store.end(key, End(EndedReason.AGENT_HANGUP, leg=1))
    await store.settled()
    assert store.dropped == 6
    assert await ask(lambda: Call.objects.get(pk=key.call_id).status) == "ended"
