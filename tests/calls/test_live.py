"""`/live` through a real Daphne and a real Redis: who is told of what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django_tenants.utils import schema_context
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agents.models import Agent
from calls import live
from calls.models import Call
from tenants.people.models import User
from tests.calls.history import make_call
from tests.live import LiveStack
from tests.world import World

pytestmark = pytest.mark.live


@pytest.fixture
def stack(world: World, live_stack: LiveStack, settings: LazySettings) -> LiveStack:
    """Messages of this process go where the stack's processes listen."""
    layer = {**django_settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [{"address": live_stack.redis_url}]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    assert get_channel_layer() is not None
    return live_stack


@pytest.fixture
def calls(world: World, stack: LiveStack) -> Iterator[dict[str, Call]]:
    with schema_context("alice"):
        made = {}
        for name, client in (("dental", world.bright_dental), ("garage", world.corner_garage)):
            agent, _ = Agent.objects.get_or_create(client=client, name=name)
            made[name] = make_call(agent, timezone.now())
    yield made
    with schema_context("alice"):
        Call.objects.filter(pk__in=[call.pk for call in made.values()]).delete()


def session_of(person: User, schema: str) -> str:
    """The cookie of a fresh session."""
    with schema_context(schema):
        store = import_module(django_settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY] = str(person.pk)
        store[BACKEND_SESSION_KEY] = django_settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = person.get_session_auth_hash()
        store.save()
        return str(store.session_key)


def watch(stack: LiveStack, cookie: str, *topics: str, agency: str = "alice", origin: str = "") -> connect:
    query = "&".join(f"topic={topic}" for topic in topics)
    host = f"{agency}.localhost:{stack.port}"
    return connect(
        f"ws://{host}/live?{query}",
        host="127.0.0.1",
        port=stack.port,
        origin=origin or f"http://{host}",  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{django_settings.SESSION_COOKIE_NAME}={cookie}"},
    )


async def told(page: ClientConnection, count: int) -> set[tuple[str, str]]:
    """The next messages as (topic, kind), until `count` different ones have come."""
    heard: set[tuple[str, str]] = set()
    async with asyncio.timeout(10):
        while len(heard) < count:
            message: dict[str, Any] = json.loads(await page.recv())
            assert set(message) == {"topic", "kind"}
            heard.add((message["topic"], message["kind"]))
    return heard


async def say(call: Call, kind: str, schema: str = "alice") -> None:
    def in_schema() -> None:
        with schema_context(schema):
            live.call_changed(call, kind)

    await asyncio.to_thread(in_schema)


async def test_a_page_is_told_of_its_topics_and_of_nothing_else(
    world: World, stack: LiveStack, calls: dict[str, Call]
) -> None:
    cookie = await asyncio.to_thread(session_of, world.alice, "alice")
    mine, other = calls["dental"], calls["garage"]
    async with watch(stack, cookie, f"call:{mine.pk}", "home") as page:
        await say(other, "turn")
        await say(mine, "turn")
        await say(mine, "ended")
        expected = {("home", "turn"), (f"call:{mine.pk}", "turn"), (f"call:{mine.pk}", "ended"), ("home", "ended")}
        assert await told(page, 4) == expected


async def test_a_client_is_told_of_their_own_calls_only(world: World, stack: LiveStack, calls: dict[str, Call]) -> None:
    cookie = await asyncio.to_thread(session_of, world.dana, "alice")
    mine, other = calls["dental"], calls["garage"]
    async with watch(stack, cookie, "calls", f"call:{mine.pk}", f"call:{other.pk}") as page:
        await say(other, "secret")
        await say(mine, "turn")
        assert await told(page, 2) == {("calls", "turn"), (f"call:{mine.pk}", "turn")}


async def test_changes_in_quick_succession_are_told_once(
    world: World, stack: LiveStack, calls: dict[str, Call]
) -> None:
    cookie = await asyncio.to_thread(session_of, world.alice, "alice")
    async with watch(stack, cookie, "calls") as page:
        for _ in range(20):
            await say(calls["dental"], "turn")
        await say(calls["dental"], "ended")
        heard = []
        async with asyncio.timeout(10):
            while not heard or heard[-1]["kind"] != "ended":
                heard.append(json.loads(await page.recv()))
        assert len(heard) < 20


async def test_another_agency_hears_nothing_of_it(world: World, stack: LiveStack, calls: dict[str, Call]) -> None:
    cookie = await asyncio.to_thread(session_of, world.charlie, "charlie")
    async with watch(stack, cookie, "calls", f"call:{calls['dental'].pk}", agency="charlie") as page:
        await say(calls["dental"], "turn")
        await asyncio.to_thread(live.publish, "charlie", "calls", "own")
        assert await told(page, 1) == {("calls", "own")}


@pytest.mark.parametrize("why", ["no session", "another agency's session", "another site's page", "unknown host"])
async def test_who_may_not_watch_is_refused_before_accept(world: World, stack: LiveStack, why: str) -> None:
    cookie = await asyncio.to_thread(session_of, world.alice, "alice")
    page = {
        "no session": lambda: watch(stack, "nonsense", "calls"),
        "another agency's session": lambda: watch(stack, cookie, "calls", agency="charlie"),
        "another site's page": lambda: watch(stack, cookie, "calls", origin="https://evil.example"),
        "unknown host": lambda: watch(stack, cookie, "calls", agency="nobody"),
    }[why]()
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        async with page as opened:
            await opened.recv()
