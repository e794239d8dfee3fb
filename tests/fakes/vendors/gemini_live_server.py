"""A server that speaks Gemini Live's protocol (BidiGenerateContent) over a real websocket.

Message shapes after ai.google.dev/api/live: JSON in binary frames from the server, as the real one sends it. A request
to say words between «marks», in a turn of text or in a tool's answer, is answered with those words; every other turn
with the next of `replies`. An activity of the caller interrupts what is being generated.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from media_worker.providers.gemini_live import PATH
from tests.fakes.served import Served
from tests.fakes.vendors.openai_server import SECONDS_PER_CHARACTER, Reply, say
from tests.fakes.vendors.realtime_server import PIECE_CHARACTERS, Fault

_MARKED = re.compile("«(.*)»", re.DOTALL)
_RATE = 24000


@dataclass
class FakeGeminiLive(Served):
    key: str = ""
    heard: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    usual_heard: str = "what are your opening hours"
    usual_reply: Reply = field(default_factory=lambda: say("We are open from nine to six."))
    faults: list[Fault | None] = field(default_factory=list)
    setups: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    seconds_heard: list[float] = field(default_factory=list)
    interrupted: int = 0
    port: int = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get(PATH, self._serve)
        return app

    @property
    def base_url(self) -> str:
        return self.address

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [message[kind] for message in self.messages if kind in message]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        if self.key and request.headers.get("x-goog-api-key") != self.key:
            await socket.close(code=1008, message=b"API key not valid. Please pass a valid API key.")
            return socket
        await _Conversation(self, socket).run()
        return socket


class _Conversation:
    def __init__(self, server: FakeGeminiLive, socket: web.WebSocketResponse) -> None:
        self._server = server
        self._socket = socket
        self._ids = itertools.count(1)
        self._bytes = 0
        self._generating: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._take(json.loads(message.data))
        finally:
            if self._generating is not None:
                self._generating.cancel()

    async def _send(self, message: dict[str, Any]) -> None:
        if not self._socket.closed:
            await self._socket.send_bytes(json.dumps(message).encode())

    async def _take(self, message: dict[str, Any]) -> None:
        given = message.get("realtimeInput", {})
        if "audio" in given:
            assert given["audio"]["mimeType"] == "audio/pcm;rate=16000"
            self._bytes += len(base64.b64decode(given["audio"]["data"], validate=True))
            return
        self._server.messages.append(message)
        if "setup" in message:
            self._server.setups.append(message["setup"])
            await self._send({"setupComplete": {}})
            handle = f"handle{next(self._ids)}"
            await self._send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
        elif "activityStart" in given:
            self._bytes = 0
            await self._interrupt()
        elif "activityEnd" in given:
            await self._heard()
        elif "clientContent" in message:
            content = message["clientContent"]
            if content["turnComplete"]:
                await self._answer(content["turns"][-1]["parts"][0]["text"])
        elif "toolResponse" in message:
            await self._answer(message["toolResponse"]["functionResponses"][-1]["response"]["result"])

    async def _interrupt(self) -> None:
        if self._generating is not None and not self._generating.done():
            self._generating.cancel()
            self._server.interrupted += 1
            await self._send({"serverContent": {"interrupted": True}})
            await self._send({"serverContent": {"turnComplete": True}})

    async def _heard(self) -> None:
        self._server.seconds_heard.append(self._bytes / 32000)
        text = self._server.heard.pop(0) if self._server.heard else self._server.usual_heard
        for word in text.split():
            await self._send({"serverContent": {"inputTranscription": {"text": f" {word}"}}})
        await self._answer("")

    async def _answer(self, asked: str) -> None:
        marked = _MARKED.search(asked)
        fault = self._server.faults.pop(0) if self._server.faults else None
        if marked:
            reply = say(marked[1])
        else:
            reply = self._server.replies.pop(0) if self._server.replies else self._server.usual_reply
        self._generating = asyncio.create_task(self._generate(reply, fault))

    async def _generate(self, reply: Reply, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "silence":
            return
        pieces = [reply.text[at : at + PIECE_CHARACTERS] for at in range(0, len(reply.text), PIECE_CHARACTERS)]
        for number, piece in enumerate(pieces):
            if fault and kind in ("cut", "stall") and number >= fault.after:
                if kind == "cut":
                    await self._socket.close(code=1011, message=b"Internal error encountered.")
                return
            if kind == "garbage":
                await self._socket.send_bytes(b"<html>")
                await self._send({"serverContent": {"modelTurn": {"parts": [{"inlineData": "?"}, 7]}}})
            data = base64.b64encode(_tone(len(piece))).decode()
            part = {"inlineData": {"mimeType": f"audio/pcm;rate={_RATE}", "data": data}}
            await self._send({"serverContent": {"modelTurn": {"parts": [part]}}})
            await self._send({"serverContent": {"outputTranscription": {"text": piece}}})
            await asyncio.sleep(0.001)
        if reply.tools:
            calls = [
                {"id": f"call{next(self._ids)}", "name": name, "args": json.loads(arguments)}
                for name, arguments in reply.tools
            ]
            await self._send({"toolCall": {"functionCalls": calls}})
            return
        await self._send({"serverContent": {"generationComplete": True}})
        usage = {"promptTokenCount": 20, "responseTokenCount": 10, "totalTokenCount": 30}
        await self._send({"serverContent": {"turnComplete": True}, "usageMetadata": usage})


def _tone(characters: int) -> bytes:
    count = int(characters * SECONDS_PER_CHARACTER * _RATE)
    return (np.sin(np.arange(count) * 2 * np.pi * 440 / _RATE) * 8000).astype("<i2").tobytes()
