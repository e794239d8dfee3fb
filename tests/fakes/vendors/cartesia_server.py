"""Cartesia's speech websocket (/tts/websocket) and its HTTP twin (/tts/bytes).

Shapes after docs.cartesia.ai/api-reference/tts/websocket (chunk, timestamps, done, cancel) and its page on API errors:
`{"type": "error", "status_code": 429, "error_code": "concurrency_limited", …}`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import Any

from aiohttp import web

from tests.fakes.vendors.sockets import (
    SECONDS_PER_CHARACTER,
    Fault,
    Seen,
    SocketVendor,
    Talk,
    messages,
    speak,
    tone_for,
)


class CartesiaServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("x-api-key") == self.key and bool(seen.headers.get("cartesia-version"))

    async def talk(self, talk: Talk) -> None:
        speaking: dict[str, asyncio.Task[None]] = {}
        async for message in messages(talk):
            context = message["context_id"]
            if message.get("cancel"):
                if context in speaking:
                    speaking[context].cancel()
            else:
                speaking[context] = asyncio.create_task(self._say(talk, context, message))

    async def _say(self, talk: Talk, context: str, request: dict[str, Any]) -> None:
        text, rate = request["transcript"], request["output_format"]["sample_rate"]
        common = {"done": False, "status_code": 206, "context_id": context}
        step = 0

        async def piece(pcm: bytes) -> None:
            nonlocal step
            step += 1
            await talk.say({"type": "chunk", "data": base64.b64encode(pcm).decode(), "step_time": 10, **common})
            if step == 1 and request.get("add_timestamps"):
                await talk.say({"type": "timestamps", "word_timestamps": _words(text), **common})

        with contextlib.suppress(ConnectionResetError):
            await speak(self, text, rate, piece)
            await talk.say({"type": "done", **common, "done": True})

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        status = 429 if fault.what == "sessions" else 500
        error = {"type": "error", "done": True, "status_code": status, "title": "It failed", "message": "It failed."}
        await talk.socket.send_str(json.dumps({**error, "error_code": None, "request_id": "r-1"}))

    async def post(self, request: web.Request, seen: Seen, fault: Fault | None) -> web.StreamResponse:
        seen.body = await request.json()
        rate = seen.body["output_format"]["sample_rate"]
        return web.Response(body=tone_for(seen.body["transcript"], rate), content_type="audio/pcm")


def _words(text: str) -> dict[str, list[Any]]:
    words, starts, at = text.split(), [], 0
    for word in words:
        starts.append(round(at * SECONDS_PER_CHARACTER, 3))
        at += len(word) + 1
    return {"words": words, "start": starts, "end": [start + 0.1 for start in starts]}
