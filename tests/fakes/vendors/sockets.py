"""What the fakes of streaming vendors share: a real server, faults, and what was seen.

    async with DeepgramServer(key="dg-alice") as server:
        server.heard = ["what are your opening hours"]
        server.faults = [Fault("status", status=429)]           # one for each connection, in order
        Provider(vendor="deepgram", base_url=server.base_url, api_key="dg-alice")

Speech is a tone of 55 ms per character whose pitch depends on the text, so that a test can tell whose sound it was. Ears
hear when it is loud: the first loud sound after a text takes the next line of `heard`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import numpy as np
from aiohttp import WSMsgType, web

from tests.fakes.served import Served

SECONDS_PER_CHARACTER = 0.055
LOUD = 300.0


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one connection or request.

    `status`   the handshake is answered with that HTTP status (429 with Retry-After)
    `html`     the handshake is answered with a proxy's error page, status 502
    `nobody`   the handshake is never answered
    `mute`     the connection is taken, and nothing is ever said
    `cut`      after `after` messages the connection breaks without a word
    `garbage`  from message `after` on, messages are not JSON
    `error`    after `after` messages the vendor's own error, then its own way to close
    """

    kind: Literal["status", "html", "nobody", "mute", "cut", "garbage", "error"]
    status: int = 500
    retry_after: int = 7
    after: int = 0
    what: str = ""


@dataclass
class Seen:
    """One connection: its path, query, headers in small letters, text messages, and how much sound came."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    texts: list[dict[str, Any]] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    sound: bytearray = field(default_factory=bytearray)
    pieces: list[int] = field(default_factory=list)
    closed: bool = False

    def one(self, name: str) -> str:
        (value,) = self.query[name]
        return value


class Talk:
    """One websocket, as a vendor's file sees it: `say` counts and applies the connection's fault."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, seen: Seen, fault: Fault | None) -> None:
        self.socket, self.request, self.seen, self.fault = socket, request, seen, fault
        self.said = 0
        self.error: Callable[[Fault], Awaitable[None]] | None = None

    async def say(self, message: dict[str, Any] | str | bytes) -> None:
        fault = self.fault
        if fault is not None and self.said >= fault.after:
            if fault.kind == "mute":
                return
            if fault.kind == "cut":
                assert self.request.transport is not None
                self.request.transport.abort()
                raise ConnectionResetError
            if fault.kind == "error" and self.error is not None:
                self.fault = None
                await self.error(fault)
                raise ConnectionResetError
            if fault.kind == "garbage":
                await self.socket.send_str("<html>{not json")
                self.said += 1
                return
        self.said += 1
        if isinstance(message, bytes):
            await self.socket.send_bytes(message)
        elif isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_str(json.dumps(message))

    async def close(self, code: int, reason: str = "") -> None:
        await self.socket.close(code=code, message=reason.encode())


@dataclass
class SocketVendor(Served):
    """`first` seconds until the first sound of an utterance, `pace` between its pieces, `piece` seconds in each."""

    key: str = "key-alice"
    heard: list[str] = field(default_factory=list)
    usual_heard: str = "what are your opening hours"
    confidence: float = 0.93
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    first: float = 0.0
    pace: float = 0.0
    piece: float = 0.1

    def application(self) -> web.Application:
        self.connections: set[web.WebSocketResponse] = set()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._enter)
        return app

    def runner(self) -> dict[str, Any]:
        return {"shutdown_timeout": 0.2}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in list(self.connections):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 0.5)
        await super().__aexit__(kind, error, trace)

    @property
    def base_url(self) -> str:
        return self.address

    # ── a vendor's own ───────────────────────────────────────────────────────────────────────────

    def authorized(self, seen: Seen) -> bool:
        raise NotImplementedError

    def refused(self) -> web.Response:
        return web.json_response({"error": "The key is not known."}, status=401)

    async def talk(self, talk: Talk) -> None:
        """A whole conversation; returns or raises ConnectionResetError at its end."""
        raise NotImplementedError

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        await talk.close(1011, "internal error")

    async def post(self, request: web.Request, seen: Seen, fault: Fault | None) -> web.StreamResponse:
        return web.Response(status=404)

    # ── the door ─────────────────────────────────────────────────────────────────────────────────

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        query = {name: request.query.getall(name) for name in request.query}
        seen = Seen(request.path, query, {name.lower(): value for name, value in request.headers.items()})
        self.seen.append(seen)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault.kind == "nobody":
            await asyncio.sleep(3600)
        if fault is not None and fault.kind == "html":
            page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
            return web.Response(status=502, text=page, content_type="text/html")
        if fault is not None and fault.kind == "status":
            answer = web.json_response({"error": f"It answers {fault.status}."}, status=fault.status)
            if fault.status == 429:
                answer.headers["Retry-After"] = str(fault.retry_after)
            return answer
        if not self.authorized(seen):
            return self.refused()
        if request.headers.get("Upgrade", "").lower() != "websocket":
            await asyncio.sleep(self.first)
            return await self.post(request, seen, fault)
        socket = web.WebSocketResponse(heartbeat=None)
        await socket.prepare(request)
        self.connections.add(socket)
        talk = Talk(socket, request, seen, fault)
        talk.error = lambda what: self.tell_error(talk, what)
        try:
            await self.talk(talk)
        except (ConnectionResetError, ConnectionError):
            pass
        finally:
            seen.closed = True
            self.connections.discard(socket)
        return socket


async def messages(talk: Talk) -> Any:
    """The client's messages: dictionaries and bytes, kept in `seen`."""
    async for message in talk.socket:
        if message.type is WSMsgType.TEXT:
            told = json.loads(message.data)
            talk.seen.texts.append(told)
            yield told
        elif message.type is WSMsgType.BINARY:
            yield message.data


class Listener:
    """Ears of one connection. `hear` returns the text so far when it has changed: a word more every 0.2 s of sound."""

    def __init__(self, server: SocketVendor, talk: Talk, rate: int) -> None:
        self._server, self._talk, self._rate = server, talk, rate
        self._words: list[str] = []
        self._loud = 0
        self._told = 0
        self.quiet = 0.0
        """Seconds since it was loud."""

    @property
    def hearing(self) -> bool:
        return bool(self._words)

    def hear(self, pcm: bytes) -> str:
        self._talk.seen.sound += pcm
        self._talk.seen.pieces.append(len(pcm))
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(float)
        if not len(samples) or np.sqrt(np.mean(samples**2)) < LOUD:
            self.quiet += len(samples) / self._rate
            return ""
        self.quiet = 0.0
        if not self._words:
            line = self._server.heard.pop(0) if self._server.heard else self._server.usual_heard
            self._words = line.split() or [""]
        self._loud += len(samples)
        words = min(len(self._words), 1 + int(self._loud / self._rate / 0.2))
        if words <= self._told:
            return ""
        self._told = words
        return " ".join(self._words[:words])

    def finish(self) -> str:
        """All of it, and it is over. Empty when nothing was loud."""
        text = " ".join(self._words)
        self._words, self._loud, self._told, self.quiet = [], 0, 0, 0.0
        return text

    def timed(self, text: str) -> list[dict[str, Any]]:
        return [
            {"word": word, "start": n * 0.2, "end": n * 0.2 + 0.2, "confidence": self._server.confidence}
            for n, word in enumerate(text.split())
        ]


def tone_for(text: str, rate: int) -> bytes:
    """16-bit PCM whose length and pitch belong to the text."""
    pitch = 200 + zlib.crc32(text.strip().encode()) % 400
    samples = np.arange(int(len(text.strip()) * SECONDS_PER_CHARACTER * rate))
    return (np.sin(samples * 2 * np.pi * pitch / rate) * 9000).astype("<i2").tobytes()


async def speak(server: SocketVendor, text: str, rate: int, piece: Callable[[bytes], Awaitable[None]]) -> None:
    """Hands out the text's tone piece by piece, at the server's pace."""
    tone = tone_for(text, rate)
    size = int(server.piece * rate) * 2
    if server.first:
        await asyncio.sleep(server.first)
    for start in range(0, len(tone), size):
        await piece(tone[start : start + size])
        await asyncio.sleep(server.pace)
