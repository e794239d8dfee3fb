"""A server that speaks Gemini's `streamGenerateContent` (ai.google.dev/api/generate-content) over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.vendors.llm_faults import FakeMind
from tests.fakes.vendors.openai_server import Reply

_ERRORS = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}


@dataclass
class FakeGemini(FakeMind):
    def routes(self) -> list[str]:
        return ["/v1beta/models/{call}"]

    def allowed(self, request: web.Request, raw: bytes) -> bool:
        return request.headers.get("x-goog-api-key") == self.key and request.query.get("alt") == "sse"

    def refusal(self, status: int) -> web.Response:
        return web.json_response({"error": self._error(status)}, status=status)

    def broken_off(self, status: int) -> bytes:
        return _event({"error": self._error(status)})

    def _error(self, status: int) -> dict[str, Any]:
        return {"code": status, "message": "No.", "status": _ERRORS.get(status, "INVALID_ARGUMENT")}

    async def pieces(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        for word in reply.text.split(" ") if reply.text else []:
            yield _event({"candidates": [{"content": {"role": "model", "parts": [{"text": f"{word} "}]}, "index": 0}]})
        calls = [
            {"functionCall": {"name": name, "args": json.loads(arguments)}, "thoughtSignature": f"signed-{name}"}
            for name, arguments in reply.tools
        ]
        counts = {
            "promptTokenCount": 57,
            "cachedContentTokenCount": 7,
            "candidatesTokenCount": len(reply.text.split()),
            "totalTokenCount": 57 + len(reply.text.split()),
        }
        content = {"role": "model", "parts": calls or [{"text": ""}]}
        yield _event(
            {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": counts}
        )


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\r\n\r\n".encode()
