"""What every fake language model's server shares: what it is to answer, what goes wrong, and what it saw.

A vendor's server adds its own paths, its own way of putting a key, and its own shape of a stream.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import web

from tests.fakes.served import Served
from tests.fakes.vendors.openai_server import Fault, Reply, say


@dataclass
class Seen:
    """One request as it came: its path with the query, headers with small letters, the body's fields."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes = b""
    aborted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class FakeMind(Served):
    """`pieces` and `refusal` are the vendor's own; `key` is what has to be at its place in a request."""

    key: str
    replies: list[Reply] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    word_seconds: float = 0.0
    stream_kind: ClassVar[str] = "text/event-stream"
    port: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self) -> list[str]:
        raise NotImplementedError

    def allowed(self, request: web.Request, raw: bytes) -> bool:
        raise NotImplementedError

    def refusal(self, status: int) -> web.Response:
        raise NotImplementedError

    def pieces(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        raise NotImplementedError

    def broken_off(self, status: int) -> bytes:
        """How the vendor says within a stream that something went wrong."""
        raise NotImplementedError

    def runner(self) -> dict[str, Any]:
        return {"shutdown_timeout": 0.2, "handler_cancellation": True, "access_log": None}

    def application(self) -> web.Application:
        app = web.Application(client_max_size=32 * 2**20)
        for route in self.routes():
            app.router.add_post(route, self._answer)
        return app

    @property
    def base_url(self) -> str:
        return self.address

    async def until_seen(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.raw_path, headers, json.loads(raw), raw)
        self.seen.append(seen)
        self._arrived.set()
        fault = self.faults.pop(0) if self.faults else None
        if not self.allowed(request, raw):
            return self.refusal(401)
        if fault is not None and fault.kind == "html":
            return web.Response(status=200, text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")
        if fault is not None and fault.kind == "status":
            answer = self.refusal(fault.status)
            if fault.status == 429:
                answer.headers["Retry-After"] = str(fault.retry_after)
            return answer
        reply = say("We are open from nine to six.")
        if self.replies and (fault is None or fault.kind != "silence"):
            reply = self.replies.pop(0)
        response = web.StreamResponse(headers={"Content-Type": self.stream_kind})
        try:
            if fault is not None and fault.kind == "silence":
                await asyncio.sleep(3600)
            await response.prepare(request)
            await self._stream(request, response, reply, seen, fault)
        except (ConnectionResetError, asyncio.CancelledError):
            seen.aborted.set()
            raise
        return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, reply: Reply, seen: Seen, fault: Fault | None
    ) -> None:
        number = 0
        async for piece in self.pieces(seen.body, reply):
            if fault is not None and (fault.kind == "empty" or number >= fault.after):
                break
            await response.write(piece)
            await asyncio.sleep(self.word_seconds)
            number += 1
        if fault is not None and fault.kind == "within":
            await response.write(self.broken_off(fault.status))
        if fault is not None and fault.kind == "stall":
            await asyncio.sleep(3600)
        if fault is not None and fault.kind == "cut":
            assert request.transport is not None
            request.transport.abort()
        await response.write_eof()
