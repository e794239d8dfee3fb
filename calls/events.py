"""Stores what bridges and workers tell of calls: once, in order, and never on the time of the audio.

One task per process takes what waits, and one thread writes it: a batch is one function that sets the agency's schema
and queries inside it. While PostgreSQL is away, what waits is kept (up to `MOST_WAITING`) and written when it is back.

    store.event(key, "worker", event)       # put down, returns at once
    store.end(key, End(EndedReason.…))      # after everything that was put down before it
    await store.settled()                   # everything so far is stored
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from agents.accounts import pools
from calls import lifecycle, live, turns
from calls.lifecycle import End
from calls.models import Call, CallEvent, CallSnapshot
from media_worker.contract.events import CallEvent as Told
from media_worker.contract.events import KeyTrouble, Snapshot
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)

MOST_WAITING = 50_000
AT_ONCE = 500
GATHER_SECONDS = 0.05
LONGEST_RETRY = 5.0


class Key(NamedTuple):
    schema: str
    call_id: UUID


@dataclass(frozen=True, slots=True)
class Happened:
    source: str
    seq: int
    at_ms: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alive:
    """The bridge holds the line."""


Note = Happened | Snapshot | Alive | End


class Store:
    """One per process: `calls.events.store`."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[tuple[Key, Note]] = deque()
        self._put = 0
        self._stored = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="call-events")

    def event(self, key: Key, source: str, event: Told) -> None:
        body = event.body.model_dump(mode="json")
        self.note(key, Happened(source, event.seq, event.at_ms, body.pop("kind"), _without_nul(body)))

    def snapshot(self, key: Key, snapshot: Snapshot) -> None:
        self.note(key, snapshot)

    def alive(self, key: Key) -> None:
        self.note(key, Alive())

    def end(self, key: Key, how: End) -> None:
        self.note(key, how)

    def note(self, key: Key, note: Note) -> None:
        """Never blocks. With no room left, only the end of a call is still taken: it is what others wait for."""
        if len(self._waiting) >= MOST_WAITING and not isinstance(note, End):
            self.dropped += 1
            if self.dropped % 1000 == 1:
                logger.error("%s events were dropped: they cannot be stored as fast as they come", self.dropped)
            return
        self._waiting.append((key, note))
        self._put += 1
        self._run()

    async def settled(self) -> None:
        """Return when everything that was put down before this is stored."""
        wanted = self._put
        while self._stored < wanted:
            self._progress.clear()
            await self._progress.wait()

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._progress = loop, asyncio.Event()
            self._task = loop.create_task(self._work(), name="call-events")

    async def _work(self) -> None:
        write = sync_to_async(_write, thread_sensitive=False, executor=self._thread)
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            wait = 0.2
            while not await write(batch):
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)
            self._stored += len(batch)
            self._progress.set()


store = Store()


def _write(batch: Sequence[tuple[Key, Note]]) -> bool:
    """On the store's thread. False: the database is away, try all of it again; what is stored already stays as it is."""
    for key, notes in _by_call(batch):
        try:
            with schema_context(key.schema):
                _write_call(key.call_id, notes)
        except (OperationalError, InterfaceError) as error:
            logger.warning("Events wait for the database: %s", type(error).__name__)
            connection.close()
            return False
        except Exception:
            logger.exception("The end of call %s could not be stored: the sweeper will end it", key.call_id)
    return True


def _by_call(batch: Sequence[tuple[Key, Note]]) -> Iterator[tuple[Key, list[Note]]]:
    """Calls apart, in order within each: one call's trouble is not another's."""
    ordered = sorted(enumerate(batch), key=lambda item: (item[1][0], item[0]))
    for key, items in groupby(ordered, key=lambda item: item[1][0]):
        yield key, [note for _, (_, note) in items]


def _write_call(call_id: UUID, notes: Sequence[Note]) -> None:
    began = time.monotonic()
    try:
        _store_told(call_id, notes)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Events of call %s were refused by the database and are lost", call_id)
    for note in notes:
        if isinstance(note, End):
            lifecycle.end(call_id, note)
    if time.monotonic() - began > 1.0:
        logger.warning("Storing %s events of one call took %.1f s", len(notes), time.monotonic() - began)


def _store_told(call_id: UUID, notes: Sequence[Note]) -> None:
    happened = [note for note in notes if isinstance(note, Happened)]
    with transaction.atomic():
        _keep_snapshot(call_id, [note for note in notes if isinstance(note, Snapshot)])
        new = _store_new(call_id, happened)
        changed = turns.build(call_id, new)
        _set_variables(call_id, new)
        Call.objects.filter(pk=call_id).exclude(status=Call.Status.ENDED).update(bridge_seen_at=timezone.now())
        if changed:
            live.publish(current_schema(), f"call:{call_id}", "turn", client_id=_client(call_id))
        elif new:
            live.publish(current_schema(), f"call:{call_id}", "event", client_id=_client(call_id))
        for event in new:
            if event.kind == "key_trouble":
                pools.troubled(call_id, KeyTrouble.model_validate(event.data))


def _store_new(call_id: UUID, happened: Sequence[Happened]) -> list[CallEvent]:
    """Those that were not stored before."""
    if not happened:
        return []
    seqs = {note.seq for note in happened}
    known = set(CallEvent.objects.filter(call_id=call_id, seq__in=seqs).values_list("source", "seq"))
    rows: dict[tuple[str, int], CallEvent] = {}
    for note in happened:
        if (note.source, note.seq) not in known:
            rows.setdefault(
                (note.source, note.seq),
                CallEvent(
                    call_id=call_id,
                    source=note.source,
                    seq=note.seq,
                    at_ms=max(0, note.at_ms),
                    kind=note.kind,
                    data=note.data,
                ),
            )
    return CallEvent.objects.bulk_create(rows.values(), ignore_conflicts=True)


def _keep_snapshot(call_id: UUID, snapshots: Sequence[Snapshot]) -> None:
    if not snapshots:
        return
    last = max(snapshots, key=lambda one: one.seq)
    known = CallSnapshot.objects.filter(call_id=call_id).values_list("seq", flat=True).first()
    if known is None or known <= last.seq:
        data = _without_nul(last.model_dump(mode="json"))
        CallSnapshot.objects.update_or_create(
            call_id=call_id, defaults={"turn": last.turn, "seq": last.seq, "data": data}
        )


def _set_variables(call_id: UUID, new: Sequence[CallEvent]) -> None:
    values = {event.data["name"]: event.data["value"] for event in new if event.kind == "variable_set"}
    if values:
        call = Call.objects.select_for_update().get(pk=call_id)
        call.data |= values
        call.save(update_fields=["data"])


def _client(call_id: UUID) -> UUID | None:
    return Call.objects.filter(pk=call_id).values_list("client_id", flat=True).first()


def _without_nul(value: Any) -> Any:
    """PostgreSQL refuses the character 0 in texts."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {name: _without_nul(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    return value
