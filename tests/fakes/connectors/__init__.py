"""Servers that ready tools talk to, each speaking its vendor's protocol over a real socket, and each able to fail.

with FakeCalcom() as server:
    server.trouble = ["429"]        # the next answers, before it is well again
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.tool_server import Asked, ToolServer

Answer = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/json"}
TROUBLES: dict[str, Answer] = {
    "401": (401, JSON, b'{"message": "expired"}'),
    "429": (429, {**JSON, "Retry-After": "60"}, b'{"message": "slow down"}'),
    "500": (500, JSON, b'{"message": "oops"}'),
    "html": (200, {"Content-Type": "text/html"}, b"<!doctype html><title>Maintenance</title>"),
    "disguised": (200, JSON, b"<html>still a page</html>"),
    "empty": (200, JSON, b""),
    "list": (200, JSON, b"[1, 2]"),
    "5MB": (200, JSON, b'"' + b"x" * 5_000_000 + b'"'),
}


def told(document: Any, status: int = 200, **headers: str) -> Answer:
    return status, {**JSON, **headers}, json.dumps(document).encode()


@dataclass
class Connector(ToolServer):
    """`trouble`: what the next requests are answered with. Requests for tokens are always well."""

    trouble: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        if self.trouble and not asked.path.endswith("/token"):
            return TROUBLES[self.trouble.pop(0)]
        return self.well(asked)

    def well(self, asked: Asked) -> Answer:
        raise NotImplementedError
