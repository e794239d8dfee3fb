"""OpenAI's Realtime API over a websocket, by pipecat's models of its events.

Shapes: platform.openai.com/docs/api-reference/realtime (client and server events), as `pipecat.services.openai.realtime
.events` holds them. Sound at 8 kHz travels as G.711 μ-law, as the phone brought it; else as 16-bit samples at 24 kHz.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import soxr
from pipecat.services.openai.realtime import events
from websockets.asyncio.client import ClientConnection, connect

from media_worker.contract.spec import Provider
from media_worker.pipeline.codec import mulaw_to_pcm, pcm_to_mulaw
from media_worker.providers.base import BuildContext, S2s, option
from media_worker.providers.dialogue import Called, DialogueFailed, Happening, Heard, Over, Said, Setup, Sound, verbatim

OPEN_SECONDS = 5.0
_RATE = 24000
_HARMLESS = frozenset({"response_cancel_not_active", "conversation_already_has_active_response"})
_STATUS = {
    "invalid_api_key": 401,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "model_not_found": 404,
}


def build(provider: Provider, context: BuildContext, talent: S2s, base_url: str) -> OpenAIDialogue:
    return OpenAIDialogue(
        url=_websocket(provider.base_url or base_url),
        key=provider.api_key.get_secret_value() if provider.api_key else "",
        model=str(option(provider, talent, "model")),
        voice=str(option(provider, talent, "voice")),
        language=context.spec.agent.language.split("-")[0],
        rate=context.sample_rate,
    )


def _websocket(base_url: str) -> str:
    scheme, _, rest = base_url.partition("://")
    return f"{'ws' if scheme in ('http', 'ws') else 'wss'}://{rest.rstrip('/')}/realtime"


class OpenAIDialogue:
    """Turn detection is ours: the server's is switched off, and every turn is committed."""

    vendor = "openai"

    def __init__(self, *, url: str, key: str, model: str, voice: str, language: str, rate: int) -> None:
        self.model = model
        self.rate = rate
        self._url = f"{url}?model={model}"
        self._key = key
        self._voice = voice
        self._language = language
        self._narrow = rate == 8000
        self._wider = None if self._narrow else soxr.ResampleStream(rate, _RATE, 1, dtype="int16")
        self._socket: ClientConnection | None = None
        self._item = ""
        self._active = False

    # ── speaking to the vendor ───────────────────────────────────────────────────────────────────

    async def open(self, setup: Setup) -> None:
        self._socket = await connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {self._key}"},
            open_timeout=OPEN_SECONDS,
            close_timeout=1,
            proxy=None,
            max_size=16 * 2**20,
        )
        async with asyncio.timeout(OPEN_SECONDS):
            await self._until("session.created")
            await self.configure(setup)
            await self._until("session.updated")
        for role, text in setup.history:
            kind = "input_text" if role == "user" else "output_text"
            await self._item_with(role, kind, text)

    async def _until(self, kind: str) -> None:
        assert self._socket is not None
        while True:
            event = _read(await self._socket.recv())
            if isinstance(event, events.ErrorEvent):
                raise _failure(event)
            if event is not None and event.type == kind:
                return

    async def configure(self, setup: Setup) -> None:
        shape = events.PCMUAudioFormat() if self._narrow else events.PCMAudioFormat()
        session = events.SessionProperties(
            model=self.model,
            output_modalities=["audio"],
            instructions=setup.instructions,
            audio=events.AudioConfiguration(
                input=events.AudioInput(
                    format=shape,
                    transcription=events.InputAudioTranscription(language=self._language),
                    turn_detection=False,
                ),
                output=events.AudioOutput(format=shape, voice=self._voice),
            ),
            tools=[
                {"type": "function", "name": t.name, "description": t.description, "parameters": t.parameters}
                for t in setup.tools
            ],
            tool_choice="auto",
        )
        await self._send(events.SessionUpdateEvent(session=session))

    async def begin_turn(self) -> None:
        await self._send(events.InputAudioBufferClearEvent())

    async def hear(self, pcm: bytes) -> None:
        if self._wider is None:
            payload = pcm_to_mulaw(pcm)
        else:
            payload = self._wider.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes()
        if payload:
            await self._send(events.InputAudioBufferAppendEvent(audio=base64.b64encode(payload).decode()))

    async def end_turn(self) -> None:
        await self._send(events.InputAudioBufferCommitEvent())
        await self._respond()

    async def forget_turn(self) -> None:
        await self._send(events.InputAudioBufferClearEvent())

    async def user_text(self, text: str) -> None:
        await self._item_with("user", "input_text", text)
        await self._respond()

    async def say(self, words: str) -> None:
        instructions = verbatim(words)
        asked = events.ResponseProperties(instructions=instructions, tool_choice="none")
        await self._respond(asked)

    async def results(self, results: Sequence[tuple[Called, str]], answer: bool) -> None:
        for call, text in results:
            output = events.ConversationItem(
                type="function_call_output", call_id=call.id, output=json.dumps({"result": text})
            )
            await self._send(events.ConversationItemCreateEvent(item=output))
        if answer:
            await self._respond()

    async def cut(self, heard_ms: int) -> None:
        if self._active:
            await self._send(events.ResponseCancelEvent())
        if self._item:
            item, self._item = self._item, ""
            await self._send(events.ConversationItemTruncateEvent(item_id=item, content_index=0, audio_end_ms=heard_ms))

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def _respond(self, asked: events.ResponseProperties | None = None) -> None:
        self._active = True
        await self._send(events.ResponseCreateEvent(response=asked))

    async def _item_with(self, role: Any, kind: Any, text: str) -> None:
        content = [events.ItemContent(type=kind, text=text)]
        item = events.ConversationItem(type="message", role=role, content=content)
        await self._send(events.ConversationItemCreateEvent(item=item))

    async def _send(self, event: events.ClientEvent) -> None:
        if self._socket is None:
            raise DialogueFailed("The conversation is not open.")
        await self._socket.send(json.dumps(event.model_dump(exclude_none=True)))

    # ── listening to it ──────────────────────────────────────────────────────────────────────────

    async def happenings(self) -> AsyncIterator[Happening]:
        assert self._socket is not None
        async for message in self._socket:
            event = _read(message)
            if isinstance(event, events.ErrorEvent):
                if event.error.code not in _HARMLESS and event.error.type != "invalid_request_error":
                    raise _failure(event)
            elif event is not None:
                for happening in self._understand(event):
                    yield happening
        raise DialogueFailed("The vendor ended the conversation.")

    def _understand(self, event: Any) -> list[Happening]:
        if isinstance(event, events.ResponseAudioDelta):
            self._item = event.item_id
            try:
                sound = base64.b64decode(event.delta, validate=True)
            except (binascii.Error, ValueError):
                return []
            return [Sound(mulaw_to_pcm(sound), 8000) if self._narrow else Sound(sound[: len(sound) // 2 * 2], _RATE)]
        if isinstance(event, events.ResponseAudioTranscriptDelta):
            return [Said(event.delta)]
        if isinstance(event, events.ConversationItemInputAudioTranscriptionCompleted):
            return [Heard(event.transcript.strip())]
        if isinstance(event, events.ConversationItemInputAudioTranscriptionFailed):
            return [Heard("")]
        if isinstance(event, events.ResponseDone):
            return self._done(event.response)
        return []

    def _done(self, response: events.Response) -> list[Happening]:
        self._active = False
        found: list[Happening] = []
        for item in response.output or ():
            if item.type == "function_call" and response.status == "completed":
                found.append(Called(item.call_id or "", item.name or "", _arguments(item.arguments)))
        usage = response.usage
        error = "" if response.status in ("completed", "cancelled", None) else _why(response)
        tokens = (usage.input_tokens or 0, usage.output_tokens or 0) if usage else (0, 0)
        return [*found, Over(*tokens, error=error)]


def _why(response: events.Response) -> str:
    details = response.status_details if isinstance(response.status_details, dict) else {}
    error = details.get("error")
    error = error if isinstance(error, dict) else {}
    return str(error.get("code") or details.get("reason") or response.status)[:80]


def _arguments(text: str | None) -> dict[str, Any]:
    """A model's arguments; what is no object is none."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _read(message: str | bytes) -> Any:
    """The event, or None for one that is unknown or malformed: it is skipped, as an unknown one has to be."""
    try:
        return events.parse_server_event(message)
    except Exception:  # what pipecat raises for whatever is wrong with it
        return None


def _failure(event: events.ErrorEvent) -> DialogueFailed:
    code = event.error.code or event.error.type or "error"
    return DialogueFailed(f"The model failed: {code}.", _STATUS.get(str(event.error.code or "")))
