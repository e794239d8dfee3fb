"""Deepgram's websockets: Nova (/v1/listen), Flux (/v2/listen), Aura (/v1/speak), and speech over HTTP (/v1/speak).

Shapes after developers.deepgram.com/reference (Results, Finalize with from_finalize, TurnInfo, Speak, Flush, Clear) and
pipecat 1.14's services/deepgram.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk, messages, speak, tone_for

FLUX_SILENCE = 0.26


class DeepgramServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("authorization") == f"Token {self.key}"

    def refused(self) -> web.Response:
        body = {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": "r-1"}
        return web.json_response(body, status=401, headers={"dg-error": "Invalid credentials."})

    async def talk(self, talk: Talk) -> None:
        if talk.seen.path == "/v1/listen":
            await self._nova(talk)
        elif talk.seen.path == "/v2/listen":
            await self._flux(talk)
        elif talk.seen.path == "/v1/speak":
            await self._aura(talk)

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        if talk.seen.path == "/v2/listen":
            error = {"type": "Error", "sequence_id": 3, "code": "INTERNAL_SERVER_ERROR", "description": "It broke."}
            await talk.socket.send_str(json.dumps(error))
        await talk.close(1011, "NET-0001")

    # ── ears ─────────────────────────────────────────────────────────────────────────────────────

    async def _nova(self, talk: Talk) -> None:
        ears = Listener(self, talk, int(talk.seen.one("sample_rate")))
        async for message in messages(talk):
            if isinstance(message, bytes):
                text = ears.hear(message)
                if text:
                    await talk.say(self._results(text, False, False))
            elif message["type"] == "Finalize":
                text = ears.finish()
                await talk.say(self._results(text, True, True))
            elif message["type"] == "CloseStream":
                await talk.close(1000)

    def _results(self, text: str, final: bool, asked: bool) -> dict[str, Any]:
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": 1.0,
            "start": 0.0,
            "is_final": final,
            "speech_final": final,
            "from_finalize": asked,
            "channel": {"alternatives": [{"transcript": text, "confidence": self.confidence, "words": []}]},
            "metadata": {"request_id": "r-1", "model_info": {}, "model_uuid": "m-1"},
        }

    async def _flux(self, talk: Talk) -> None:
        await talk.say({"type": "Connected", "request_id": "r-1", "sequence_id": 0})
        ears = Listener(self, talk, int(talk.seen.one("sample_rate")))
        started = False
        async for message in messages(talk):
            if not isinstance(message, bytes):
                if message["type"] == "CloseStream":
                    await talk.close(1000)
                continue
            text = ears.hear(message)
            if text:
                await talk.say(self._turn("Update" if started else "StartOfTurn", text, ears))
                started = True
            elif ears.hearing and ears.quiet >= FLUX_SILENCE:
                started = False
                await talk.say(self._turn("EndOfTurn", ears.finish(), ears))

    def _turn(self, event: str, text: str, ears: Listener) -> dict[str, Any]:
        return {
            "type": "TurnInfo",
            "request_id": "r-1",
            "sequence_id": 1,
            "event": event,
            "turn_index": 0,
            "audio_window_start": 0.0,
            "audio_window_end": 1.0,
            "transcript": text,
            "words": [{"word": word["word"], "confidence": word["confidence"]} for word in ears.timed(text)],
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }

    # ── voice ────────────────────────────────────────────────────────────────────────────────────

    async def _aura(self, talk: Talk) -> None:
        rate = int(talk.seen.one("sample_rate"))
        text, speaking = "", None
        await talk.say({"type": "Metadata", "request_id": "r-1", "model_name": talk.seen.one("model")})
        async for message in messages(talk):
            if message["type"] == "Speak":
                text += message["text"]
            elif message["type"] == "Flush":
                speaking = asyncio.create_task(self._say(talk, text, rate))
                text = ""
            elif message["type"] == "Clear":
                text = ""
                if speaking is not None:
                    speaking.cancel()
                await talk.say({"type": "Cleared", "sequence_id": 2})
            elif message["type"] == "Close":
                await talk.close(1000)

    async def _say(self, talk: Talk, text: str, rate: int) -> None:
        with contextlib.suppress(ConnectionResetError):
            await speak(self, text, rate, talk.say)
            await talk.say({"type": "Flushed", "sequence_id": 1})

    async def post(self, request: web.Request, seen: Seen, fault: Fault | None) -> web.StreamResponse:
        if seen.path == "/v1/listen":
            seen.sound += await request.read()
            text = self.heard.pop(0) if self.heard else self.usual_heard
            best = {"transcript": text, "confidence": self.confidence, "words": []}
            return web.json_response({"metadata": {}, "results": {"channels": [{"alternatives": [best]}]}})
        seen.body = await request.json()
        return web.Response(body=tone_for(seen.body["text"], int(seen.one("sample_rate"))), content_type="audio/l16")
