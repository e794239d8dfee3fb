"""One websocket to a vendor. Opening is bounded; sending never waits, one task writes; what piles up breaks the line."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from media_worker.providers.http import tls
from media_worker.providers.streaming.wire import Door, Message, VendorSilent

OPEN_SECONDS = 3.0
CLOSE_SECONDS = 0.5
LARGEST = 4 * 2**20
_MOST_UNSENT = 2000


class LineBroken(ConnectionError):
    """The connection ended, and nobody here had asked for it."""


class _Connect(connect):
    """A vendor's address is where its key goes: redirects are not followed."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Line:
    """Use `open`, then iterate; `aclose` when done. `failure` says why the iteration ended, once it has."""

    def __init__(self, socket: ClientConnection, why: Callable[[int, str], Exception | None]) -> None:
        self._socket = socket
        self._why = why
        self._unsent: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._writer = asyncio.create_task(self._write(), name="line")

    @classmethod
    async def open(cls, door: Door, why: Callable[[int, str], Exception | None]) -> Self:
        """Raises websockets' InvalidStatus when the vendor refuses, OSError or TimeoutError when it cannot be reached."""
        try:
            socket = await _Connect(
                door.url,
                additional_headers=dict(door.headers),
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=10,
                ping_timeout=10,
                max_size=LARGEST,
                compression=None,
                proxy=None,
                ssl=tls() if door.url.startswith("wss:") else None,
            )
        except TimeoutError as error:
            raise VendorSilent("The vendor did not answer.") from error
        line = cls(socket, why)
        line.send(door.hello)
        return line

    def send(self, messages: Iterable[Message]) -> None:
        self._unsent.extend(messages)
        if len(self._unsent) > _MOST_UNSENT:
            self._unsent.clear()
            self._socket.transport.abort()
        self._wake.set()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._unsent:
                    await self._socket.send(self._unsent.popleft())

    async def receive(self) -> Message:
        """The next message. Raises LineBroken, or what the vendor's close code means."""
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            reason = error.rcvd.reason if error.rcvd else ""
            told = self._why(code, reason)
            if told is not None:
                raise told from error
            raise LineBroken(f"The vendor ended the connection ({code}).") from error
        except WebSocketException as error:
            raise LineBroken(f"The vendor's connection broke: {type(error).__name__}.") from error

    async def aclose(self, goodbye: Iterable[Message] = ()) -> None:
        """Sends what is left to say, and closes. Bounded in time."""
        self._writer.cancel()
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                for message in goodbye:
                    await self._socket.send(message)
        with suppress(Exception):
            await self._socket.close()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._writer, return_exceptions=True)
