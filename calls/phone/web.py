"""The browser's side of a call: asks for a media address, then speaks 16 kHz PCM both ways (`calls/telephony/web.py`)."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass

import numpy as np
import websockets

from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.place import place
from calls.phone.playout import Playout
from calls.phone.report import Heard, PhoneError

RATE = 16000
FRAME = RATE // 50 * 2


@dataclass(frozen=True)
class Session:
    """A signed-in browser: its cookie and the page that a call is started from."""

    base_url: str
    cookie: str


class WebPhone:
    """One call from the page of an agent. `run` returns when it is over."""

    def __init__(self, session: Session, caller: Caller, http: Http, *, longest: float = 300.0) -> None:
        self.session = session
        self.caller = caller
        self.http = http
        self.heard = Heard(RATE, figures=caller.figures)
        self._longest = longest
        self._playout = Playout(FRAME, b"\0")

    async def run(self, talk_path: str) -> Heard:
        token = secrets.token_hex(16)
        response = await self.http.post(
            f"{self.session.base_url}{talk_path}",
            {},
            {"X-CSRFToken": token, "Origin": self.session.base_url, "Referer": f"{self.session.base_url}/"},
            f"sessionid={self.session.cookie}; csrftoken={token}",
        )
        if response.status_code not in {200, 201}:
            raise PhoneError(f"{talk_path} answered {response.status_code}: {response.text[:300]}")
        answer = response.json()
        self.heard.call_id = answer["call_id"]
        await self._talk_at(answer["media"])
        self.heard.samples = np.frombuffer(bytes(self._playout.heard), np.int16)
        return self.heard

    async def _talk_at(self, url: str) -> None:
        where = place(url)
        headers = {"Cookie": f"sessionid={self.session.cookie}"}
        async with websockets.connect(
            url,
            host=where.host,
            port=where.port,
            additional_headers=headers,
            origin=websockets.Origin(self.session.base_url),
            proxy=None,
            compression=None,
            max_size=2**20,
        ) as socket:
            await socket.send(json.dumps({"type": "start", "rate": RATE}))
            listening = asyncio.create_task(self._listen(socket))
            try:
                await self._speak(socket, listening)
            except websockets.ConnectionClosed:
                self.heard.ended = self.heard.ended or "the socket was closed"
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _speak(self, socket: websockets.ClientConnection, listening: asyncio.Task[None]) -> None:
        began = time.monotonic()
        tick = 0
        while not listening.done() or self._playout.queued:
            if time.monotonic() - began > self._longest:
                raise PhoneError("The call went on longer than the phone was told to wait.")
            frame, marks = self._playout.tick()
            self.caller.hear(np.frombuffer(frame, np.int16))
            if not listening.done():
                for name in marks:
                    await socket.send(json.dumps({"type": "mark", "name": name}))
                await socket.send(self.caller.tick().tobytes())
            if self.caller.wants_hangup:
                await socket.send(json.dumps({"type": "hangup"}))
                self.heard.ended = "caller hung up"
                return
            tick += 1
            await asyncio.sleep(max(0.0, began + tick * 0.02 - time.monotonic()))

    async def _listen(self, socket: websockets.ClientConnection) -> None:
        async for message in socket:
            if isinstance(message, bytes):
                self._playout.add(message)
                self.caller.agent_audio_arrived(np.frombuffer(message, np.int16))
                continue
            body = json.loads(message)
            due: list[str] = []
            if body["type"] == "mark":
                due = self._playout.mark(body["name"])
            elif body["type"] == "clear":
                self.caller.cleared()
                due = self._playout.clear()
            elif body["type"] == "ended":
                self.heard.ended = body["reason"]
                return
            for name in due:
                await socket.send(json.dumps({"type": "mark", "name": name}))
