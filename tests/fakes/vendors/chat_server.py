"""OpenAI's chat completions as the servers of other vendors speak them: each with its path and its manners.

`all_at_once` sends every call of a tool in one piece with the number 0, as Mistral and Ollama do.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.vendors.llm_faults import FakeMind
from tests.fakes.vendors.openai_server import Reply


@dataclass
class FakeChat(FakeMind):
    prefix: str = "/v1"
    all_at_once: bool = False

    def routes(self) -> list[str]:
        return [f"{self.prefix}/chat/completions"]

    def allowed(self, request: web.Request, raw: bytes) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def refusal(self, status: int) -> web.Response:
        return web.json_response({"error": {"message": "No.", "code": str(status)}}, status=status)

    def broken_off(self, status: int) -> bytes:
        return _event({"error": {"message": "No.", "code": status}, "choices": []})

    async def pieces(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        for word in reply.text.split(" ") if reply.text else []:
            yield self._chunk(body, {"content": f"{word} "})
        calls = [
            {"index": number, "id": f"{len(self.seen)}{number}".rjust(9, "a"), "type": "function", "function": {"name": name, "arguments": arguments}}
            for number, (name, arguments) in enumerate(reply.tools)
        ]  # fmt: skip
        if calls and self.all_at_once:
            yield self._chunk(body, {"tool_calls": [call | {"index": 0} for call in calls]})
        elif calls:
            for call in calls:
                yield self._chunk(body, {"tool_calls": [call]})
        yield self._chunk(body, {}, "tool_calls" if calls else "stop")
        words = len(reply.text.split())
        usage = {"prompt_tokens": 57, "completion_tokens": words, "total_tokens": 57 + words, "prompt_tokens_details": {"cached_tokens": 7}}  # fmt: skip
        yield _event({**_head(body), "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    def _chunk(self, body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({**_head(body), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _head(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": body.get("model", "")}


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()
