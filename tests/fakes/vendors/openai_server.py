"""A server that speaks OpenAI's wire protocol over a real socket: transcriptions, chat completions, speech.

    async with FakeOpenAI(key="sk-test") as server:
        server.heard = ["what are your opening hours"]
        server.replies = [say("From nine to six.")]
        server.faults["llm"] = [Fault("status", status=500)]
        Provider(vendor="openai_compatible", base_url=server.base_url, api_key="sk-test")

    python -m tests.fakes.vendors.openai_server --port 9000 --llm-ms 81     # for the bench

Shapes after OpenAI's API reference: multipart in and JSON out for audio/transcriptions; server-sent events of
`chat.completion.chunk` ended by `[DONE]`; raw 16-bit PCM at 24 kHz for audio/speech with `response_format: pcm`.
Speech is a tone of 55 ms per character, so that a test can tell how much of it was heard.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import time
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from aiohttp import BodyPartReader, web

from tests.fakes.served import Served

RATE = 24000
SECONDS_PER_CHARACTER = 0.055
Stage = Literal["stt", "llm", "tts"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `status`      answers with that HTTP status (429 with Retry-After)
    `html`        a proxy's error page with status 502
    `silence`     accepts the request and never answers
    `stall`       begins the stream, sends `after` pieces, then nothing more
    `cut`         begins the stream, sends `after` pieces, then breaks the connection
    `empty`       a stream of nothing
    `within`      begins the stream, sends `after` pieces, then says within it that something went wrong (language models)
    """

    kind: Literal["status", "html", "silence", "stall", "cut", "empty", "within"]
    status: int = 500
    retry_after: int = 1
    after: int = 1


@dataclass(frozen=True)
class Reply:
    """`{turn}` in the text becomes the number of the caller's turns so far, `{count}` that of the answers to anybody. (In what is heard, `{seconds}` becomes the
    length of what was sent.)"""

    text: str = ""
    tools: tuple[tuple[str, str], ...] = ()


def say(text: str) -> Reply:
    return Reply(text)


def call(name: str, **arguments: Any) -> Reply:
    return Reply(tools=((name, json.dumps(arguments)),))


@dataclass
class Delays:
    """Seconds until the first byte of each stage, and between words of the LLM."""

    stt: float = 0.0
    llm: float = 0.0
    tts: float = 0.0
    word: float = 0.0


@dataclass
class Seen:
    """One request as it came: headers with small letters, and the body's fields."""

    stage: Stage
    headers: dict[str, str]
    body: dict[str, Any]
    fault: Fault | None = None
    aborted: bool = False

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class FakeOpenAI(Served):
    key: str = ""
    heard: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    usual_heard: str = "what are your opening hours"
    usual_reply: Reply = field(default_factory=lambda: say("We are open from nine to six."))
    delays: Delays = field(default_factory=Delays)
    faults: dict[Stage, list[Fault]] = field(default_factory=lambda: {"stt": [], "llm": [], "tts": []})
    seen: list[Seen] = field(default_factory=list)
    troubled: dict[str, Fault] = field(default_factory=dict)
    """By key: what every request with it meets."""
    keep_seen: bool = True
    completions: int = 0
    port: int = 0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/audio/speech", self._speak)
        app.router.add_get("/v1/models", self._models)
        return app

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def requests(self, stage: Stage) -> list[Seen]:
        return [seen for seen in self.seen if seen.stage == stage]

    # ── endpoints ────────────────────────────────────────────────────────────────────────────────

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = await part.read()
            body[part.name or ""] = bytes(data) if part.filename else data.decode()
        seen, refusal = await self._enter(request, "stt", body, self.delays.stt)
        if refusal is not None:
            return refusal
        text = self.heard.pop(0) if self.heard else self.usual_heard
        if seen.fault is not None and seen.fault.kind == "empty":
            text = ""
        text = text.replace("{seconds}", _seconds(body.get("file", b"")))
        if body.get("response_format") == "text":
            return web.Response(text=text + "\n")
        return web.json_response({"text": text})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen, refusal = await self._enter(request, "llm", body, self.delays.llm)
        if refusal is not None:
            return refusal
        reply = self.replies.pop(0) if self.replies else self.usual_reply
        if "{" in reply.text:
            said = sum(message["role"] == "user" for message in body["messages"])
            self.completions += 1
            reply = say(reply.text.replace("{turn}", str(said)).replace("{count}", str(self.completions)))
        if not body.get("stream"):
            return web.json_response(self._whole(body, reply))
        return await self._stream(request, seen, "text/event-stream", self._events(body, reply))

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen, refusal = await self._enter(request, "tts", body, self.delays.tts)
        if refusal is not None:
            return refusal
        return await self._stream(request, seen, "audio/pcm", self._audio(body["input"], seen.fault))

    async def _models(self, request: web.Request) -> web.Response:
        refusal = self._unauthorized(request)
        return refusal or web.json_response({"object": "list", "data": [{"id": "fake", "object": "model"}]})

    # ── faults ───────────────────────────────────────────────────────────────────────────────────

    async def _enter(
        self, request: web.Request, stage: Stage, body: dict[str, Any], delay: float
    ) -> tuple[Seen, web.StreamResponse | None]:
        seen = Seen(stage, {name.lower(): value for name, value in request.headers.items()}, body)
        if self.keep_seen:
            self.seen.append(seen)
        seen.fault = self.faults[stage].pop(0) if self.faults[stage] else self.troubled.get(seen.key)
        if delay:
            await asyncio.sleep(delay)
        return seen, self._unauthorized(request) or await _failure(seen.fault)

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        return None

    async def _stream(
        self, request: web.Request, seen: Seen, kind: str, pieces: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        fault = seen.fault
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        try:
            number = 0
            async for piece in pieces:
                if fault is not None and fault.kind in _CUTTING and (fault.kind == "empty" or number >= fault.after):
                    break
                await response.write(piece)
                number += 1
            if fault is not None and fault.kind == "stall":
                await asyncio.sleep(3600)
            if fault is not None and fault.kind == "cut" and request.transport is not None:
                request.transport.abort()
            await response.write_eof()
        except (ConnectionResetError, asyncio.CancelledError):
            seen.aborted = True
            raise
        return response

    # ── content ──────────────────────────────────────────────────────────────────────────────────

    async def _events(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        yield _event(body, {"role": "assistant", "content": ""})
        for word in reply.text.split(" ") if reply.text else []:
            if self.delays.word:
                await asyncio.sleep(self.delays.word)
            yield _event(body, {"content": f"{word} "})
        for index, (name, arguments) in enumerate(reply.tools):
            function = {"name": name, "arguments": ""}
            start = {
                "index": index,
                "id": f"call_{index}_{time.monotonic_ns()}",
                "type": "function",
                "function": function,
            }
            yield _event(body, {"tool_calls": [start]})
            yield _event(body, {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
        yield _event(body, {}, "tool_calls" if reply.tools else "stop")
        if (body.get("stream_options") or {}).get("include_usage"):
            yield _event(body, None, usage=_usage(reply))
        yield b"data: [DONE]\n\n"

    def _whole(self, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
        tools = [
            {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for i, (name, arguments) in enumerate(reply.tools)
        ]
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
        if tools:
            message["tool_calls"] = tools
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tools else "stop"}
        return {**_head(body, "chat.completion"), "choices": [choice], "usage": _usage(reply)}

    async def _audio(self, text: str, fault: Fault | None) -> AsyncIterator[bytes]:
        tone = tone_for(text)
        if fault is not None and fault.kind == "mp3":
            tone = b"ID3\x04" + tone
        elif fault is not None and fault.kind == "rate":
            tone = _wav(np.frombuffer(tone, "<i2")[::3].tobytes(), RATE // 3)
        for start in range(0, len(tone), 9600):
            yield tone[start : start + 9600]


_CUTTING = ("stall", "cut", "empty")


def _wav(pcm: bytes, rate: int) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(pcm)
        return out.getvalue()


_SECOND = (np.sin(np.arange(RATE) * 2 * np.pi * 220 / RATE) * 9000).astype(np.int16).tobytes()


def tone_for(text: str) -> bytes:
    """16-bit PCM at 24 kHz."""
    samples = int(len(text) * SECONDS_PER_CHARACTER * RATE)
    return (_SECOND * (samples // RATE + 1))[: samples * 2]


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": int(time.time()), "model": body.get("model", "fake")}


def _event(
    body: dict[str, Any], delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, int] | None = None
) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {**_head(body, "chat.completion.chunk"), "choices": choices}
    if usage is not None:
        chunk["usage"] = usage
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _usage(reply: Reply) -> dict[str, int]:
    words = len(reply.text.split())
    return {"prompt_tokens": 50, "completion_tokens": words, "total_tokens": 50 + words}


def _seconds(wav: bytes) -> str:
    with wave.open(io.BytesIO(wav)) as file:
        return f"{file.getnframes() / file.getframerate():.1f}"


async def _failure(fault: Fault | None) -> web.Response | None:
    """The answer of a fault that needs no stream."""
    if fault is None:
        return None
    if fault.kind == "silence":
        await asyncio.sleep(3600)
    if fault.kind == "html":
        page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
        return web.Response(status=502, text=page, content_type="text/html")
    if fault.kind == "status":
        answer = _error(fault.status, f"The server answers {fault.status}.", "fault")
        if fault.status == 429:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer
    return None


def _error(status: int, message: str, code: str) -> web.Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return web.json_response(body, status=status)


async def _serve(arguments: argparse.Namespace) -> None:
    delays = Delays(arguments.stt_ms / 1000, arguments.llm_ms / 1000, arguments.tts_ms / 1000)
    server = FakeOpenAI(delays=delays, usual_reply=say(arguments.reply), keep_seen=False, port=arguments.port)
    server.usual_heard = arguments.heard
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="OpenAI's wire protocol with models that take a set time.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--reply", default="We are open from nine to six.")
    parser.add_argument("--heard", default=FakeOpenAI.usual_heard)
    for stage in ("stt", "llm", "tts"):
        parser.add_argument(f"--{stage}-ms", type=float, default=0.0, help="until its first byte")
    asyncio.run(_serve(parser.parse_args()))
