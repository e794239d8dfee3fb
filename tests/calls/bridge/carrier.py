"""Twilio's side of one call, step by step, so that a test can do each of them wrong."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree

import websockets
from twilio.request_validator import RequestValidator

from calls.phone.http import Http
from calls.phone.place import place

AUTH_TOKEN = "tests-only-auth-token"
PATIENCE = 10.0
SILENCE = b"\xff" * 160


@dataclass
class Answered:
    status: int
    text: str

    @property
    def verbs(self) -> list[str]:
        return [element.tag for element in ElementTree.fromstring(self.text)]

    @property
    def stream_url(self) -> str:
        found = ElementTree.fromstring(self.text).find("Connect/Stream")
        assert found is not None, self.text
        return found.attrib["url"]

    @property
    def redirect(self) -> str:
        return ElementTree.fromstring(self.text).findtext("Redirect") or ""

    @property
    def dialled(self) -> str:
        return ElementTree.fromstring(self.text).findtext("Dial") or ""

    @property
    def said(self) -> str:
        return ElementTree.fromstring(self.text).findtext("Say") or ""


@dataclass
class Trunk:
    base_url: str
    account_sid: str
    called: str
    caller: str = "+14155550188"
    auth_token: str = AUTH_TOKEN
    call_sid: str = field(default_factory=lambda: f"CA{secrets.token_hex(16)}")

    def form(self, status: str = "ringing", **more: str) -> dict[str, str]:
        return {
            "CallSid": self.call_sid,
            "AccountSid": self.account_sid,
            "From": self.caller,
            "To": self.called,
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            "CallStatus": status,
            **more,
        }

    async def post(self, url: str, form: dict[str, str], signature: str | None = None) -> Answered:
        url = url if url.startswith("http") else self.base_url + url
        signed = RequestValidator(self.auth_token).compute_signature(url, form) if signature is None else signature
        async with Http() as http:
            response = await http.post(url, form, {"X-Twilio-Signature": signed})
        return Answered(response.status_code, response.text)

    async def ring(self, **more: str) -> Answered:
        return await self.post("/telephony/twilio/voice", self.form(**more))

    async def status(self, status: str, number: int, **more: str) -> Answered:
        form = self.form(status, SequenceNumber=str(number), CallbackSource="call-progress-events", **more)
        return await self.post("/telephony/twilio/status", form)

    async def resume(self, answer: Answered) -> Answered:
        return await self.post(answer.redirect, self.form("in-progress"))

    async def connect(self, url: str, headers: dict[str, str] | None = None) -> websockets.ClientConnection:
        where = place(url)
        return await websockets.connect(
            url,
            host=where.host,
            port=where.port,
            additional_headers=headers or {},
            proxy=None,
            compression=None,
            max_size=2**21,
        )

    async def stream(self, url: str) -> Stream:
        """A media stream that has started."""
        stream = Stream(self, await self.connect(url))
        await stream.start()
        return stream

    async def talk(self) -> tuple[Answered, Stream]:
        """Ring, and take the stream that the answer asks for."""
        answer = await self.ring()
        return answer, await self.stream(answer.stream_url)


class Stream:
    """What came from our side is sorted: `heard` audio, `marks` asked for, `clears` counted."""

    def __init__(self, trunk: Trunk, socket: websockets.ClientConnection) -> None:
        self.trunk, self.socket = trunk, socket
        self.sid = f"MZ{secrets.token_hex(16)}"
        self.heard = bytearray()
        self.marks: list[str] = []
        self.clears = 0
        self.over = asyncio.Event()
        self._news = asyncio.Event()
        self._sequence = 0
        self._listening = asyncio.create_task(self._listen())

    async def start(self, **more: Any) -> None:
        await self.raw({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": self.trunk.account_sid,
            "streamSid": self.sid,
            "callSid": self.trunk.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {},
            **more,
        }
        await self.send("start", start=start)

    async def say(self, samples: bytes = SILENCE) -> None:
        self._sequence += 1
        media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": b64encode(samples).decode()}
        await self.send("media", media=media)

    async def returns(self, mark: str) -> None:
        await self.send("mark", mark={"name": mark})

    async def press(self, digit: str) -> None:
        await self.send("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    async def stop(self) -> None:
        await self.send("stop", stop={"accountSid": self.trunk.account_sid, "callSid": self.trunk.call_sid})

    async def send(self, event: str, **body: Any) -> None:
        self._sequence += 1
        await self.raw({"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.sid, **body})

    async def raw(self, message: object) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.socket.send(text)

    async def hears(self, samples: int) -> bytes:
        await self._until(lambda: len(self.heard) >= samples)
        return bytes(self.heard)

    async def is_asked_for(self, mark: str) -> None:
        await self._until(lambda: mark in self.marks)

    async def is_cleared(self, times: int = 1) -> None:
        await self._until(lambda: self.clears >= times)

    async def is_closed(self, seconds: float = PATIENCE) -> None:
        async with asyncio.timeout(seconds):
            await self.over.wait()

    async def _until(self, true: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def _listen(self) -> None:
        try:
            async for text in self.socket:
                assert isinstance(text, str), "31950: a binary frame was sent to Twilio"
                message = json.loads(text)
                assert message["streamSid"] == self.sid
                if message["event"] == "media":
                    assert set(message) == {"event", "streamSid", "media"}
                    assert set(message["media"]) == {"payload"}
                    self.heard += b64decode(message["media"]["payload"], validate=True)
                elif message["event"] == "mark":
                    assert set(message) == {"event", "streamSid", "mark"}
                    self.marks.append(message["mark"]["name"])
                else:
                    assert message == {"event": "clear", "streamSid": self.sid}
                    self.clears += 1
                self._news.set()
        finally:
            self.over.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        await asyncio.gather(self._listening, return_exceptions=True)
