"""A media worker that does what a test tells it, speaking the internal wire over a real socket.

async with ScriptedWorker(port, key) as worker:
    session = await worker.session()          # a bridge has connected and sent `start`
    await session.send(wire.Ready())
    await session.speak(b"\\xff" * 160)
    played = await session.next(wire.Played)
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from media_worker.contract import wire
from media_worker.contract.events import CallEvent, EventBody, Snapshot

M = TypeVar("M", bound=BaseModel)
PATIENCE = 10.0


class Session:
    """One call at this worker. `heard` is the caller's audio so far."""

    def __init__(self, socket: ServerConnection, start: wire.Start) -> None:
        self.socket = socket
        self.start = start
        self.heard = bytearray()
        self.frames = 0
        self.closed = asyncio.Event()
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._audio = asyncio.Event()
        self._seq = start.resume.seq if start.resume else 0

    async def listen(self) -> None:
        try:
            async for raw in self.socket:
                if isinstance(raw, bytes):
                    assert raw[0] == wire.CALLER
                    self.heard += raw[1:]
                    self.frames += 1
                    self._audio.set()
                else:
                    self._messages.put_nowait(wire.to_worker.validate_json(raw))
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()

    async def next(self, kind: type[M]) -> M:
        """The next message of this kind; others before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._messages.get()
                if isinstance(message, kind):
                    return message

    async def hears(self, samples: int) -> bytes:
        """Wait until so many bytes of the caller were heard."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < samples:
                self._audio.clear()
                await self._audio.wait()
        return bytes(self.heard)

    async def send(self, message: BaseModel) -> None:
        await self.socket.send(message.model_dump_json())

    async def speak(self, samples: bytes) -> None:
        await self.socket.send(bytes([wire.AGENT]) + samples)

    async def tell(self, body: EventBody, at_ms: int = 0) -> CallEvent:
        self._seq += 1
        event = CallEvent(seq=self._seq, at_ms=at_ms, body=body)
        await self.send(wire.Event(event=event))
        return event

    async def snapshot(self, turn: int, node: str = "start") -> Snapshot:
        snapshot = Snapshot(turn=turn, seq=self._seq, at_ms=0, node=node)
        await self.send(wire.SnapshotTaken(snapshot=snapshot))
        return snapshot

    async def finish(self, reason: str = "agent_hangup", **more: Any) -> None:
        await self.send(wire.Finished(reason=reason, **more))
        await self.socket.close()

    def die(self) -> None:
        """As a process that was killed: no goodbye."""
        self.socket.transport.abort()


class ScriptedWorker:
    """`full` answers 503. Sessions queue up in the order in which bridges connect."""

    def __init__(self, port: int, key: str, *, full: bool = False) -> None:
        self.port, self.key, self.full = port, key, full
        self.asked = 0
        self._sessions: asyncio.Queue[Session] = asyncio.Queue()
        self._server: Server | None = None

    async def session(self) -> Session:
        async with asyncio.timeout(PATIENCE):
            return await self._sessions.get()

    async def ready(self) -> Session:
        """A session that has said it listens."""
        session = await self.session()
        await session.send(wire.Ready())
        return session

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._admit, compression=None, ping_interval=None
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "Wrong key.\n")
        if self.full:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        first = wire.to_worker.validate_json(await socket.recv())
        assert isinstance(first, wire.Start)
        session = Session(socket, first)
        self._sessions.put_nowait(session)
        await session.listen()
