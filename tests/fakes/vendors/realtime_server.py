"""A server that speaks OpenAI's Realtime protocol over a real websocket.

    async with FakeRealtime(key="sk-test") as server:
        server.heard = ["what are your opening hours"]
        server.replies = [say("From nine to six.")]
        Provider(vendor="openai", base_url=server.base_url, api_key="sk-test")

Event shapes after OpenAI's API reference (Realtime: client events, server events). A request to say words between
«marks» is answered with those words; every other response is the next of `replies`. Sound is a tone of 55 ms a
character, sent faster than it plays, as the real one does.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from aiohttp import WSMsgType, web

from media_worker.pipeline.codec import pcm_to_mulaw
from tests.fakes.served import Served
from tests.fakes.vendors.openai_server import SECONDS_PER_CHARACTER, Reply, say

PIECE_CHARACTERS = 4
_MARKED = re.compile("«(.*)»", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one response.

    `silence` never answers; `cut` breaks the socket after `after` pieces; `stall` stops sending after so many; `failed`
    is a response that failed; `error` an error event; `empty` a reply of nothing; `garbage` malformed messages between.
    """

    kind: Literal["silence", "cut", "stall", "failed", "error", "empty", "garbage"]
    after: int = 1


@dataclass
class FakeRealtime(Served):
    key: str = ""
    heard: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    usual_heard: str = "what are your opening hours"
    usual_reply: Reply = field(default_factory=lambda: say("We are open from nine to six."))
    faults: list[Fault | None] = field(default_factory=list)
    refuse_with: int = 0
    retry_after: int = 7
    sessions: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    seconds_heard: list[float] = field(default_factory=list)
    first_sound_after: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._serve)
        return app

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    async def until(self, kind: str, count: int = 1, seconds: float = 20.0) -> list[dict[str, Any]]:
        """Until the client has sent so many events of this kind."""
        async with asyncio.timeout(seconds):
            while len(self.sent(kind)) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.sent(kind)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.headers[-1]["model"] = request.query.get("model", "")
        if self.refuse_with:
            return web.Response(status=self.refuse_with, headers={"Retry-After": str(self.retry_after)})
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"code": "invalid_api_key"}}, status=401)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await _Conversation(self, socket).run()
        return socket


class _Conversation:
    def __init__(self, server: FakeRealtime, socket: web.WebSocketResponse) -> None:
        self._server = server
        self._socket = socket
        self._ids = itertools.count(1)
        self._session: dict[str, Any] = {}
        self._bytes = 0
        self._responding: asyncio.Task[None] | None = None
        self._response = ""

    async def run(self) -> None:
        await self._send("session.created", session={"type": "realtime"})
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(json.loads(message.data))
        finally:
            if self._responding is not None:
                self._responding.cancel()

    async def _send(self, kind: str, **fields: Any) -> None:
        if not self._socket.closed:
            await self._socket.send_str(json.dumps({"event_id": f"ev{next(self._ids)}", "type": kind, **fields}))

    async def _take(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "input_audio_buffer.append":
            self._bytes += len(base64.b64decode(event["audio"], validate=True))
            return
        self._server.events.append(event)
        self._server.changed.set()
        if kind == "session.update":
            self._session = event["session"]
            self._server.sessions.append(self._session)
            await self._send("session.updated", session=self._session)
        elif kind == "input_audio_buffer.clear":
            self._bytes = 0
        elif kind == "input_audio_buffer.commit":
            await self._commit()
        elif kind == "response.create":
            await self._create(event.get("response") or {})
        elif kind == "response.cancel":
            await self._cancel()

    async def _commit(self) -> None:
        a_second = 8000 if self._format()["type"] == "audio/pcmu" else 48000
        self._server.seconds_heard.append(self._bytes / a_second)
        self._bytes = 0
        text = self._server.heard.pop(0) if self._server.heard else self._server.usual_heard
        item = f"item{next(self._ids)}"
        await self._send("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        await self._send(
            "conversation.item.input_audio_transcription.completed", item_id=item, content_index=0, transcript=text
        )

    def _format(self) -> dict[str, Any]:
        shape: dict[str, Any] = self._session["audio"]["output"]["format"]
        return shape

    async def _create(self, asked: dict[str, Any]) -> None:
        if self._responding is not None and not self._responding.done():
            error = {"type": "invalid_request_error", "code": "conversation_already_has_active_response", "message": ""}
            await self._send("error", error=error)
            return
        marked = _MARKED.search(asked.get("instructions") or "")
        fault = self._server.faults.pop(0) if self._server.faults else None
        if marked:
            reply = say(marked[1])
        else:
            reply = self._server.replies.pop(0) if self._server.replies else self._server.usual_reply
        self._response = f"resp{next(self._ids)}"
        await self._send("response.created", response={"id": self._response, "status": "in_progress"})
        self._responding = asyncio.create_task(self._respond(reply, fault))

    async def _cancel(self) -> None:
        if self._responding is None or self._responding.done():
            error = {"type": "invalid_request_error", "code": "response_cancel_not_active", "message": ""}
            await self._send("error", error=error)
            return
        self._responding.cancel()
        await self._send("response.done", response={"id": self._response, "status": "cancelled", "output": []})

    async def _respond(self, reply: Reply, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "silence":
            return
        if kind == "error":
            await self._send(
                "error", error={"type": "server_error", "code": None, "message": "The server had an error"}
            )
            return
        if kind == "failed":
            details = {"type": "failed", "error": {"type": "tokens", "code": "rate_limit_exceeded"}}
            done = {"id": self._response, "status": "failed", "status_details": details, "output": []}
            await self._send("response.done", response=done)
            return
        if self._server.first_sound_after:
            await asyncio.sleep(self._server.first_sound_after)
        output: list[dict[str, Any]] = []
        if reply.text and kind != "empty":
            output.append(await self._speak(reply.text, fault))
            if kind in ("cut", "stall"):
                return
        for name, arguments in reply.tools if kind != "empty" else ():
            call = f"call{next(self._ids)}"
            item = {"id": f"item{next(self._ids)}", "type": "function_call", "name": name, "call_id": call}
            output.append({**item, "arguments": arguments, "status": "completed"})
        usage = {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10}
        done = {"id": self._response, "status": "completed", "output": output, "usage": usage}
        await self._send("response.done", response=done)

    async def _speak(self, text: str, fault: Fault | None) -> dict[str, Any]:
        item = f"item{next(self._ids)}"
        place = {"response_id": self._response, "item_id": item, "output_index": 0, "content_index": 0}
        pieces = [text[at : at + PIECE_CHARACTERS] for at in range(0, len(text), PIECE_CHARACTERS)]
        for number, piece in enumerate(pieces):
            if fault and fault.kind in ("cut", "stall") and number >= fault.after:
                if fault.kind == "cut":
                    await self._socket.close(code=1011)
                break
            if fault and fault.kind == "garbage":
                await self._socket.send_str('{"type": "response.output_audio.delta", "delta": 7}')
                await self._socket.send_str("<html>")
            sound = base64.b64encode(self._tone(len(piece))).decode()
            await self._send("response.output_audio.delta", **place, delta=sound)
            await self._send("response.output_audio_transcript.delta", **place, delta=piece)
            await asyncio.sleep(0.001)
        content = [{"type": "output_audio", "transcript": text}]
        return {"id": item, "type": "message", "role": "assistant", "status": "completed", "content": content}

    def _tone(self, characters: int) -> bytes:
        narrow = self._format()["type"] == "audio/pcmu"
        rate = 8000 if narrow else 24000
        count = int(characters * SECONDS_PER_CHARACTER * rate)
        pcm = (np.sin(np.arange(count) * 2 * np.pi * 440 / rate) * 8000).astype("<i2").tobytes()
        return pcm_to_mulaw(pcm) if narrow else pcm
