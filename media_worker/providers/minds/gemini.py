"""Google's Gemini API, `streamGenerateContent` as server-sent events (ai.google.dev/api/generate-content).

Every event is a whole GenerateContentResponse; the last one of an answer names a finish reason. A call of a tool comes
in one piece. Models that think sign it, and want the signature back with the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from media_worker.providers.http import VendorFailed
from media_worker.providers.minds.dialect import (
    End,
    Happening,
    Question,
    Request,
    Result,
    Text,
    Turn,
    Usage,
    Use,
    new_id,
    sse,
)

_UNSIGNED = "skip_thought_signature_validator"
"""For calls that another model made: ai.google.dev/gemini-api/docs/thought-signatures."""
_LEAST_THINKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gemini-2.5-flash", {"thinkingBudget": 0}),
    ("gemini-2.5-pro", {"thinkingBudget": 128}),
    ("gemini-3.7-flash", {"thinkingLevel": "low"}),
    ("gemini-3.8-flash", {"thinkingLevel": "low"}),
    ("gemini-3.1-pro", {"thinkingLevel": "low"}),
    ("gemini-3-flash", {"thinkingLevel": "minimal"}),
    ("gemini-3.1-flash", {"thinkingLevel": "minimal"}),
    ("gemini-3.5-flash", {"thinkingLevel": "minimal"}),
    ("gemini-3.6-flash", {"thinkingLevel": "minimal"}),
    ("gemini-3", {"thinkingLevel": "low"}),
    ("gemini-4", {"thinkingLevel": "low"}),
)
"""The least that each model can be told to think, as pipecat 1.14 lists them. A caller waits."""
_KNOWN_SCHEMA = frozenset(
    {"type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
     "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "anyOf", "items", "minimum", "maximum"}
)  # fmt: skip


class GeminiDialect:
    kinds: tuple[str, ...] = ("text/event-stream",)

    def __init__(self, base_url: str, key: str) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"x-goog-api-key": key, "content-type": "application/json"}
        self._signatures: dict[str, str] = {}

    def request(self, question: Question) -> Request:
        model = question.model.removeprefix("models/")
        generation: dict[str, Any] = {"maxOutputTokens": question.max_tokens}
        if question.temperature is not None:
            generation["temperature"] = question.temperature
        least = next((least for name, least in _LEAST_THINKING if model.startswith(name)), None)
        if least:
            generation["thinkingConfig"] = least
        signed = bool(re.match(r"gemini-[3-9]", model))
        body: dict[str, Any] = {
            "contents": [self._content(turn, signed) for turn in question.turns],
            "generationConfig": generation,
        }
        if question.system:
            body["systemInstruction"] = {"parts": [{"text": question.system}]}
        if question.tools:
            body["tools"] = [{"functionDeclarations": [_declared(tool.name, tool.description, tool.parameters) for tool in question.tools]}]  # fmt: skip
        url = f"{self._base}/v1beta/models/{model}:streamGenerateContent?alt=sse"
        return Request(url, self._headers, json.dumps(body).encode())

    def _content(self, turn: Turn, signed: bool) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        calls = 0
        for part in turn.parts:
            if isinstance(part, Text):
                parts.append({"text": part.text})
            elif isinstance(part, Result):
                answer = {"name": part.name, "response": {"result": part.text}}
                parts.append({"functionResponse": answer})
            else:
                said: dict[str, Any] = {"functionCall": {"name": part.name, "args": part.arguments}}
                signature = self._signatures.get(part.id) or (_UNSIGNED if signed and not calls else "")
                if signature:
                    said["thoughtSignature"] = signature
                parts.append(said)
                calls += 1
        return {"role": "model" if turn.role == "assistant" else "user", "parts": parts}

    async def happenings(self, received: AsyncIterator[bytes]) -> AsyncGenerator[Happening]:
        async for event in sse(received):
            if "error" in event:
                error = event["error"] if isinstance(event["error"], Mapping) else {}
                code = error.get("code")
                raise VendorFailed(
                    f"The vendor broke off with {str(error.get('status', ''))[:60]}.",
                    code if isinstance(code, int) else 500,
                )
            if event.get("promptFeedback", {}).get("blockReason"):
                raise VendorFailed("The vendor refused to answer what was said.")
            candidate = (event.get("candidates") or [{}])[0]
            for part in candidate.get("content", {}).get("parts") or []:
                if "functionCall" in part:
                    yield self._use(part)
                elif part.get("text") and not part.get("thought"):
                    yield Text(part["text"])
            if event.get("usageMetadata"):
                yield _usage(event["usageMetadata"])
            reason = candidate.get("finishReason")
            if reason in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"):
                raise VendorFailed(f"The vendor broke off with {reason}.")
            if reason:
                yield End()

    def _use(self, part: Mapping[str, Any]) -> Use:
        call = part["functionCall"]
        use = Use(new_id(), str(call.get("name", "")), dict(call.get("args") or {}))
        if part.get("thoughtSignature"):
            self._signatures[use.id] = part["thoughtSignature"]
        return use


def _usage(counts: Mapping[str, Any]) -> Usage:
    read = int(counts.get("cachedContentTokenCount") or 0)
    thought = int(counts.get("thoughtsTokenCount") or 0)
    return Usage(
        prompt=int(counts.get("promptTokenCount") or 0) - read,
        completion=int(counts.get("candidatesTokenCount") or 0) + thought,
        read=read,
    )


def _declared(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": name, "description": description}
    if parameters.get("properties"):
        declared["parameters"] = _schema(parameters)
    return declared


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Gemini knows a part of JSON schema, and refuses the rest."""
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties":
            kept[name] = {key: _schema(inner) for key, inner in value.items()}
        elif name == "items" and isinstance(value, Mapping):
            kept[name] = _schema(value)
        elif name == "anyOf":
            kept[name] = [_schema(inner) for inner in value]
        elif name in _KNOWN_SCHEMA and not (name == "required" and not value):
            kept[name] = value
    return kept
