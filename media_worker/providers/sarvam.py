"""Sarvam: transcription and speech in the languages of India, both streamed.

Wire: docs.sarvam.ai, /speech-to-text-realtime/ws with our own endpointing, and /text-to-speech/ws; the shapes as pipecat
1.14 reads them. Speech has no ids and no word for “stop”: an interruption takes another connection.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Stt, Tts, VendorSpec, number, option
from media_worker.providers.streaming import services
from media_worker.providers.streaming.wire import (
    Done,
    Door,
    Final,
    Heard,
    Interim,
    Message,
    Post,
    Sound,
    Spoken,
    VendorSaid,
    Welcome,
    loads,
    mean,
    socket_url,
    words_of,
)

BASE_URL = "https://api.sarvam.ai"


@dataclass
class SaarasWire:
    """`speech_start` and `speech_end` are ours to send; `transcript.final` answers the second."""

    base: str
    key: str
    parameters: dict[str, Any]
    chunk: float = 0.06
    answers: bool = True

    def door(self) -> Door:
        url = socket_url(self.base, "/speech-to-text-realtime/ws", self.parameters)
        return Door(url, {"API-SUBSCRIPTION-KEY": self.key}, welcome=True)

    def audio(self, pcm: bytes) -> Message:
        return json.dumps({"event": "audio_input", "audio": base64.b64encode(pcm).decode()})

    def begin(self) -> Iterable[Message]:
        return ('{"event":"speech_start"}',)

    def finish(self) -> Iterable[Message]:
        return ('{"event":"speech_end"}',)

    def alive(self) -> Message | None:
        return '{"event":"ping"}'

    def goodbye(self) -> Iterable[Message]:
        return ('{"event":"end"}',)

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        event = told.get("event")
        if event == "session.begin":
            yield Welcome()
        elif event == "transcript.partial":
            yield Interim(str(told.get("text") or ""))
        elif event == "transcript.final":
            yield Final(str(told.get("text") or ""), mean([told.get("confidence")]), finalized=True)
        elif event == "error":
            raise _error(told)

    def closed(self, code: int, reason: str) -> Exception | None:
        return VendorSaid(reason or "It refuses these settings.", 400) if code == 4000 else None


@dataclass
class BulbulWire:
    base: str
    key: str
    model: str
    config: dict[str, Any]
    _present: str = ""

    def door(self) -> Door:
        hello = json.dumps({"type": "config", "data": self.config})
        url = socket_url(self.base, "/text-to-speech/ws", {"model": self.model, "send_completion_event": True})
        return Door(url, {"api-subscription-key": self.key}, hello=(hello,))

    def speak(self, text: str, utterance: str) -> Iterable[Message]:
        self._present = utterance
        return (json.dumps({"type": "text", "data": {"text": text}}), '{"type":"flush"}')

    def cancel(self, utterance: str) -> None:
        return None

    def alive(self) -> Message | None:
        return '{"type":"ping"}'

    def goodbye(self) -> Iterable[Message]:
        return ()

    def read(self, message: Message) -> Iterable[Spoken]:
        told = loads(message)
        kind = told.get("type")
        if kind == "audio":
            yield Sound(base64.b64decode(told["data"]["audio"]), self._present)
        elif kind == "event" and told["data"].get("event_type") == "final":
            yield Done(self._present)
        elif kind == "error":
            raise _error(told.get("data") or {})

    def closed(self, code: int, reason: str) -> Exception | None:
        return VendorSaid(reason or "It refuses these settings.", 400) if code in (1003, 1008, 4000) else None


def _error(told: dict[str, Any]) -> VendorSaid:
    """`code` is an HTTP status or a word of Sarvam's."""
    message, code = str(told.get("message") or told.get("error") or "It told an error."), told.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return VendorSaid(message, code)
    words = f"{code} {message}".lower()
    if "api key" in words or "api_key" in words or "subscription" in words or "unauthorized" in words:
        return VendorSaid(message, 403)
    if "credits" in words:
        return VendorSaid(message, 402)
    if "quota" in words or "rate" in words.split() or "rate_limit" in words or "too many" in words:
        return VendorSaid(message, 429)
    return VendorSaid(message, 400 if "invalid" in words or "unprocessable" in words else None)


def _language(context: BuildContext) -> str:
    """The vendor knows languages with their country only, and that is India."""
    return f"{services.language_of(context)}-IN"


def _stt(provider: Provider, context: BuildContext) -> Any:
    model = str(option(provider, STT, "model"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    keyterms = words_of(option(provider, STT, "keyterms"))
    parameters: dict[str, Any] = {
        "language_code": "auto" if option(provider, STT, "detect") else _language(context),
        "stream_type": "fast",
        "endpointing": "manual",
        "encoding": "linear16",
        "sample_rate": context.sample_rate,
        "model": model,
        "mode": str(option(provider, STT, "mode")),
        "return_timestamps": False,
        "keyterms": json.dumps(keyterms) if keyterms else None,
    }
    return services.ears(VENDOR.label, context, lambda: SaarasWire(base, key, parameters), latency=1.0, model=model)


def _tts(provider: Provider, context: BuildContext) -> Any:
    model, voice = str(option(provider, TTS, "model")), str(option(provider, TTS, "voice"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    config: dict[str, Any] = {
        "target_language_code": _language(context).replace("or-IN", "od-IN"),
        "speaker": voice,
        "speech_sample_rate": str(context.sample_rate),
        "enable_preprocessing": True,
        "min_buffer_size": 30,
        "max_chunk_length": 150,
        "output_audio_codec": "linear16",
        "pace": number(provider, TTS, "pace"),
        "model": model,
    }
    if services.over_http(provider, TTS):
        names = ("target_language_code", "speaker", "enable_preprocessing", "pace", "model")
        request = {name: config[name] for name in names} | {"speech_sample_rate": context.sample_rate}
        url, headers = base.rstrip("/") + "/text-to-speech", {"api-subscription-key": key}
        return services.posted_voice(
            VENDOR.label,
            context,
            lambda text: Post(url, headers, {**request, "text": text}),
            model=model,
            voice=voice,
            field="audios",
        )
    return services.voice(VENDOR.label, context, lambda: BulbulWire(base, key, model, config), model=model, voice=voice)


_SPOKEN = ("en", "hi", "bn", "gu", "kn", "ml", "mr", "or", "pa", "ta", "te")

STT = Stt(
    build=_stt,
    options=(
        Field(
            "model",
            "Model",
            "choice",
            default="saaras:v3-realtime",
            choices=(("saaras:v3-realtime", "Saaras 3"), ("saaras:v4", "Saaras 4")),
        ),
        Field(
            "mode",
            "Writes down",
            "choice",
            default="transcribe",
            choices=(
                ("transcribe", "What was said"),
                ("translate", "It in English"),
                ("verbatim", "It word for word"),
                ("translit", "It in Latin letters"),
                ("codemix", "It as it is mixed"),
            ),
        ),
        Field("detect", "Find out the language", "bool", default=False),
        Field("keyterms", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
    ),
    languages=(
        *("en", "hi", "bn", "kn", "ml", "mr", "or", "pa", "ta", "te", "gu", "as", "ur", "ne", "kok", "ks", "sd", "sa"),
        *("sat", "mni", "brx", "mai", "doi"),
    ),
    streaming=True,
    interim=True,
)

TTS = Tts(
    build=_tts,
    options=(
        Field("model", "Model", "choice", default="bulbul:v3", choices=(("bulbul:v3", "Bulbul 3"),)),
        Field("voice", "Voice", default="shubh", help="shubh, aditya, ritu, priya, neha, rahul, pooja, …"),
        Field("pace", "Pace", "number", default=1.0, min=0.5, max=2.0),
        services.CONNECTION,
    ),
    languages=_SPOKEN,
)

VENDOR = VendorSpec(
    name="sarvam",
    label="Sarvam",
    account=(Field("api_key", "API key", "secret", required=True), services.address("https://api.sarvam.ai")),
    stt=STT,
    tts=TTS,
)
