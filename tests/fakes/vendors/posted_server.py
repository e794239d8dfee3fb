"""Vendors that are asked over plain HTTP, one request an utterance: Azure's, Google's and the local servers' voices and ears.

One server, each vendor at its own path with its own place for the key and its own shape of a question and an answer:
Azure REST (SSML in, raw samples out), Google REST (JSON with base64 both ways), Piper's and XTTS's web servers (JSON in,
WAV out), OpenAI's audio/speech as Chatterbox (WAV) and Kokoro-FastAPI (raw samples) have it, and audio/transcriptions.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import struct
import wave
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.served import Served
from tests.fakes.vendors.openai_server import Fault
from tests.fakes.vendors.sockets import tone_for

SSML = "{http://www.w3.org/2001/10/synthesis}"


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: Any
    aborted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class PostedServer(Served):
    """`key` is wanted at the path's own place; empty: nobody is asked for one. `pace` seconds between pieces of sound."""

    key: str = ""
    heard: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Asked] = field(default_factory=list)
    pace: float = 0.0

    def runner(self) -> dict[str, Any]:
        return {"shutdown_timeout": 0.2, "handler_cancellation": True, "access_log": None}

    def application(self) -> web.Application:
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/cognitiveservices/v1", self._azure)
        app.router.add_post("/v1/text:synthesize", self._google_voice)
        app.router.add_post("/v1/speech:recognize", self._google_ears)
        app.router.add_post("/", self._piper)
        app.router.add_post("/tts_to_audio/", self._xtts)
        app.router.add_post("/v1/audio/speech", self._speech)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        return app

    @property
    def base_url(self) -> str:
        return self.address

    # ── voices ───────────────────────────────────────────────────────────────────────────────────

    async def _azure(self, request: web.Request) -> web.StreamResponse:
        said = ElementTree.fromstring(await request.read())
        (voice,) = said.findall(f"{SSML}voice")
        text = "".join(voice.itertext())
        rate = int(request.headers["X-Microsoft-OutputFormat"].removeprefix("raw-").partition("khz")[0]) * 1000
        body = {"text": text, "voice": voice.attrib["name"], "rate": rate}
        return await self._sound(request, body, "Ocp-Apim-Subscription-Key", "", tone_for(text, rate), "audio/basic")

    async def _google_voice(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        rate = body["audioConfig"]["sampleRateHertz"]
        told = {"text": body["input"]["text"], "voice": body["voice"]["name"], "rate": rate, "more": body}
        whole = json.dumps({"audioContent": base64.b64encode(_wav(tone_for(told["text"], rate), rate)).decode()})
        return await self._sound(request, told, "x-goog-api-key", "", whole.encode(), "application/json")

    async def _piper(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        told = {"text": body["text"], "voice": body["voice"], "rate": 22050, "more": body}
        return await self._sound(request, told, "", "", _wav(tone_for(body["text"], 22050), 22050), "audio/wav")

    async def _xtts(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        told = {"text": body["text"], "voice": body["speaker_wav"], "rate": 24000, "more": body}
        return await self._sound(request, told, "", "", _wav(tone_for(body["text"], 24000), 24000), "audio/wav")

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        told = {"text": body["input"], "voice": body["voice"], "rate": 24000, "more": body}
        tone = tone_for(body["input"], 24000)
        if body["response_format"] == "wav":
            return await self._sound(request, told, "Authorization", "Bearer ", _wav(tone, 24000), "audio/wav")
        return await self._sound(request, told, "Authorization", "Bearer ", tone, "audio/pcm")

    async def _sound(
        self, request: web.Request, body: dict[str, Any], header: str, scheme: str, whole: bytes, kind: str
    ) -> web.StreamResponse:
        asked, fault, refusal = await self._enter(request, body, header, scheme)
        if refusal is not None:
            return refusal
        response = web.StreamResponse(headers={"Content-Type": kind})
        try:
            await response.prepare(request)
            for number, start in enumerate(range(0, len(whole), 3001)):
                if fault is not None and (fault.kind == "empty" or number >= fault.after):
                    break
                await response.write(whole[start : start + 3001])
                await asyncio.sleep(self.pace)
            if fault is not None and fault.kind == "cut":
                assert request.transport is not None
                request.transport.abort()
            await response.write_eof()
        except (ConnectionResetError, asyncio.CancelledError):
            asked.aborted.set()
            raise
        return response

    # ── ears ─────────────────────────────────────────────────────────────────────────────────────

    async def _google_ears(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        wav = base64.b64decode(body["audio"].pop("content"))
        told = {"wav": wav, "more": body}
        _, fault, refusal = await self._enter(request, told, "x-goog-api-key", "")
        if refusal is not None:
            return refusal
        text = self.heard.pop(0) if self.heard else ""
        if fault is not None or not text:
            return web.json_response({})
        return web.json_response({"results": [{"alternatives": [{"transcript": text, "confidence": 0.93}]}]})

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        more: dict[str, Any] = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = await part.read()
            more[part.name or ""] = bytes(data) if part.filename else data.decode()
        told = {"wav": more.pop("file"), "more": more}
        _, fault, refusal = await self._enter(request, told, "Authorization", "Bearer ")
        if refusal is not None:
            return refusal
        text = self.heard.pop(0) if self.heard and fault is None else ""
        return web.json_response({"text": text})

    # ── the door ─────────────────────────────────────────────────────────────────────────────────

    async def _enter(
        self, request: web.Request, body: Any, header: str, scheme: str
    ) -> tuple[Asked, Fault | None, web.Response | None]:
        asked = Asked(request.path, {name.lower(): value for name, value in request.headers.items()}, body)
        self.seen.append(asked)
        fault = self.faults.pop(0) if self.faults else None
        if self.key and header and request.headers.get(header) != f"{scheme}{self.key}":
            return asked, fault, web.json_response({"error": {"code": 401, "message": "No."}}, status=401)
        if fault is not None and fault.kind == "silence":
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                asked.aborted.set()
                raise
        if fault is not None and fault.kind == "html":
            return asked, fault, web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        if fault is not None and fault.kind == "status":
            headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
            answer = web.json_response({"error": {"code": fault.status}}, status=fault.status, headers=headers)
            return asked, fault, answer
        return asked, fault, None


def _wav(pcm: bytes, rate: int) -> bytes:
    """With a chunk before the samples that has to be passed over, as ffmpeg writes one."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm)
    whole = made.getvalue()
    return whole[:36] + b"LIST" + struct.pack("<I", 4) + b"INFO" + whole[36:]
