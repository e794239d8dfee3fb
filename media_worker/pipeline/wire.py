"""The socket to the bridge as the session sees it: messages in order, `send` never waits, one task writes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from media_worker.contract.wire import AGENT, ToBridge

_TRACK = bytes([AGENT])
_MOST_UNSENT = 2000


class Wire:
    """Ordered sending without waiting. A bridge that stops reading is a dead bridge: `lost` is called once."""

    def __init__(self, socket: Connection, lost: Callable[[], None]) -> None:
        self._socket = socket
        self._lost = lost
        self._queue: deque[str | bytes] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._dead = False

    def send(self, message: ToBridge) -> None:
        self._put(message.model_dump_json())

    def audio(self, payload: bytes | memoryview) -> None:
        self._put(b"".join((_TRACK, payload)))

    def _put(self, data: str | bytes) -> None:
        if self._dead:
            return
        if len(self._queue) >= _MOST_UNSENT:
            self._die()
            return
        self._queue.append(data)
        self._idle.clear()
        self._wake.set()

    def _die(self) -> None:
        self._dead = True
        self._queue.clear()
        self._idle.set()
        self._lost()

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._socket.send(self._queue.popleft())
                self._idle.set()
        except ConnectionClosed:
            self._die()

    async def flush(self, seconds: float) -> None:
        """Until all is written, or the time is up."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            self._die()
