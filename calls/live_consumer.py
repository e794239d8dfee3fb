"""`/live`: a page names the topics it shows, `{"topics": ["calls", "call:<id>"]}`, and is told when they change.

server → `{"topic": …, "kind": …}`; changes of one topic and kind within `QUIET_SECONDS` are told once. The first that is
told of a topic is the kind `following`: what happened before it was not told, so the page asks for the topic once more.
A topic that the person may not see is not followed, and nothing tells them so. Naming topics again replaces them.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

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
LONGEST_MESSAGE = 4096
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


def named_topics(text: str) -> list[str] | None:
    """The topics of a page's message, MAX_TOPICS at most; None when it is no such message."""
    try:
        topics = json.loads(text)["topics"] if len(text) <= LONGEST_MESSAGE else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        return None
    return topics[:MAX_TOPICS]


class LiveConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.group = group(self.scope["agency"].schema_name)
        self.waiting: dict[tuple[str, str], None] = {}
        self.telling: asyncio.Task[None] | None = None
        if not await self._follow([]):
            return
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def _follow(self, topics: list[str]) -> bool:
        """Closes the socket, and says False, when the person may not see calls (any more)."""
        interest = await database_sync_to_async(interest_of, thread_sensitive=False)(self.scope, topics)
        if interest is None:
            await self.close(4401)
            return False
        self.interest = interest
        return True

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        topics = named_topics(text_data or "")
        if topics is None:
            await self.close(4400)
        elif await self._follow(topics):
            for topic in sorted(self.interest.topics):
                await self.send(json.dumps({"topic": topic, "kind": "following"}))

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
            changes, self.waiting = self.waiting, {}
            for topic, kind in changes:
                await self.send(json.dumps({"topic": topic, "kind": kind}))
            await asyncio.sleep(QUIET_SECONDS)
