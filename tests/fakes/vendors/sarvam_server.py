"""Sarvam's websockets: transcription (/speech-to-text-realtime/ws) and speech (/text-to-speech/ws), and speech over HTTP.

Shapes after docs.sarvam.ai and pipecat 1.14's services/sarvam: `event` in transcription with our own endpointing;
`config`, `text`, `flush` in speech, one stream without ids that ends in an `event` of type `final`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import wave

from aiohttp import web

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk, messages, speak, tone_for


class SarvamServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("api-subscription-key") == self.key

    def refused(self) -> web.Response:
        error = {"message": "Invalid API key", "code": "invalid_api_key_error"}
        return web.json_response({"error": error}, status=403)

    async def talk(self, talk: Talk) -> None:
        if talk.seen.path == "/speech-to-text-realtime/ws":
            await self._listen(talk)
        elif talk.seen.path == "/text-to-speech/ws":
            await self._voice(talk)

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        code = "rate_limit_exceeded_error" if fault.what == "sessions" else "internal_server_error"
        told = {"message": "It failed.", "code": code}
        if talk.seen.path == "/text-to-speech/ws":
            await talk.socket.send_str(json.dumps({"type": "error", "data": told}))
        else:
            await talk.socket.send_str(json.dumps({"event": "error", **told}))
        await talk.close(1011)

    async def _listen(self, talk: Talk) -> None:
        await talk.say({"event": "session.begin", "request_id": "r-1"})
        ears = Listener(self, talk, int(talk.seen.one("sample_rate")))
        open_ = False
        async for message in messages(talk):
            match message["event"]:
                case "speech_start":
                    open_ = True
                case "audio_input":
                    text = ears.hear(base64.b64decode(message["audio"]))
                    if text and open_:
                        await talk.say({"event": "transcript.partial", "text": text, "language": "en-IN"})
                case "speech_end" if open_:
                    open_ = False
                    final = {"text": ears.finish(), "language": "en-IN", "confidence": self.confidence}
                    await talk.say({"event": "transcript.final", **final})
                case "ping":
                    await talk.say({"event": "pong"})
                case "end":
                    await talk.say({"event": "session.end", "request_id": "r-1"})
                    await talk.close(1000)

    async def _voice(self, talk: Talk) -> None:
        rate, text = 0, ""
        speaking: asyncio.Task[None] | None = None
        async for message in messages(talk):
            match message["type"]:
                case "config":
                    rate = int(message["data"]["speech_sample_rate"])
                case "text":
                    text += message["data"]["text"]
                case "flush":
                    speaking = asyncio.create_task(self._say(talk, text, rate))
                    text = ""
        if speaking is not None:
            speaking.cancel()

    async def _say(self, talk: Talk, text: str, rate: int) -> None:
        async def piece(pcm: bytes) -> None:
            data = {"content_type": "audio/wav", "audio": base64.b64encode(pcm).decode(), "request_id": "r-1"}
            await talk.say({"type": "audio", "data": data})

        with contextlib.suppress(ConnectionResetError):
            await speak(self, text, rate, piece)
            await talk.say({"type": "event", "data": {"event_type": "final", "timestamp": "2026-01-01T00:00:00Z"}})

    async def post(self, request: web.Request, seen: Seen, fault: Fault | None) -> web.StreamResponse:
        seen.body = await request.json()
        rate = seen.body["speech_sample_rate"]
        file = io.BytesIO()
        with wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            wav.writeframes(tone_for(seen.body["text"], rate))
        return web.json_response({"request_id": "r-1", "audios": [base64.b64encode(file.getvalue()).decode()]})
