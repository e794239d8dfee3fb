"""The worker's side of a live call: one socket to one media worker, from `start` to `finished` or to its loss."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from calls.bridge.workers import Address, Workers
from media_worker.contract.events import Snapshot
from media_worker.contract.spec import CallSpec
from media_worker.contract.wire import AGENT, CALLER, Start, ToBridge, to_bridge

logger = logging.getLogger(__name__)

MOST_WAITING = 100
"""Frames of the caller that a worker may be behind (two seconds): what is older is no use to anybody."""

_CALLER = bytes([CALLER])
_closing: set[asyncio.Task[None]] = set()


class Relay:
    """Sending never blocks whoever carries the caller's audio: it goes out at once, without a task's turn in between,
    or, when the worker does not read fast enough, a task writes what waits, in order and joined."""

    def __init__(self, socket: ClientConnection, address: Address, workers: Workers) -> None:
        self.address = address
        self.dropped = 0
        self.malformed = 0
        self._socket = socket
        self._workers = workers
        self._waiting: deque[str | bytes] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        self._audio_waiting = 0
        self._writer = asyncio.create_task(self._write(), name="relay-writer")
        workers.calls[address] += 1

    @classmethod
    async def open(cls, workers: Workers, within: float, avoid: Address | None = None) -> Self:
        """Raises NoWorker."""
        address, socket = await workers.connect(within, avoid)
        return cls(socket, address, workers)

    def start(self, spec: CallSpec, resume: Snapshot | None, elapsed_ms: int, unnoticed: bool = False) -> None:
        self.send(Start(spec=spec, resume=resume, elapsed_ms=elapsed_ms, unnoticed=unnoticed))

    def repeat(self, samples: bytes) -> None:
        """What an earlier worker heard, as one message of its own, after `start` and before any audio."""
        self._waiting.append(samples)
        self._audio_waiting += 1
        self._wake.set()

    def send(self, message: BaseModel) -> None:
        text = message.model_dump_json()
        if self._may_write():
            self._socket.protocol.send_text(text.encode())
            self._socket.send_data()
            return
        self._waiting.append(text)
        self._wake.set()

    def audio(self, samples: bytes) -> None:
        if self._may_write():
            self._socket.protocol.send_binary(_CALLER + samples)
            self._socket.send_data()
            return
        if self._audio_waiting >= MOST_WAITING:
            self.dropped += 1
            return
        self._audio_waiting += 1
        self._waiting.append(samples)
        self._wake.set()

    async def messages(self) -> AsyncIterator[ToBridge | bytes]:
        """Agent audio as bytes, and messages; it ends when the socket does. What cannot be read is counted."""
        try:
            async for raw in self._socket:
                if isinstance(raw, bytes):
                    if len(raw) > 1 and raw[0] == AGENT:
                        yield raw[1:]
                    else:
                        self._drop("audio")
                    continue
                try:
                    message = to_bridge.validate_json(raw)
                except ValidationError:
                    self._drop("message")
                    continue
                yield message
        except ConnectionClosed:
            return

    def let_go(self) -> None:
        """Close without waiting: a worker that is gone takes its time to be found gone."""
        if self._closed:
            return
        self._closed = True
        self._workers.calls[self.address] -= 1
        self._writer.cancel()
        task = asyncio.create_task(self._socket.close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)

    def _may_write(self) -> bool:
        """Nothing waits before us, and the socket takes more: what `websockets` does in `send`, but for its waiting."""
        socket = self._socket
        return not self._waiting and socket.state is State.OPEN and not socket.paused

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._socket.send(self._next())
        except ConnectionClosed:
            return

    def _next(self) -> str | bytes:
        """A message, or the audio that waits, at most two frames of it in one."""
        first = self._waiting.popleft()
        if isinstance(first, str):
            return first
        self._audio_waiting -= 1
        if self._waiting and isinstance(self._waiting[0], bytes):
            second = self._waiting.popleft()
            assert isinstance(second, bytes)
            self._audio_waiting -= 1
            return _CALLER + first + second
        return _CALLER + first

    def _drop(self, what: str) -> None:
        self.malformed += 1
        if self.malformed == 1:
            logger.warning("A malformed %s from the media worker was dropped", what)
