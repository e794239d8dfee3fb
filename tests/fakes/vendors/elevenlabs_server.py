"""ElevenLabs' websockets: Scribe (/v1/speech-to-text/realtime) and speech with several contexts
(/v1/text-to-speech/{voice}/multi-stream-input), and both over HTTP.

Shapes after elevenlabs.io/docs and pipecat 1.14's services/elevenlabs: `message_type` in Scribe, `contextId`, `audio`,
`alignment` and `isFinal` in speech; every trouble of a speech socket is a close with 1008 and a sentence.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import math
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk, messages, speak, tone_for


class ElevenLabsServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("xi-api-key") == self.key

    def refused(self) -> web.Response:
        return web.json_response({"detail": {"status": "invalid_api_key", "message": "Invalid API key"}}, status=401)

    async def talk(self, talk: Talk) -> None:
        if talk.seen.path == "/v1/speech-to-text/realtime":
            await self._scribe(talk)
        elif talk.seen.path.endswith("/multi-stream-input"):
            await self._voices(talk)

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        if talk.seen.path.startswith("/v1/speech-to-text"):
            kind = "rate_limited" if fault.what == "sessions" else "transcriber_error"
            await talk.socket.send_str(json.dumps({"message_type": kind, "error": f"It is {kind}."}))
            await talk.close(1011)
        else:
            reason = "Too many concurrent requests" if fault.what == "sessions" else "We are sorry, it went wrong."
            await talk.close(1008, reason)

    # ── ears ─────────────────────────────────────────────────────────────────────────────────────

    async def _scribe(self, talk: Talk) -> None:
        config = {"sample_rate": int(talk.seen.one("audio_format").removeprefix("pcm_"))}
        await talk.say({"message_type": "session_started", "session_id": "s-1", "config": config})
        ears = Listener(self, talk, config["sample_rate"])
        async for message in messages(talk):
            text = ears.hear(base64.b64decode(message["audio_base_64"]))
            if text:
                await talk.say({"message_type": "partial_transcript", "text": text})
            if message["commit"]:
                whole = ears.finish()
                await talk.say({"message_type": "committed_transcript", "text": whole})
                if talk.seen.query.get("include_timestamps") == ["true"]:
                    words = [
                        {
                            "text": word["word"],
                            "start": word["start"],
                            "end": word["end"],
                            "type": "word",
                            "logprob": math.log(word["confidence"]),
                        }
                        for word in ears.timed(whole)
                    ]
                    committed = {"text": whole, "language_code": "en", "words": words}
                    await talk.say({"message_type": "committed_transcript_with_timestamps", **committed})

    # ── voice ────────────────────────────────────────────────────────────────────────────────────

    async def _voices(self, talk: Talk) -> None:
        rate = int(talk.seen.one("output_format").removeprefix("pcm_"))
        texts: dict[str, str] = {}
        speaking: dict[str, asyncio.Task[None]] = {}
        async for message in messages(talk):
            if message.get("close_socket"):
                await talk.close(1000)
                continue
            context = message.get("context_id")
            if context is None:
                continue
            texts[context] = texts.get(context, "") + message.get("text", "")
            if message.get("close_context"):
                if context in speaking:
                    speaking[context].cancel()
                    continue
                speaking[context] = asyncio.create_task(self._say(talk, context, texts[context].strip(), rate))

    async def _say(self, talk: Talk, context: str, text: str, rate: int) -> None:
        at = 0

        async def piece(pcm: bytes) -> None:
            nonlocal at
            share = text[at : at + max(1, round(len(pcm) / 2 / rate / 0.055))]
            at += len(share)
            alignment = {
                "chars": list(share),
                "charStartTimesMs": [n * 55 for n in range(len(share))],
                "charDurationsMs": [55] * len(share),
            }
            audio = base64.b64encode(pcm).decode()
            await talk.say({"audio": audio, "contextId": context, "alignment": alignment if share else None})

        with contextlib.suppress(ConnectionResetError):
            await speak(self, text, rate, piece)
            await talk.say({"isFinal": True, "contextId": context})

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────

    async def post(self, request: web.Request, seen: Seen, fault: Fault | None) -> web.StreamResponse:
        if seen.path == "/v1/speech-to-text":
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                data = await part.read()
                seen.body[part.name or ""] = bytes(data) if part.filename else data.decode()
            text = self.heard.pop(0) if self.heard else self.usual_heard
            words: list[Any] = [{"type": "word", "text": word, "logprob": -0.05} for word in text.split()]
            return web.json_response({"text": text, "language_code": "eng", "words": words})
        seen.body = await request.json()
        rate = int(seen.one("output_format").removeprefix("pcm_"))
        return web.Response(body=tone_for(seen.body["text"], rate), content_type="audio/pcm")
