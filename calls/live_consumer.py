"""`/live`: a page names the topics it shows and is told when they change.

browser → `{"topics": ["calls", "call:<id>"]}`, replacing what it asked for before
server  → `{"topic": …, "kind": …}`; changes of one topic and kind within `QUIET_SECONDS` are told once
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import ValidationError
from django_tenants.utils import schema_context

from calls.live import group
from calls.models import Call
from tenants import access
from tenants.access import Permission
from tenants.people.websocket import person_of

QUIET_SECONDS = 0.3
MAX_TOPICS = 20
WITHOUT_A_CALL = frozenset({"calls", "home"})


def may_watch(scope: dict[str, Any]) -> bool:
    return scope["agency"].schema_name != "public" and access.may(person_of(scope), Permission.VIEW_CALLS)


def allowed(scope: dict[str, Any], topics: list[str]) -> tuple[frozenset[str], frozenset[str] | None]:
    """Those of the topics that this person may follow now, and the clients whose changes they are told (None: all).

    The session is asked again each time, so that signing out and a changed role count.
    """
    person = person_of(scope)
    if person is None:
        return frozenset(), frozenset()
    with schema_context(scope["agency"].schema_name):
        calls = access.visible(person, Call.objects.all())
        ids: list[UUID] | None = access.client_ids(person)
        mine = None if ids is None else frozenset(str(key) for key in ids)
        return frozenset(topic for topic in topics if topic in WITHOUT_A_CALL or _is_call(calls, topic)), mine


def _is_call(calls: Any, topic: str) -> bool:
    kind, _, key = topic.partition(":")
    try:
        return kind == "call" and calls.filter(pk=key).exists()
    except (ValidationError, ValueError):
        return False


class LiveConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.schema: str = self.scope["agency"].schema_name
        self.topics: frozenset[str] = frozenset()
        self.clients: frozenset[str] | None = frozenset()
        self.waiting: dict[tuple[str, str], None] = {}
        self.telling: asyncio.Task[None] | None = None
        if not await database_sync_to_async(may_watch, thread_sensitive=False)(self.scope):
            await self.close(4401)
            return
        await self.channel_layer.group_add(group(self.schema), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(group(self.schema), self.channel_name)
        if self.telling is not None:
            self.telling.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        topics = _read_topics(text_data)
        if topics is None:
            await self.close(4400)
            return
        self.topics, self.clients = await database_sync_to_async(allowed, thread_sensitive=False)(self.scope, topics)
        await self.send(json.dumps({"following": sorted(self.topics)}))

    async def live_changed(self, message: dict[str, str]) -> None:
        if message["topic"] not in self.topics:
            return
        if self.clients is not None and message["client"] not in self.clients:
            return
        self.waiting[message["topic"], message["kind"]] = None
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self.waiting:
            changes, self.waiting = self.waiting, {}
            for topic, kind in changes:
                await self.send(json.dumps({"topic": topic, "kind": kind}))
            await asyncio.sleep(QUIET_SECONDS)


def _read_topics(text: str | None) -> list[str] | None:
    try:
        topics = json.loads(text or "")["topics"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(topics, list) or len(topics) > MAX_TOPICS or not all(isinstance(t, str) for t in topics):
        return None
    return topics
