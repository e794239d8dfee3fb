"""Cartesia: streamed speech (Sonic).

Wire: docs.cartesia.ai, /tts/websocket: one context an utterance, sound as base64 in `chunk`, `done` at its end; errors have
an HTTP-like `status_code` and, by version, `message` or `error`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Tts, VendorSpec, number, option
from media_worker.providers.streaming import services
from media_worker.providers.streaming.wire import (
    Done,
    Door,
    Message,
    Post,
    Sound,
    Spoken,
    VendorSaid,
    Words,
    loads,
    socket_url,
)

BASE_URL = "https://api.cartesia.ai"
VERSION = "2026-03-01"


@dataclass
class SonicWire:
    base: str
    key: str
    request: dict[str, Any]

    def door(self) -> Door:
        headers = {"X-API-Key": self.key, "Cartesia-Version": VERSION}
        return Door(socket_url(self.base, "/tts/websocket"), headers)

    def speak(self, text: str, utterance: str) -> Iterable[Message]:
        whole = {**self.request, "transcript": text, "context_id": utterance, "continue": False, "add_timestamps": True}
        return (json.dumps(whole),)

    def cancel(self, utterance: str) -> Iterable[Message]:
        return (json.dumps({"context_id": utterance, "cancel": True}),)

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ()

    def read(self, message: Message) -> Iterable[Spoken]:
        told = loads(message)
        kind, utterance = told.get("type"), str(told.get("context_id", ""))
        if kind == "chunk":
            yield Sound(base64.b64decode(told["data"]), utterance)
        elif kind == "timestamps":
            timed = told["word_timestamps"]
            yield Words(tuple(zip(map(str, timed["words"]), map(float, timed["start"]), strict=False)), utterance)
        elif kind == "done":
            yield Done(utterance)
        elif kind == "error":
            status = told.get("status_code")
            raise VendorSaid(
                str(told.get("message") or told.get("error") or told.get("title") or "It told an error."),
                status if isinstance(status, int) and status >= 400 else None,
            )

    def closed(self, code: int, reason: str) -> Exception | None:
        return None


def _tts(provider: Provider, context: BuildContext) -> Any:
    model, voice = str(option(provider, TTS, "model")), str(option(provider, TTS, "voice"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    request: dict[str, Any] = {
        "model_id": model,
        "voice": {"mode": "id", "id": voice},
        "language": services.language_of(context),
        "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": context.sample_rate},
    }
    if option(provider, TTS, "speed") is not None:
        request["generation_config"] = {"speed": number(provider, TTS, "speed")}
    if services.over_http(provider, TTS):
        url, headers = base.rstrip("/") + "/tts/bytes", {"X-API-Key": key, "Cartesia-Version": VERSION}
        return services.posted_voice(
            VENDOR.label,
            context,
            lambda text: Post(url, headers, {**request, "transcript": text}),
            model=model,
            voice=voice,
        )
    return services.voice(VENDOR.label, context, lambda: SonicWire(base, key, request), model=model, voice=voice)


TTS = Tts(
    build=_tts,
    options=(
        Field("model", "Model", default="sonic-3", help="sonic-3, sonic-3.5, sonic-turbo, …"),
        Field("voice", "Voice", required=True, help="The id of a voice in your Cartesia account."),
        Field("speed", "Speed", "number", min=0.6, max=1.5, help="1 is normal."),
        services.CONNECTION,
    ),
    languages=(
        *("en", "ar", "bg", "bn", "cs", "da", "de", "el", "es", "fi", "fr", "gu", "he", "hi", "hr", "hu", "id", "it"),
        *("ja", "ka", "kn", "ko", "ml", "mr", "ms", "nl", "no", "pa", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "te"),
        *("th", "tl", "tr", "uk", "vi", "zh"),
    ),
    word_timestamps=True,
)

VENDOR = VendorSpec(
    name="cartesia",
    label="Cartesia",
    account=(Field("api_key", "API key", "secret", required=True), services.address("https://api.cartesia.ai")),
    tts=TTS,
    probe=Probe(
        path="/voices?limit=1",
        base=BASE_URL,
        header="X-API-Key",
        scheme="",
        headers=(("Cartesia-Version", VERSION),),
        lists="",
    ),
)
