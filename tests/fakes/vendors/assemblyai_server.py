"""AssemblyAI's streaming websocket, /v3/ws: Begin, Turn, ForceEndpoint, Terminate.

Shapes after assemblyai.com/docs/streaming and pipecat 1.14's services/assemblyai/models.py; errors after “Common session
errors and closures”: an Error message with `error_code`, then the same code closes the socket.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk, messages

LEAST, MOST = 0.05, 1.0


class AssemblyAIServer(SocketVendor):
    """Credentials are looked at after the handshake, as the vendor does."""

    def authorized(self, seen: Seen) -> bool:
        return True

    def refused(self) -> web.Response:
        return web.Response(status=401)

    async def talk(self, talk: Talk) -> None:
        if talk.seen.headers.get("authorization") != self.key:
            await self._end(talk, 1008, "Unauthorized Connection: Invalid API key")
            return
        await talk.say({"type": "Begin", "id": "s-1", "expires_at": 1_900_000_000})
        rate = int(talk.seen.one("sample_rate"))
        ears = Listener(self, talk, rate)
        order = 0
        async for message in messages(talk):
            if isinstance(message, bytes):
                if not LEAST <= len(message) / 2 / rate <= MOST:
                    await self._end(talk, 3007, "Input duration violation: 40 ms. Expected between 50 and 1000 ms")
                    return
                text = ears.hear(message)
                if text:
                    await talk.say(self._turn(order, text, False, ears))
            elif message["type"] == "ForceEndpoint" and ears.hearing:
                await talk.say(self._turn(order, ears.finish(), True, ears))
                order += 1
            elif message["type"] == "Terminate":
                end = {"type": "Termination", "audio_duration_seconds": 1.0, "session_duration_seconds": 1.0}
                await talk.say(end)
                await talk.close(1000)

    def _turn(self, order: int, text: str, over: bool, ears: Listener) -> dict[str, Any]:
        words = [
            {
                "start": int(word["start"] * 1000),
                "end": int(word["end"] * 1000),
                "text": word["word"],
                "confidence": word["confidence"],
                "word_is_final": over,
            }
            for word in ears.timed(text)
        ]
        return {
            "type": "Turn",
            "turn_order": order,
            "turn_is_formatted": False,
            "end_of_turn": over,
            "transcript": text,
            "end_of_turn_confidence": 0.8 if over else 0.1,
            "words": words,
        }

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        if fault.what == "sessions":
            await self._end(talk, 1008, "Too many concurrent sessions")
        else:
            await self._end(talk, 3005, "Session Cancelled: An error occurred")

    async def _end(self, talk: Talk, code: int, reason: str) -> None:
        await talk.socket.send_str(json.dumps({"type": "Error", "error_code": code, "error": reason}))
        await talk.close(code, reason)
