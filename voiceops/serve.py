"""Daphne, with one thing added: a websocket that is refused before it is accepted gets the HTTP status that its close
code names (4404 → 404). Daphne by itself answers 403 to every one, which tells a carrier nothing.

    python -m voiceops.serve -b 127.0.0.1 -p 8000 voiceops.asgi:application
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne.cli import CommandLineInterface
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

CLOSE_CODES = 4000
CLIENT_ERRORS = range(400, 500)


class RefusingProtocol(WebSocketProtocol):
    def handle_reply(self, message: dict[str, Any]) -> None:
        status = int(message.get("code") or 0) - CLOSE_CODES
        connecting = message.get("type") == "websocket.close" and self.state == self.STATE_CONNECTING
        if not connecting or status not in CLIENT_ERRORS:
            super().handle_reply(message)
            return
        self.handshake_deferred.errback(ConnectionDeny(code=status, reason=HTTPStatus(status).phrase))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)


def main() -> None:
    WebSocketFactory.protocol = RefusingProtocol
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
