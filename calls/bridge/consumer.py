"""`/media/<carrier>/<ticket>`: takes the carrier's socket, and nothing stands between its frames and the bridge.

An ASGI application of its own inside Channels' routing: the stock consumer makes a hop to the one thread that all
database work shares on every message, so one slow query anywhere would delay every caller's audio.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from calls.bridge.bridging import Bridging
from calls.bridge.desk import command_group
from calls.bridge.line import Clock, Line, Receive, Send
from calls.bridge.opening import Handshake, HandshakeRefused, Opened, caught_up, open_call
from calls.bridge.workers import workers
from calls.events import Key, store
from calls.reasons import meaning
from calls.recording.writer import SegmentWriter
from tenants.agencies.middleware import deny

logger = logging.getLogger(__name__)

EARLIER_WITHIN = 4.0

_running: set[asyncio.Task[None]] = set()
"""Calls outlive their sockets by moments: a task that nobody holds may vanish."""

_leaving = asyncio.Event()

_held: dict[Key, Bridging] = {}
"""By call, the bridge of its latest leg in this process."""


async def media(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application of a media socket."""
    if (await receive())["type"] != "websocket.connect":
        return
    try:
        if _leaving.is_set():
            raise HandshakeRefused(503, "this process is about to go")
        opened = await _open(_handshake(scope))
    except HandshakeRefused as refused:
        logger.warning("A media socket was refused: %s", refused.why)
        await deny(dict(scope), send, refused.status, "This address opens no call.")
        return
    await send({"type": "websocket.accept"})
    task = asyncio.create_task(_hold(opened, receive, send), name=f"bridge-{opened.call_id}")
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.shield(task)


async def hand_back(within: float) -> None:
    """This process is about to go: no call comes in any more, and those that are live go back to their carriers, which
    bring them to another. Returns when all are stored and closed."""
    _leaving.set()
    held = list(_held.values())
    if held:
        logger.info("Handing back %s calls", len(held))
        await asyncio.gather(*(bridging.hand_back(within) for bridging in held))
        await asyncio.wait(_running, timeout=within)


async def nothing_here(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """A websocket address that does not exist."""
    await receive()
    await deny(dict(scope), send, 404, "There is nothing here.")


def _handshake(scope: Mapping[str, Any]) -> Handshake:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    named = scope["url_route"]["kwargs"]
    host = headers.get("host", "").rsplit(":", 1)[0].lower()
    return Handshake(scope["agency"].schema_name, host, named["carrier"], named["ticket"], headers)


async def _open(handshake: Handshake) -> Opened:
    try:
        return await database_sync_to_async(open_call, thread_sensitive=False)(handshake)
    except HandshakeRefused:
        raise
    except Exception as error:
        logger.exception("A media socket could not be opened")
        raise HandshakeRefused(503, type(error).__name__) from error


async def _hold(opened: Opened, receive: Receive, send: Send) -> None:
    audio = opened.carrier.capabilities.audio
    loop = asyncio.get_running_loop()
    bridging: Bridging | None = None

    def lost(sentence: str) -> None:
        if bridging is not None:
            loop.call_soon_threadsafe(bridging.lost_recording, sentence)

    recorder = SegmentWriter(opened.schema, opened.call_id, audio.codec, audio.rate, on_lost=lost)
    line = Line(receive, send, opened.carrier.codec(), recorder, Clock(opened.elapsed_ms))
    if opened.refusal is not None:
        store.end(Key(opened.schema, opened.call_id), opened.refusal)
        await store.settled()
        await line.close(opened.refusal.reason, opened.refusal.detail or meaning(opened.refusal.reason).sentence)
        return
    key = Key(opened.schema, opened.call_id)
    opened = await _after_earlier(opened, key)
    bridging = _held[key] = Bridging(opened, line, store, workers)
    orders = asyncio.create_task(_orders(opened, bridging))
    try:
        await bridging.run()
    except Exception:
        logger.exception("Call %s: its bridge failed", opened.call_id)
    finally:
        bridging.reported.set()
        if _held.get(key) is bridging:
            del _held[key]
        orders.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await orders


async def _after_earlier(opened: Opened, key: Key) -> Opened:
    """A line that comes back at once finds its earlier bridge still hearing the worker out: go on from the end of it."""
    earlier = _held.get(key)
    if earlier is None:
        return opened
    try:
        async with asyncio.timeout(EARLIER_WITHIN):
            await earlier.reported.wait()
            await store.settled()
    except TimeoutError:
        logger.warning("Call %s goes on without the last words of its earlier bridge", opened.call_id)
    return await database_sync_to_async(caught_up, thread_sensitive=False)(opened)


async def _orders(opened: Opened, bridging: Bridging) -> None:
    """What staff ask for comes over the channel layer; without it a call runs all the same."""
    layer = get_channel_layer()
    if layer is None:
        return
    group = command_group(opened.schema, opened.call_id)
    try:
        channel = await layer.new_channel("bridge")
        await layer.group_add(group, channel)
        try:
            while True:
                message = await layer.receive(channel)
                bridging.order(message["command"])
        finally:
            await layer.group_discard(group, channel)
    except Exception as error:
        logger.warning("Call %s cannot be reached from pages: %s", opened.call_id, type(error).__name__)
