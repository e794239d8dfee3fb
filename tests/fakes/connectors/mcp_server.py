"""A server of the Model Context Protocol over streamable HTTP: sessions, pages of tools, answers as JSON or as events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.connectors import Answer, Connector, told
from tests.fakes.tool_server import Asked

TOOLS: list[dict[str, Any]] = [
    {
        "name": "look-up.Order",
        "description": "Finds an order.",
        "annotations": {"readOnlyHint": True},
        "inputSchema": {
            "type": "object",
            "properties": {
                "orderNumber": {"type": "string", "description": "Its number."},
                "since": {"type": "string", "format": "date"},
                "kind": {"type": "string", "enum": ["open", "closed"]},
                "limit": {"type": ["integer", "null"]},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["orderNumber"],
        },
    },
    {
        "name": "bulk",
        "inputSchema": {"type": "object", "properties": {"rows": {"type": "array"}}, "required": ["rows"]},
    },
    {"name": "ping", "description": "Says pong.", "inputSchema": {"type": "object", "properties": {}}},
]


@dataclass
class FakeMcp(Connector):
    """`events`: answers as a stream of events. `sessions` are open ones."""

    events: bool = False
    key: str = "mcp-key"
    sessions: set[str] = field(default_factory=set)
    called: list[dict[str, Any]] = field(default_factory=list)
    begun: int = 0

    def well(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {self.key}":
            return told({"error": "unauthorized"}, 401)
        session = asked.headers.get("mcp-session-id", "")
        if asked.method == "DELETE":
            self.sessions.discard(session)
            return 204, {}, b""
        if "text/event-stream" not in asked.headers.get("accept", ""):
            return told({"error": "not acceptable"}, 406)
        message = asked.json
        if message["method"] == "initialize":
            self.begun += 1
            self.sessions.add(f"s{self.begun}")
            result = {
                "protocolVersion": "2025-03-26",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
            return self._result(message, result, **{"Mcp-Session-Id": f"s{self.begun}"})
        if session not in self.sessions:
            return told({"error": "no session"}, 404)
        if asked.headers.get("mcp-protocol-version") != "2025-03-26":
            return told({"error": "version"}, 400)
        if "id" not in message:
            return 202, {}, b""
        if message["method"] == "tools/list":
            if message["params"].get("cursor") == "2":
                return self._result(message, {"tools": TOOLS[1:]})
            return self._result(message, {"tools": TOOLS[:1], "nextCursor": "2"})
        return self._call(message)

    def _call(self, message: dict[str, Any]) -> Answer:
        params = message["params"]
        self.called.append(params)
        if params["name"] == "ping":
            return self._result(message, {"content": [{"type": "text", "text": "pong"}]})
        number = params["arguments"]["orderNumber"]
        if number == "wrong":
            return self._result(message, {"content": [{"type": "text", "text": "No such order."}], "isError": True})
        if number == "protocol":
            return self._send(
                {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32602, "message": "Bad arguments"}}
            )
        order = {"order": {"state": "shipped"}}
        return self._result(
            message, {"content": [{"type": "text", "text": json.dumps(order)}], "structuredContent": order}
        )

    def _result(self, message: dict[str, Any], result: dict[str, Any], **headers: str) -> Answer:
        return self._send({"jsonrpc": "2.0", "id": message["id"], "result": result}, **headers)

    def _send(self, document: dict[str, Any], **headers: str) -> Answer:
        if not self.events:
            return told(document, **headers)
        progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
        lines = [f"event: message\r\ndata: {json.dumps(one)}\r\n\r\n" for one in (progress, document)]
        return 200, {"Content-Type": "text/event-stream", **headers}, "".join(lines).encode()
