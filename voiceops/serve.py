"""Daphne for calls.

A websocket that is refused before it is accepted gets the HTTP status that its close code names (4404 → 404): Daphne by
itself answers 403 to every one, which tells a carrier nothing. And fifty frames a second of every call pass here, so the
loop is uvloop's, and nothing is done for a frame that nobody reads: autobahn writes a coloured sentence for every piece
of data, logged or not (a tenth of the process), checks as UTF-8 what Daphne decodes as UTF-8 next, and makes three
objects of C to unmask one frame.

    python -m voiceops.serve -b 127.0.0.1 -p 8000 voiceops.asgi:application
"""

from __future__ import annotations

import uvloop

uvloop.install()  # before Daphne, which makes its loop when it is imported

import asyncio
from http import HTTPStatus
from typing import Any

from autobahn.websocket import protocol
from autobahn.websocket.types import ConnectionDeny
from daphne import server
from daphne.cli import CommandLineInterface
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import defer
from websockets.speedups import apply_mask

HAND_BACK_SECONDS = 4.0
"""What a worker gets to finish a turn when this process has to go. A carrier brings the call back after that."""

CLOSE_CODES = 4000
CLIENT_ERRORS = range(400, 500)


class Masker:
    """What `autobahn.websocket.xormasker` makes for each frame, on the C function of `websockets`."""

    def __init__(self, mask: bytes, length: int | None = None) -> None:
        self._mask = mask
        self._at = 0

    def pointer(self) -> int:
        return self._at

    def process(self, data: bytes) -> bytes:
        turned = self._at & 3
        mask = self._mask[turned:] + self._mask[:turned] if turned else self._mask
        self._at += len(data)
        return apply_mask(data, mask)


class CallProtocol(WebSocketProtocol):
    def dataReceived(self, data: bytes) -> None:
        self._dataReceived(data)

    def handle_reply(self, message: dict[str, Any]) -> None:
        status = int(message.get("code") or 0) - CLOSE_CODES
        connecting = message.get("type") == "websocket.close" and self.state == self.STATE_CONNECTING
        if not connecting or status not in CLIENT_ERRORS:
            super().handle_reply(message)
            return
        self.handshake_deferred.errback(ConnectionDeny(code=status, reason=HTTPStatus(status).phrase))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)


class CallFactory(WebSocketFactory):
    protocol = CallProtocol

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.setProtocolOptions(utf8validateIncoming=False)


class CallServer(server.Server):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ports: list[Any] = []

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self._ports.append(port)

    def kill_all_applications(self) -> Any:
        """At SIGTERM: nobody comes in any more, and calls go back to their carriers before the rest is cut off."""
        for port in self._ports:
            port.stopListening()
        leaving = defer.Deferred.fromFuture(asyncio.ensure_future(self._hand_back()))
        return leaving.addBoth(lambda _: super(CallServer, self).kill_all_applications())

    @staticmethod
    async def _hand_back() -> None:
        from calls.bridge.consumer import hand_back

        await hand_back(HAND_BACK_SECONDS)


def main() -> None:
    CommandLineInterface.server_class = CallServer
    server.WebSocketFactory = CallFactory
    protocol.create_xor_masker = Masker
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
