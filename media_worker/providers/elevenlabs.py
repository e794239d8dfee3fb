"""ElevenLabs: streamed transcription (Scribe) and streamed speech.

Wire: elevenlabs.io/docs, /v1/speech-to-text/realtime and /v1/text-to-speech/{voice}/multi-stream-input; the shapes as
pipecat 1.14 reads them. `close_context` makes the vendor finish the text it has and say `isFinal`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Stt, Tts, VendorSpec, number, option
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
    Words,
    loads,
    mean,
    query,
    socket_url,
    words_of,
)

BASE_URL = "https://api.elevenlabs.io"

_ERRORS: dict[str, int | None] = {
    "auth_error": 401,
    "quota_exceeded": 402,
    "unaccepted_terms": 403,
    "rate_limited": 429,
    "queue_overflow": 429,
    "resource_exhausted": 503,
    "invalid_request": 400,
    "input_error": 400,
    "chunk_size_exceeded": 400,
    "transcriber_error": 500,
    "session_time_limit_exceeded": None,
    "insufficient_audio_activity": None,
    "error": None,
}
_TAKES_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3", "eleven_v4")


@dataclass
class ScribeWire:
    """`commit` makes it tell all it heard."""

    base: str
    key: str
    rate: int
    parameters: dict[str, Any]
    chunk: float = 0.1
    answers: bool = True

    def door(self) -> Door:
        url = socket_url(self.base, "/v1/speech-to-text/realtime", self.parameters)
        return Door(url, {"xi-api-key": self.key}, welcome=True)

    def audio(self, pcm: bytes) -> Message:
        return self._piece(pcm, False)

    def _piece(self, pcm: bytes, commit: bool) -> Message:
        return json.dumps(
            {
                "message_type": "input_audio_chunk",
                "audio_base_64": base64.b64encode(pcm).decode(),
                "commit": commit,
                "sample_rate": self.rate,
            }
        )

    def begin(self) -> Iterable[Message]:
        return ()

    def finish(self) -> Iterable[Message]:
        return (self._piece(b"", True),)

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ()

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        kind = str(told.get("message_type", ""))
        if kind == "session_started":
            yield Welcome()
        elif kind == "partial_transcript":
            yield Interim(str(told["text"]))
        elif kind == "committed_transcript_with_timestamps":
            yield Final(str(told["text"]), _sure(told.get("words") or ()), finalized=True)
        elif kind == "commit_throttled":  # there was too little to commit
            yield Final("", finalized=True)
        elif kind in _ERRORS:
            raise VendorSaid(str(told.get("error") or kind), _ERRORS[kind])

    def closed(self, code: int, reason: str) -> Exception | None:
        return _closed(code, reason)


@dataclass
class MultiContextWire:
    """One context an utterance: sound as base64 with the times of its characters."""

    base: str
    key: str
    voice: str
    parameters: dict[str, Any]
    manner: dict[str, float]
    _timing: dict[str, _Timing] = field(default_factory=dict)

    def door(self) -> Door:
        path = f"/v1/text-to-speech/{quote(self.voice, safe='')}/multi-stream-input"
        return Door(socket_url(self.base, path, self.parameters), {"xi-api-key": self.key})

    def speak(self, text: str, utterance: str) -> Iterable[Message]:
        self._timing = {utterance: _Timing()}
        opening: dict[str, Any] = {"text": " ", "context_id": utterance}
        if self.manner:
            opening["voice_settings"] = self.manner
        return (
            json.dumps(opening),
            json.dumps({"text": f"{text} ", "context_id": utterance, "flush": True}),
            json.dumps({"context_id": utterance, "close_context": True}),
        )

    def cancel(self, utterance: str) -> Iterable[Message]:
        return (json.dumps({"context_id": utterance, "close_context": True}),)

    def alive(self) -> Message | None:
        return '{"text":""}'

    def goodbye(self) -> Iterable[Message]:
        return ('{"close_socket":true}',)

    def read(self, message: Message) -> Iterable[Spoken]:
        told = loads(message)
        utterance = str(told.get("contextId") or "")
        if told.get("error"):
            raise _worded(f"{told['error']} {told.get('message', '')}")
        if told.get("audio"):
            yield Sound(base64.b64decode(told["audio"]), utterance)
        timing = self._timing.get(utterance)
        if timing is not None and told.get("alignment"):
            words = timing.add(told["alignment"])
            if words:
                yield Words(words, utterance)
        if told.get("isFinal"):
            rest = timing.rest() if timing is not None else ()
            if rest:
                yield Words(rest, utterance)
            yield Done(utterance)

    def closed(self, code: int, reason: str) -> Exception | None:
        return _closed(code, reason)


class _Timing:
    """Characters' times become words'. They begin at zero again in every message."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._word = ""
        self._began = 0.0

    def add(self, alignment: dict[str, Any]) -> tuple[tuple[str, float], ...]:
        chars, starts = alignment["chars"], alignment["charStartTimesMs"]
        found: list[tuple[str, float]] = []
        for char, start in zip(chars, starts, strict=False):
            if char.isspace():
                found += self.rest()
                continue
            if not self._word:
                self._began = self._offset + start / 1000
            self._word += char
        if starts:
            self._offset += (starts[-1] + alignment["charDurationsMs"][-1]) / 1000
        return tuple(found)

    def rest(self) -> tuple[tuple[str, float], ...]:
        word, self._word = self._word, ""
        return ((word, round(self._began, 3)),) if word else ()


def _sure(words: Iterable[dict[str, Any]]) -> float | None:
    """The vendor gives natural logarithms of probabilities, or none."""
    logs = [word.get("logprob") for word in words if word.get("type") == "word"]
    return mean(math.exp(min(log, 0.0)) for log in logs if isinstance(log, int | float))


def _closed(code: int, reason: str) -> Exception | None:
    return _worded(reason) if code == 1008 else None


def _worded(reason: str) -> VendorSaid:
    """It closes with 1008 for everything; its words tell what it was."""
    words = reason.lower()
    if "api key" in words or "api_key" in words or "unauthorized" in words or "authenticat" in words:
        return VendorSaid(reason, 401)
    if "quota" in words or "credits" in words:
        return VendorSaid(reason, 402)
    if "too many" in words or "concurren" in words or "rate limit" in words or "rate_limit" in words:
        return VendorSaid(reason, 429)
    if "voice" in words or "model" in words or "invalid" in words:
        return VendorSaid(reason, 400)
    return VendorSaid(reason or "It ended the session (1008).")


def _transcribed(told: dict[str, Any]) -> Final:
    return Final(str(told["text"]), _sure(told.get("words") or ()), finalized=True)


def _stt(provider: Provider, context: BuildContext) -> Any:
    model = str(option(provider, STT, "model"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    rate = context.sample_rate
    if services.over_http(provider, STT):
        url = base.rstrip("/") + "/v1/speech-to-text"
        fields = {"model_id": model.removesuffix("_realtime"), "language_code": services.language_of(context)}
        return services.posted_ears(
            VENDOR.label,
            lambda wav: Post(url, {"xi-api-key": key}, fields=fields, file=("file", wav)),
            _transcribed,
            model=fields["model_id"],
        )
    parameters: dict[str, Any] = {
        "model_id": model,
        "language_code": services.language_of(context),
        "audio_format": f"pcm_{rate}",
        "commit_strategy": "manual",
        "include_timestamps": True,
        "keyterms": words_of(option(provider, STT, "keyterms")),
    }
    return services.ears(
        VENDOR.label, context, lambda: ScribeWire(base, key, rate, parameters), latency=0.41, model=model
    )


def _tts(provider: Provider, context: BuildContext) -> Any:
    model, voice = str(option(provider, TTS, "model")), str(option(provider, TTS, "voice"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    parameters: dict[str, Any] = {
        "model_id": model,
        "output_format": f"pcm_{context.sample_rate}",
        "auto_mode": True,
        "inactivity_timeout": 180,
        "language_code": services.language_of(context) if model.startswith(_TAKES_LANGUAGE) else None,
    }
    manner = {
        name: number(provider, TTS, name)
        for name in ("stability", "similarity_boost", "speed")
        if option(provider, TTS, name) is not None
    }
    if services.over_http(provider, TTS):
        path = f"/v1/text-to-speech/{quote(voice, safe='')}/stream"
        url = base.rstrip("/") + path + query({"output_format": parameters["output_format"]})
        request = {"model_id": model, "voice_settings": manner, "language_code": parameters["language_code"]}
        request = {name: value for name, value in request.items() if value}
        return services.posted_voice(
            VENDOR.label,
            context,
            lambda text: Post(url, {"xi-api-key": key}, {**request, "text": text}),
            model=model,
            voice=voice,
        )
    return services.voice(
        VENDOR.label,
        context,
        lambda: MultiContextWire(base, key, voice, parameters, manner),
        model=model,
        voice=voice,
    )


_LANGUAGES = (
    *(
        "en",
        "ar",
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "es",
        "fi",
        "fil",
        "fr",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "ms",
    ),
    *("nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "vi", "zh"),
)

STT = Stt(
    build=_stt,
    options=(
        Field("model", "Model", default="scribe_v2_realtime"),
        Field("keyterms", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
        services.CONNECTION,
    ),
    languages=_LANGUAGES,
    streaming=True,
    interim=True,
)

TTS = Tts(
    build=_tts,
    options=(
        Field("model", "Model", default="eleven_flash_v2_5", help="eleven_flash_v2_5, eleven_turbo_v2_5, …"),
        Field("voice", "Voice", required=True, help="The id of a voice in your ElevenLabs account, a cloned one too."),
        Field("stability", "Stability", "number", min=0, max=1, help="Empty: the voice's own."),
        Field("similarity_boost", "Similarity", "number", min=0, max=1, help="Empty: the voice's own."),
        Field("speed", "Speed", "number", min=0.7, max=1.2, help="1 is normal."),
        services.CONNECTION,
    ),
    languages=_LANGUAGES,
    word_timestamps=True,
)

VENDOR = VendorSpec(
    name="elevenlabs",
    label="ElevenLabs",
    account=(
        Field("api_key", "API key", "secret", required=True),
        services.address("https://api.eu.residency.elevenlabs.io"),
    ),
    stt=STT,
    tts=TTS,
    probe=Probe(path="/v1/models", base=BASE_URL, header="xi-api-key", scheme=""),
)
