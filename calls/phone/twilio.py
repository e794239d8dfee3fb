"""Twilio's side of a call: signed webhooks, TwiML obeyed, the media stream in real time, status callbacks.

Shapes after Twilio's Media Streams and Voice documentation: every frame is JSON text, numbers are strings.
"""

from __future__ import annotations

import asyncio
import audioop
import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urljoin

import numpy as np
import websockets
from twilio.request_validator import RequestValidator

from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.place import place
from calls.phone.playout import Playout
from calls.phone.report import Heard, PhoneError
from calls.phone.twiml import verbs

FRAME = 160
RATE = 8000
ULAW_SILENCE = b"\xff"
OUR_EVENTS = {
    "media": {"event", "streamSid", "media"},
    "mark": {"event", "streamSid", "mark"},
    "clear": {"event", "streamSid"},
}


@dataclass
class Line:
    """Who calls whom, and how the carrier signs. `call_sid` is made up unless the carrier's REST server gave one."""

    base_url: str
    account_sid: str
    auth_token: str
    caller: str
    called: str
    direction: str = "inbound"
    call_sid: str = field(default_factory=lambda: f"CA{secrets.token_hex(16)}")

    def fields(self, status: str, **more: str) -> dict[str, str]:
        return {
            "CallSid": self.call_sid,
            "AccountSid": self.account_sid,
            "From": self.caller,
            "To": self.called,
            "Caller": self.caller,
            "Called": self.called,
            "Direction": self.direction,
            "ApiVersion": "2010-04-01",
            "CallStatus": status,
            **more,
        }


class TwilioPhone:
    """One call. `run` returns when it is over. Raises PhoneError when our side breaks the carrier's rules."""

    def __init__(self, line: Line, caller: Caller, http: Http, *, longest: float = 300.0) -> None:
        self.line = line
        self.caller = caller
        self.http = http
        self.heard = Heard(RATE, figures=caller.figures, carrier_call_id=line.call_sid)
        self._signer = RequestValidator(line.auth_token)
        self._longest = longest
        self._samples = bytearray()
        self._ordered: asyncio.Queue[str] = asyncio.Queue()
        self._started = time.monotonic()
        self._hung_up = False

    async def run(self, url: str, status_url: str = "") -> Heard:
        """`url` answers the call with TwiML; `status_url` hears that it was completed."""
        answer = await self.post(
            url, self.line.fields("ringing" if self.line.direction == "inbound" else "in-progress")
        )
        await self._obey(url, answer)
        if status_url:
            seconds = str(int(time.monotonic() - self._started))
            await self.status(status_url, "completed", 3, CallDuration=seconds, Duration="1")
        self.heard.samples = np.frombuffer(audioop.ulaw2lin(bytes(self._samples), 2), np.int16)
        return self.heard

    def order(self, document: str) -> None:
        """TwiML that our side put in the call's place by REST: what the call does is stopped, and this is obeyed."""
        self._ordered.put_nowait(document)

    @property
    def ordered(self) -> bool:
        return not self._ordered.empty()

    async def post(self, url: str, form: dict[str, str]) -> str:
        """A signed webhook; the body of a 200 answer."""
        signature = self._signer.compute_signature(url, form)
        response = await self.http.post(url, form, {"X-Twilio-Signature": signature})
        if response.status_code not in {200, 204}:
            raise PhoneError(f"{url} answered {response.status_code}: {response.text[:300]}")
        return str(response.text)

    async def status(self, url: str, status: str, number: int, **more: str) -> None:
        form = self.line.fields(
            status,
            CallbackSource="call-progress-events",
            SequenceNumber=str(number),
            Timestamp=formatdate(usegmt=True),
            **more,
        )
        await self.post(url, form)

    async def _obey(self, url: str, document: str) -> None:
        for _ in range(20):
            if self.ordered:
                document = self._ordered.get_nowait()
            target = await self._perform(document)
            if target:
                url = urljoin(url, target)
                document = await self.post(url, self.line.fields("in-progress"))
            elif not self.ordered:
                return
        raise PhoneError("The call was redirected 20 times.")

    async def _perform(self, document: str) -> str:
        """Obeys verb by verb. The address of a redirect, or nothing when the call is over or was given an order."""
        for verb in verbs(document):
            if verb.name == "Stream":
                await self.stream(verb.attributes["url"])
                if self._hung_up:
                    self.heard.ended = "caller hung up"
                    return ""
                if self.ordered:
                    return ""
            elif verb.name == "Say":
                self.heard.said.append(verb.text)
            elif verb.name == "Redirect":
                return verb.text
            elif verb.name == "Pause":
                await asyncio.sleep(min(float(verb.attributes.get("length", "1")), 5))
            else:
                self.heard.ended = verb.attributes.get("reason", verb.name.lower())
                return ""
        self.heard.ended = "end of document"
        return ""

    async def stream(self, url: str) -> None:
        """One `<Connect><Stream>`, until either side ends it."""
        if "?" in url:
            raise PhoneError("Twilio drops a query string from the stream's address.")
        where = place(url)
        signature = self._signer.compute_signature(url, {})
        try:
            socket = await websockets.connect(
                url,
                host=where.host,
                port=where.port,
                additional_headers={"x-twilio-signature": signature},
                proxy=None,
                compression=None,
                open_timeout=15,
                max_size=2**20,
            )
        except (OSError, websockets.WebSocketException, TimeoutError) as error:
            self.heard.said.append(f"[the stream was refused: {error}]")
            return
        stream = Stream(self, socket)
        try:
            await stream.run(self._started + self._longest)
        finally:
            self._samples += stream.playout.heard
            self._hung_up = stream.hung_up
            await socket.close()


class Stream:
    """The media stream of one `<Connect><Stream>`."""

    def __init__(self, phone: TwilioPhone, socket: websockets.ClientConnection) -> None:
        self.sid = f"MZ{secrets.token_hex(16)}"
        self.playout = Playout(FRAME, ULAW_SILENCE)
        self.hung_up = False
        self._phone = phone
        self._caller = phone.caller
        self._socket = socket
        self._sequence = 0
        self._chunk = 0

    async def run(self, deadline: float) -> None:
        await self._socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        line = self._phone.line
        start = {
            "accountSid": line.account_sid,
            "streamSid": self.sid,
            "callSid": line.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE, "channels": 1},
            "customParameters": {},
        }
        await self._send("start", {"start": start})
        listening = asyncio.create_task(self._listen())
        try:
            await self._talk(deadline, listening)
            if listening.done() and (error := listening.exception()) is not None:
                raise error
        except websockets.ConnectionClosed:
            if listening.done() and isinstance(error := listening.exception(), PhoneError):
                raise error from None
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _talk(self, deadline: float, listening: asyncio.Task[None]) -> None:
        """One frame every 20 ms until somebody ends the call. What our server queued is played to its end."""
        began = time.monotonic()
        tick = 0
        while not self._over(listening):
            now = time.monotonic()
            if now > deadline:
                raise PhoneError("The call went on longer than the phone was told to wait.")
            frame, marks = self.playout.tick()
            self._caller.hear(np.frombuffer(audioop.ulaw2lin(frame, 2), np.int16))
            if not listening.done():
                for name in marks:
                    await self._send("mark", {"mark": {"name": name}})
                await self._send_audio(tick)
            if self._caller.wants_hangup:
                self.hung_up = True
                await self._send(
                    "stop", {"stop": {"accountSid": self._phone.line.account_sid, "callSid": self._phone.line.call_sid}}
                )
                return
            tick += 1
            await asyncio.sleep(max(0.0, began + tick * 0.02 - time.monotonic()))

    def _over(self, listening: asyncio.Task[None]) -> bool:
        return listening.done() and (not self.playout.queued or listening.exception() is not None)

    async def _send_audio(self, tick: int) -> None:
        self._chunk += 1
        payload = audioop.lin2ulaw(self._caller.tick().tobytes(), 2)
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(tick * 20),
            "payload": base64.b64encode(payload).decode(),
        }
        await self._send("media", {"media": media})

    async def _send(self, event: str, body: dict[str, Any]) -> None:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), **body, "streamSid": self.sid}
        await self._socket.send(json.dumps(message))

    async def _listen(self) -> None:
        async for text in self._socket:
            message = self._checked(text)
            if message["event"] == "media":
                audio = base64.b64decode(message["media"]["payload"], validate=True)
                self.playout.add(audio)
                self._caller.agent_audio_arrived(np.frombuffer(audioop.ulaw2lin(audio, 2), np.int16))
                continue
            if message["event"] == "mark":
                due = self.playout.mark(message["mark"]["name"])
            else:
                self._caller.cleared()
                due = self.playout.clear()
            for name in due:
                await self._send("mark", {"mark": {"name": name}})

    def _checked(self, text: str | bytes) -> dict[str, Any]:
        """What Twilio would refuse (31950, 31951) is our fault and ends the test, not only the call."""
        if isinstance(text, bytes):
            raise PhoneError("31950: a binary frame was sent to Twilio.")
        try:
            message = json.loads(text)
            event = message["event"]
        except (ValueError, KeyError, TypeError) as error:
            raise PhoneError(f"31951: not a message of Twilio's: {text[:200]}") from error
        if set(message) != OUR_EVENTS.get(event) or message["streamSid"] != self.sid:
            raise PhoneError(f"31951: a message Twilio refuses: {text[:200]}")
        return dict(message)
