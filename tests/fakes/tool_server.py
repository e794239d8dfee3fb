"""Somebody's server that a tool asks: good, broken, slow, far too talkative. In threads, for callers that block."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

BOMB = gzip.compress(b"\0" * 50_000_000)


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ToolServer:
    """`held` keeps `/held` waiting until it is set. `busy` is how many requests `/busy` refuses first."""

    asked: list[Asked] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    busy: int = 1
    url: str = ""

    def __enter__(self) -> Self:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        plain = {"Content-Type": "application/json"}
        where = asked.path
        if where.startswith("/orders/"):
            order = {"number": where.removeprefix("/orders/"), "state": "shipped", "items": [{"name": "Lamp"}]}
            return 200, plain, json.dumps({"order": order, "total": 12.5, "gift": False}).encode()
        if where == "/echo":
            return 200, plain, json.dumps({"method": asked.method, "body": asked.body.decode()}).encode()
        if where == "/missing":
            return 404, plain, b'{"error": "no such order"}'
        if where == "/broken":
            return 500, plain, b'{"error": "oops"}'
        if where == "/refused":
            return 401, plain, b"{}"
        if where == "/page":
            return 200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title>"
        if where == "/disguised":
            return 200, plain, b"<html>still a page</html>"
        if where == "/empty":
            return 204, {}, b""
        if where == "/large":
            return 200, plain, b'"' + b"x" * 5_000_000 + b'"'
        if where == "/bomb":
            return 200, {**plain, "Content-Encoding": "gzip"}, BOMB
        if where == "/text":
            return 200, {"Content-Type": "text/plain"}, b"Open until five."
        if where == "/inward":
            return 302, {"Location": asked.query.get("to", ["http://127.0.0.2/"])[0]}, b""
        if where == "/busy":
            self.busy -= 1
            return (503, {"Retry-After": "0"}, b"") if self.busy >= 0 else (200, plain, b'{"state": "free"}')
        if where == "/later":
            return 429, {"Retry-After": "120"}, b""
        if where == "/slow":
            time.sleep(3)
            return 200, plain, b"{}"
        if where == "/held":
            self.began.set()
            self.held.wait(20)
            return 200, plain, b'{"booked": "A-7"}'
        return 200, plain, b'{"state": "fine"}'


def _handler(server: ToolServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, parse_qs(parts.query), headers, body)
            server.asked.append(asked)
            status, said, content = server.answer(asked)
            try:
                self.send_response(status)
                for name, value in said.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
