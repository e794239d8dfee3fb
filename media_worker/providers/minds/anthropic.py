"""Anthropic's Messages API, streamed (docs.anthropic.com/en/api/messages-streaming).

Events: message_start, then content_block_start, _delta and _stop for each block, message_delta with the stop reason and
the tokens, message_stop. An `error` event may come at any time; 529 is the vendor's “overloaded”.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from media_worker.providers.http import VendorFailed
from media_worker.providers.minds.dialect import (
    End,
    Happening,
    Part,
    Question,
    Request,
    Result,
    Text,
    Usage,
    Use,
    arguments,
    sse,
)

VERSION = "2023-06-01"
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_LEAST_THINKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("claude-fable-5", {"output_config": {"effort": "low"}}),
    ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
    ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
    ("claude-opus-5", {"thinking": {"type": "disabled"}}),
    ("claude-sonnet-5", {"thinking": {"type": "disabled"}}),
    ("claude-haiku-5", {"thinking": {"type": "disabled"}}),
)
"""Models that think unless told otherwise, and how they are told, as pipecat 1.14 lists them. A caller waits."""
_MODEL_WITHOUT_TEMPERATURE = re.compile(r"claude-[a-z]+-(?:[5-9]|4-[6-9])")
"""Current models take none, and refuse a request that sets one."""


class AnthropicDialect:
    kinds: tuple[str, ...] = ("text/event-stream",)

    def __init__(self, base_url: str, key: str) -> None:
        self._url = f"{base_url.rstrip('/')}/v1/messages"
        self._headers = {"x-api-key": key, "anthropic-version": VERSION, "content-type": "application/json"}

    def request(self, question: Question) -> Request:
        body: dict[str, Any] = {
            "model": question.model,
            "max_tokens": question.max_tokens,
            "stream": True,
            "messages": [
                {"role": turn.role, "content": [_block(part) for part in turn.parts]} for turn in question.turns
            ],
        }
        if question.system:
            body["system"] = [{"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}]
        if question.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in question.tools
            ]
        if question.temperature is not None and not _MODEL_WITHOUT_TEMPERATURE.match(question.model):
            body["temperature"] = min(question.temperature, 1.0)
        body |= next((least for name, least in _LEAST_THINKING if question.model.startswith(name)), {})
        return Request(self._url, self._headers, json.dumps(body).encode())

    async def happenings(self, received: AsyncIterator[bytes]) -> AsyncGenerator[Happening]:
        begun: dict[int, tuple[str, str]] = {}
        written: dict[int, str] = {}
        counts: dict[str, int] = {}
        async for event in sse(received):
            kind, index = event.get("type"), int(event.get("index", 0))
            if kind == "error":
                name = str(event.get("error", {}).get("type", ""))[:60]
                raise VendorFailed(f"The vendor broke off with {name}.", _STATUS.get(name, 500))
            if kind == "message_start":
                counts |= _counted(event.get("message", {}).get("usage"))
            elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
                begun[index] = (event["content_block"]["id"], event["content_block"]["name"])
                written[index] = ""
            elif kind == "content_block_delta" and event["delta"]["type"] == "text_delta":
                yield Text(event["delta"]["text"])
            elif kind == "content_block_delta" and event["delta"]["type"] == "input_json_delta" and index in begun:
                written[index] += event["delta"]["partial_json"]
            elif kind == "content_block_stop" and index in begun:
                yield Use(*begun[index], arguments(written[index]))
            elif kind == "message_delta":
                counts |= _counted(event.get("usage"))
                yield Usage(
                    prompt=counts.get("input_tokens", 0),
                    completion=counts.get("output_tokens", 0),
                    read=counts.get("cache_read_input_tokens", 0),
                    written=counts.get("cache_creation_input_tokens", 0),
                )
            elif kind == "message_stop":
                yield End()


def _counted(usage: Any) -> dict[str, int]:
    return {name: count for name, count in (usage or {}).items() if isinstance(count, int)}


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Use):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.arguments}
    assert isinstance(part, Result)
    return {"type": "tool_result", "tool_use_id": part.id, "content": part.text or "(nothing)"}
