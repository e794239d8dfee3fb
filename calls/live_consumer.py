"""`/live?topic=calls&topic=call:<id>`: a page names the topics it shows and is told when they change.

server → `{"topic": …, "kind": …}`; changes of a topic that come too soon after the last are told later, once. What the
page says is not read. A topic that the person may not see is not followed, and nothing tells them so.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import ValidationError
from django_tenants.utils import schema_context

from calls.live import group
from calls.models import Call
from tenants import access
from tenants.access import Permission
from tenants.people.websocket import person_of

QUIET_CALL_SECONDS = 0.3
QUIET_SECONDS = {"calls": 1.0, "home": 3.0}  # a busy agency's lists are asked for again no more often than this
MAX_TOPICS = 20
WITHOUT_A_CALL = frozenset({"calls", "home"})


@dataclass(frozen=True)
class Interest:
    """`clients` None: every client's changes."""

    topics: frozenset[str]
    clients: frozenset[str] | None


def interest_of(scope: dict[str, Any], topics: list[str]) -> Interest | None:
    """What of `topics` the person of this handshake may follow; None when they may not see calls at all."""
    schema = scope["agency"].schema_name
    person = person_of(scope)
    if person is None or schema == "public" or not access.may(person, Permission.VIEW_CALLS):
        return None
    with schema_context(schema):
        calls = access.visible(person, Call.objects.all())
        ids = access.client_ids(person)
        return Interest(
            frozenset(topic for topic in topics if topic in WITHOUT_A_CALL or _is_call(calls, topic)),
            None if ids is None else frozenset(str(key) for key in ids),
        )


def _is_call(calls: Any, topic: str) -> bool:
    kind, _, key = topic.partition(":")
    try:
        return kind == "call" and calls.filter(pk=key).exists()
    except (ValidationError, ValueError):
        return False


class LiveConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.group = group(self.scope["agency"].schema_name)
        self.waiting: dict[tuple[str, str], None] = {}
        self.quiet_until: dict[str, float] = {}
        self.telling: asyncio.Task[None] | None = None
        topics = parse_qs(self.scope["query_string"].decode("latin-1")).get("topic", [])[:MAX_TOPICS]
        interest = await database_sync_to_async(interest_of, thread_sensitive=False)(self.scope, topics)
        if interest is None:
            await self.close(4401)
            return
        self.interest = interest
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)
        if self.telling is not None:
            self.telling.cancel()

    async def live_changed(self, message: dict[str, str]) -> None:
        if message["topic"] not in self.interest.topics:
            return
        if self.interest.clients is not None and message["client"] not in self.interest.clients:
            return
        self.waiting[message["topic"], message["kind"]] = None
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self.waiting:
            now = time.monotonic()
            due = [change for change in self.waiting if now >= self.quiet_until.get(change[0], 0.0)]
            for topic, kind in due:
                del self.waiting[topic, kind]
                self.quiet_until[topic] = now + QUIET_SECONDS.get(topic, QUIET_CALL_SECONDS)
                await self.send(json.dumps({"topic": topic, "kind": kind}))
            await asyncio.sleep(QUIET_CALL_SECONDS)
