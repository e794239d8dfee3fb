"""Google's Gemini Live over a websocket.

Messages after ai.google.dev/api/live (BidiGenerateContent): JSON with one field that names its kind. Who speaks is told
by us (`activityStart`, `activityEnd`), so the vendor's own voice activity detection is off. The caller's sound goes at
16 kHz, the reply comes at 24. Instructions and tools are fixed for a connection: new ones are a new connection that
takes up the old one's session.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import soxr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, S2s, option
from media_worker.providers.dialogue import Called, DialogueFailed, Happening, Heard, Over, Said, Setup, Sound, verbatim

OPEN_SECONDS = 5.0
PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_RATE_IN = 16000
_RATE_OUT = 24000


def build(provider: Provider, context: BuildContext, talent: S2s, base_url: str) -> GeminiDialogue:
    return GeminiDialogue(
        url=_websocket(provider.base_url or base_url),
        key=provider.api_key.get_secret_value() if provider.api_key else "",
        model=str(option(provider, talent, "model")),
        voice=str(option(provider, talent, "voice")),
        rate=context.sample_rate,
    )


def _websocket(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{'ws' if parts.scheme in ('http', 'ws') else 'wss'}://{parts.netloc}{PATH}"


class GeminiDialogue:
    vendor = "gemini"

    def __init__(self, *, url: str, key: str, model: str, voice: str, rate: int) -> None:
        self.model = model
        self.rate = rate
        self._url = url
        self._key = key
        self._voice = voice
        self._wider = None if rate == _RATE_IN else soxr.ResampleStream(rate, _RATE_IN, 1, dtype="int16")
        self._socket: ClientConnection | None = None
        self._handle = ""
        self._under_way = False
        self._heard = ""
        self._owed: list[tuple[Called, str]] = []
        """Results of tools that are told together with what is to be said, or with the caller's next turn."""

    # ── speaking to the vendor ───────────────────────────────────────────────────────────────────

    async def open(self, setup: Setup) -> None:
        socket = await connect(
            self._url,
            additional_headers={"x-goog-api-key": self._key},
            open_timeout=OPEN_SECONDS,
            close_timeout=1,
            proxy=None,
            max_size=16 * 2**20,
        )
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await socket.send(json.dumps({"setup": self._first(setup)}))
                while "setupComplete" not in _read(await socket.recv()):
                    pass
        except ConnectionClosed as error:
            await socket.close()
            raise _refusal(error) from error
        except BaseException:
            await socket.close()
            raise
        before, self._socket = self._socket, socket
        if before is not None:
            await before.close()
        if setup.history and not self._handle:
            turns = [{"role": "user" if r == "user" else "model", "parts": [{"text": t}]} for r, t in setup.history]
            await self._send({"clientContent": {"turns": turns, "turnComplete": False}})

    def _first(self, setup: Setup) -> dict[str, Any]:
        functions = [
            {"name": tool.name, "description": tool.description, "parameters": _schema(tool.parameters)}
            for tool in setup.tools
        ]
        voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": self._voice}}}
        return {
            "model": self.model if "/" in self.model else f"models/{self.model}",
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": voice},
            "systemInstruction": {"parts": [{"text": setup.instructions}]},
            "tools": [{"functionDeclarations": functions}] if functions else [],
            "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "sessionResumption": {"handle": self._handle} if self._handle else {},
            "contextWindowCompression": {"slidingWindow": {}},
        }

    async def configure(self, setup: Setup) -> None:
        await self.open(setup)

    async def begin_turn(self) -> None:
        if self._owed:
            await self._tell_owed("")
        await self._send({"realtimeInput": {"activityStart": {}}})

    async def hear(self, pcm: bytes) -> None:
        if self._wider is not None:
            pcm = self._wider.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes()
        if pcm:
            data = base64.b64encode(pcm).decode()
            await self._send({"realtimeInput": {"audio": {"mimeType": f"audio/pcm;rate={_RATE_IN}", "data": data}}})

    async def end_turn(self) -> None:
        self._under_way = True
        await self._send({"realtimeInput": {"activityEnd": {}}})

    async def forget_turn(self) -> None:
        """A turn cannot be taken back: it ends, and what is said to it is dropped by whoever asked for nothing."""
        await self._send({"realtimeInput": {"activityEnd": {}}})

    async def user_text(self, text: str) -> None:
        self._under_way = True
        turns = [{"role": "user", "parts": [{"text": text}]}]
        await self._send({"clientContent": {"turns": turns, "turnComplete": True}})

    async def say(self, words: str) -> None:
        if self._owed:
            self._under_way = True
            await self._tell_owed(verbatim(words))
        else:
            await self.user_text(verbatim(words))

    async def results(self, results: Sequence[tuple[Called, str]], answer: bool) -> None:
        self._owed += results
        if answer:
            self._under_way = True
            await self._tell_owed("")

    async def _tell_owed(self, then: str) -> None:
        """The model speaks as soon as its tools have answered: what it is to say then goes with the last answer."""
        owed, self._owed = self._owed, []
        last = len(owed) - 1
        answers = [
            {"id": call.id, "name": call.name, "response": {"result": f"{text} {then}".strip() if at == last else text}}
            for at, (call, text) in enumerate(owed)
        ]
        await self._send({"toolResponse": {"functionResponses": answers}})

    async def cut(self, heard_ms: int) -> None:
        """The caller's activity has interrupted the model already; how much was heard cannot be told."""

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._socket is None:
            raise DialogueFailed("The conversation is not open.")
        await self._socket.send(json.dumps(message))

    # ── listening to it ──────────────────────────────────────────────────────────────────────────

    async def happenings(self) -> AsyncIterator[Happening]:
        while (socket := self._socket) is not None:
            try:
                async for message in socket:
                    for happening in self._understand(_read(message)):
                        yield happening
                error: ConnectionClosed | None = None
            except ConnectionClosed as closed:
                error = closed
            if socket is self._socket:
                raise _refusal(error) if error else DialogueFailed("The vendor ended the conversation.")

    def _understand(self, message: dict[str, Any]) -> list[Happening]:
        update = _object(message, "sessionResumptionUpdate")
        if update.get("resumable") and update.get("newHandle"):
            self._handle = str(update["newHandle"])
        found: list[Happening] = []
        content = _object(message, "serverContent")
        self._heard += str(_object(content, "inputTranscription").get("text") or "")
        for part in _list(_object(content, "modelTurn"), "parts"):
            found += _sound(_object(part, "inlineData"))
        said = str(_object(content, "outputTranscription").get("text") or "")
        if said:
            found.append(Said(said))
        calls = [
            Called(str(call.get("id") or ""), str(call.get("name") or ""), _object(call, "args"))
            for call in _list(_object(message, "toolCall"), "functionCalls")
        ]
        found += calls
        if found and self._heard:
            found.insert(0, Heard(self._heard.strip()))
            self._heard = ""
        over = bool(calls or content.get("interrupted") or content.get("turnComplete"))
        if over and self._under_way:
            self._under_way = False
            usage = _object(message, "usageMetadata")
            found.append(Over(_count(usage.get("promptTokenCount")), _count(usage.get("responseTokenCount"))))
        return found


def _sound(data: Mapping[str, Any]) -> list[Happening]:
    if not str(data.get("mimeType", "")).startswith("audio/pcm"):
        return []
    try:
        pcm = base64.b64decode(str(data.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        return []
    return [Sound(pcm[: len(pcm) // 2 * 2], _RATE_OUT)] if len(pcm) > 1 else []


def _schema(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Google's schemas are OpenAPI's: they know no `additionalProperties`."""
    cleaned: dict[str, Any] = {}
    for name, value in parameters.items():
        if name == "additionalProperties":
            continue
        cleaned[name] = _schema(value) if isinstance(value, dict) else value
    return cleaned


def _read(message: str | bytes) -> dict[str, Any]:
    """One message; what is malformed is as good as none."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _object(holder: Any, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _list(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = holder.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _refusal(error: ConnectionClosed) -> DialogueFailed:
    """Google refuses a key or a quota after the handshake, by the reason with which it closes."""
    reason = error.rcvd.reason if error.rcvd else ""
    status = 401 if "API key" in reason else 429 if "quota" in reason.lower() or "exhausted" in reason.lower() else None
    return DialogueFailed("The vendor ended the conversation.", status)
