"""The worker's door: who may come in, how many, and what happens when the worker has to go.

One process carries many calls on one event loop, so the loop's lag is everyone's lag: a worker whose loop is late takes
no more calls beside those it has, whatever its capacity says.
"""

from __future__ import annotations

import asyncio
import gc
import hmac
import json
import logging
import os
import socket as sockets
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus

from websockets.asyncio.server import Server as WebsocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import State

from media_worker.contract.wire import MAX_TEXT, PATH, TEXT_PATH
from media_worker.session import Session
from media_worker.text import TextSession

log = logging.getLogger(__name__)

MOST_LAG = 0.050
MOST_TEXTS = 8
"""Turns in writing at the same time, beside the calls and not counted among them."""

_SAMPLE = 0.1
_SAMPLES = 100
_RECENT = 20
_COLLECT_EVERY = 10


class LoopLag:
    """How late the event loop runs what it promised, in seconds, sampled ten times a second."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=_SAMPLES)

    async def run(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_SAMPLE)
            self._samples.append(max(0.0, time.monotonic() - before - _SAMPLE))

    @property
    def p99(self) -> float:
        """Of the last ten seconds."""
        ordered = sorted(self._samples)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else 0.0

    @property
    def overloaded(self) -> bool:
        """One hiccup is none: a tenth of the last two seconds' samples have to be late."""
        recent = sorted(list(self._samples)[-_RECENT:])
        return len(recent) == _RECENT and recent[int(len(recent) * 0.9)] > MOST_LAG


class Worker:
    """Serves calls on `host:port` until `drain` has let the last one go."""

    def __init__(
        self,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        capacity: int = 20,
        drain_seconds: float = 30.0,
        make_session: Callable[..., Session] = Session,
        make_text: Callable[..., TextSession] = TextSession,
    ) -> None:
        if not key:
            raise ValueError("A media worker needs a key: set MEDIA_WORKER_KEY.")
        self._key = key
        self._host = host
        self.port = port
        self.capacity = capacity
        self._drain_seconds = drain_seconds
        self._make_session = make_session
        self._make_text = make_text
        self._sessions: set[Session] = set()
        self._admitted: set[ServerConnection] = set()
        self._texts: set[ServerConnection] = set()
        self._ended = 0
        self._empty = asyncio.Event()
        self._server: WebsocketServer | None = None
        self._lag_task: asyncio.Task[None] | None = None
        self.lag = LoopLag()
        self.draining = False
        self.name = f"{sockets.gethostname()}:{os.getpid()}"

    async def start(self) -> None:
        self._server = await serve(
            self._serve,
            self._host,
            self.port,
            process_request=self._admit,
            compression=None,
            max_size=MAX_TEXT,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=2,
            server_header=None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._lag_task = asyncio.create_task(self.lag.run())
        log.info("Media worker listens on %s:%s for %s calls", self._host, self.port, self.capacity)

    async def stop(self) -> None:
        """Drain, then close what is still there."""
        await self.drain()
        if self._lag_task is not None:
            self._lag_task.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def drain(self) -> None:
        """Take no more calls; let the live ones finish their turn, for `drain_seconds` at most."""
        self.draining = True
        log.info("Draining: %s calls", len(self._sessions))
        if not self._sessions:
            return
        for session in list(self._sessions):
            session.drain()
        try:
            await asyncio.wait_for(self._empty.wait(), self._drain_seconds)
        except TimeoutError:
            log.warning("%s calls did not end in time", len(self._sessions))

    @property
    def active(self) -> int:
        self._admitted = {one for one in self._admitted if one.state is not State.CLOSED}
        return len(self._admitted)

    @property
    def health(self) -> dict[str, object]:
        refusing = self._refuses()
        return {
            "ready": refusing is None,
            "active": self.active,
            "capacity": self.capacity,
            "draining": self.draining,
            "loop_lag_p99_ms": round(self.lag.p99 * 1000, 1),
            "worker": self.name,
            "refusing": refusing or "",
        }

    def _refuses(self) -> str | None:
        if self.draining:
            return "draining"
        if self.active >= self.capacity:
            return "full"
        if self.active and self.lag.overloaded:
            return "overloaded"
        return None

    def _refuses_text(self) -> str | None:
        """Who tries an agent out waits before anybody on the phone does."""
        self._texts = {one for one in self._texts if one.state is not State.CLOSED}
        if self.draining:
            return "draining"
        if len(self._texts) >= MOST_TEXTS:
            return "full"
        return "overloaded" if self.active and self.lag.overloaded else None

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the upgrade: an answer that refuses, or None to let the call in."""
        path = request.path.partition("?")[0]
        if path == "/health":
            health = self.health
            answer = connection.respond(
                HTTPStatus.OK if health["ready"] else HTTPStatus.SERVICE_UNAVAILABLE, json.dumps(health) + "\n"
            )
            del answer.headers["Content-Type"]
            answer.headers["Content-Type"] = "application/json"
            return answer
        if path not in (PATH, TEXT_PATH):
            return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._key}".encode()):
            log.warning("A call was refused: wrong key")
            return connection.respond(HTTPStatus.UNAUTHORIZED, "Wrong key.\n")
        if why := self._refuses() if path == PATH else self._refuses_text():
            log.warning("A call was refused: %s", why)
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{why}\n")
        (self._admitted if path == PATH else self._texts).add(connection)
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        if connection in self._texts:
            await self._serve_text(connection)
            return
        session = self._make_session(connection, self.name)
        self._sessions.add(session)
        self._empty.clear()
        if self.draining:
            session.drain()
        try:
            await session.run()
        except Exception:
            log.exception("A session failed")
        finally:
            self._sessions.discard(session)
            self._admitted.discard(connection)
            if not self._sessions:
                self._empty.set()
            self._collect()

    async def _serve_text(self, connection: ServerConnection) -> None:
        try:
            await self._make_text(connection).run()
        except Exception:
            log.exception("A turn in writing failed")
        finally:
            self._texts.discard(connection)
            self._collect()

    def _collect(self) -> None:
        """Sessions are cyclic garbage of a megabyte each: collected after every tenth, or when nobody can notice."""
        self._ended += 1
        if self._ended % _COLLECT_EVERY == 0 or not self._sessions:
            gc.collect()
