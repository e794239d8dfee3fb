"""A server that speaks Anthropic's Messages API (docs.anthropic.com/en/api/messages-streaming) over a real socket.

It refuses what the real one refuses: a conversation that does not begin with the user, or a result without its call.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.vendors.llm_faults import FakeMind
from tests.fakes.vendors.openai_server import Reply

_ERRORS = {401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


@dataclass
class FakeAnthropic(FakeMind):
    def routes(self) -> list[str]:
        return ["/v1/messages"]

    def allowed(self, request: web.Request, raw: bytes) -> bool:
        return request.headers.get("x-api-key") == self.key and bool(request.headers.get("anthropic-version"))

    def refusal(self, status: int) -> web.Response:
        error = {"type": _ERRORS.get(status, "invalid_request_error"), "message": "No."}
        return web.json_response({"type": "error", "error": error}, status=status)

    def broken_off(self, status: int) -> bytes:
        return _event({"type": "error", "error": {"type": _ERRORS[status], "message": "No."}})

    async def pieces(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        usage = {"input_tokens": 50, "output_tokens": 1, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 0}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "usage": usage}
        yield _event({"type": "message_start", "message": message | {"model": body["model"], "stop_reason": None}})
        yield _event({"type": "ping"})
        index = 0
        if reply.text:
            block = {"type": "text", "text": ""}
            yield _event({"type": "content_block_start", "index": 0, "content_block": block})
            for word in reply.text.split(" "):
                yield _event(
                    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"{word} "}}
                )
            yield _event({"type": "content_block_stop", "index": 0})
            index = 1
        for number, (name, arguments) in enumerate(reply.tools, index):
            block = {"type": "tool_use", "id": f"toolu_{len(self.seen)}_{number}", "name": name, "input": {}}
            yield _event({"type": "content_block_start", "index": number, "content_block": block})
            for part in ("", arguments[:3], arguments[3:]):
                delta = {"type": "input_json_delta", "partial_json": part}
                yield _event({"type": "content_block_delta", "index": number, "delta": delta})
            yield _event({"type": "content_block_stop", "index": number})
        reason = "tool_use" if reply.tools else "end_turn"
        counted = {"output_tokens": len(reply.text.split())}
        yield _event(
            {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": counted}
        )
        yield _event({"type": "message_stop"})


def _event(body: dict[str, Any]) -> bytes:
    return f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode()
