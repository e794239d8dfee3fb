"""Which media worker takes a call: of two that are picked at random, the one that has fewer of our calls."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import time
from collections import Counter

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from media_worker.contract.wire import MAX_TEXT, PATH
from voiceops.lib.workers import Address, headers, named, netloc, told

__all__ = ["Address", "NoWorker", "Workers", "workers"]

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
KNOWN_SECONDS = 5.0
PING_SECONDS = 2.0
PONG_SECONDS = 4.0


class NoWorker(Exception):
    """`full`: some answered, and all of those had no room."""

    def __init__(self, full: bool) -> None:
        super().__init__("every worker is full" if full else "no worker can be reached")
        self.full = full


class _Refused(Exception):
    def __init__(self, full: bool) -> None:
        super().__init__()
        self.full = full


class Workers:
    """One per process. It counts this process's calls per address, which is what two choices are compared by."""

    def __init__(self) -> None:
        self.calls: Counter[Address] = Counter()
        self._known: list[Address] = []
        self._known_until = 0.0

    async def connect(self, within: float, avoid: Address | None = None) -> tuple[Address, ClientConnection]:
        """An open socket to a worker that took the call. Raises NoWorker when none does in `within` seconds.

        Full workers are asked again until then: calls end all the time. `avoid` is asked last.
        """
        until = time.monotonic() + within
        full = False
        while True:
            for address in self._order(await self._addresses(), avoid):
                left = until - time.monotonic()
                if left <= 0:
                    break
                try:
                    return address, await self._open(address, min(left, CONNECT_SECONDS))
                except _Refused as refused:
                    full = full or refused.full
            if time.monotonic() + 0.25 >= until:
                raise NoWorker(full)
            await asyncio.sleep(0.25)

    def _order(self, addresses: list[Address], avoid: Address | None) -> list[Address]:
        """Two at random, the less busy first; then the others, in case both refuse."""
        shuffled = random.sample(addresses, len(addresses))
        pair = sorted(shuffled[:2], key=lambda address: self.calls[address])
        return sorted(pair + shuffled[2:], key=lambda address: address == avoid)

    async def _open(self, address: Address, within: float) -> ClientConnection:
        try:
            return await connect(
                f"ws://{netloc(address)}{PATH}",
                additional_headers=headers(),
                proxy=None,
                compression=None,
                open_timeout=within,
                close_timeout=1,
                ping_interval=PING_SECONDS,
                ping_timeout=PONG_SECONDS,
                max_size=MAX_TEXT,
                user_agent_header=None,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status != 503:
                logger.error(
                    "The media worker at %s answered %s: is MEDIA_WORKER_KEY the same?", netloc(address), status
                )
            raise _Refused(full=status == 503) from None
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
            logger.warning("The media worker at %s cannot be reached: %s", netloc(address), type(error).__name__)
            raise _Refused(full=False) from None

    async def _addresses(self) -> list[Address]:
        if time.monotonic() < self._known_until and self._known:
            return self._known
        found: list[Address] = []
        for host, port in named():
            try:
                found += told(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError):
                logger.warning("MEDIA_WORKERS names %s, which does not resolve", host)
        if found:
            self._known = list(dict.fromkeys(found))
            self._known_until = time.monotonic() + KNOWN_SECONDS
        return self._known


workers = Workers()
