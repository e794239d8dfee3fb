"""Amazon Bedrock, `ConverseStream` (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).

A request is signed (`sigv4`), or carries a Bedrock API key as a bearer token. The answer is Amazon's binary event
stream (`event_stream`): messageStart, contentBlockStart, …Delta, …Stop, messageStop, metadata with the tokens.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

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
)
from media_worker.providers.minds.event_stream import events
from media_worker.providers.minds.sigv4 import signed

_STATUS = {
    "validationException": 400,
    "throttlingException": 429,
    "modelStreamErrorException": 500,
    "internalServerException": 500,
    "serviceUnavailableException": 503,
}


@dataclass(frozen=True)
class Keys:
    """`id` empty: `secret` is a Bedrock API key."""

    secret: str
    id: str = ""


class BedrockDialect:
    kinds: tuple[str, ...] = ("application/vnd.amazon.eventstream",)

    def __init__(self, base_url: str, region: str, keys: Keys) -> None:
        self._base = base_url.rstrip("/")
        self._region = region
        self._keys = keys

    def request(self, question: Question) -> Request:
        inference: dict[str, Any] = {"maxTokens": question.max_tokens}
        if question.temperature is not None:
            inference["temperature"] = min(question.temperature, 1.0)
        body: dict[str, Any] = {
            "messages": [
                {"role": turn.role, "content": [_block(part) for part in turn.parts]} for turn in question.turns
            ],
            "inferenceConfig": inference,
        }
        if question.system:
            body["system"] = [{"text": question.system}]
        tools = [_spec(tool.name, tool.description, tool.parameters) for tool in question.tools]
        used = {part.name for turn in question.turns for part in turn.parts if isinstance(part, Use)}
        # A conversation that holds calls must name their tools, also where none is on offer any more.
        tools += [
            _spec(name, name, {"type": "object"}) for name in sorted(used - {tool.name for tool in question.tools})
        ]
        if tools:
            body["toolConfig"] = {"tools": tools}
        url = f"{self._base}/model/{quote(question.model, safe='')}/converse-stream"
        content = json.dumps(body).encode()
        headers = {"content-type": "application/json", "accept": self.kinds[0]}
        if not self._keys.id:
            return Request(url, headers | {"authorization": f"Bearer {self._keys.secret}"}, content)
        return Request(
            url,
            signed(
                "POST", url, headers, content,
                region=self._region, service="bedrock",
                key_id=self._keys.id, secret=self._keys.secret,
            ),
            content,
        )  # fmt: skip

    async def happenings(self, received: AsyncIterator[bytes]) -> AsyncGenerator[Happening]:
        begun: dict[int, tuple[str, str]] = {}
        written: dict[int, str] = {}
        async for event in events(received):
            if event.failure:
                raise VendorFailed(f"The vendor broke off with {event.failure[:60]}.", _STATUS.get(event.failure, 500))
            body = event.json()
            index = int(body.get("contentBlockIndex", 0))
            if event.kind == "contentBlockStart" and "toolUse" in body.get("start", {}):
                use = body["start"]["toolUse"]
                begun[index], written[index] = (use["toolUseId"], use["name"]), ""
            elif event.kind == "contentBlockDelta":
                delta = body.get("delta", {})
                if "text" in delta:
                    yield Text(delta["text"])
                elif "toolUse" in delta and index in begun:
                    written[index] += delta["toolUse"].get("input", "")
            elif event.kind == "contentBlockStop" and index in begun:
                yield Use(*begun.pop(index), arguments(written.pop(index)))
            elif event.kind == "messageStop":
                yield End()
            elif event.kind == "metadata":
                counts = body.get("usage", {})
                yield Usage(
                    prompt=int(counts.get("inputTokens", 0)),
                    completion=int(counts.get("outputTokens", 0)),
                    read=int(counts.get("cacheReadInputTokens") or 0),
                    written=int(counts.get("cacheWriteInputTokens") or 0),
                )


def _spec(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "description": description or name, "inputSchema": {"json": schema}}}


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, Use):
        return {"toolUse": {"toolUseId": part.id, "name": part.name, "input": part.arguments}}
    assert isinstance(part, Result)
    return {"toolResult": {"toolUseId": part.id, "content": [{"text": part.text or "(nothing)"}], "status": "success"}}
