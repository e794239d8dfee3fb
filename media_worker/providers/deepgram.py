"""Deepgram: streamed transcription (Nova, and Flux with its own ear for turns), streamed speech (Aura).

Wire: developers.deepgram.com, /v1/listen, /v2/listen and /v1/speak over websockets; the shapes as pipecat 1.14 reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Provider, Scalar
from media_worker.providers.base import BuildContext, Field, Probe, Stt, Talent, Tts, VendorSpec, number, option
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
    query,
    socket_url,
    words_of,
)

BASE_URL = "https://api.deepgram.com"
FLUX = "flux"


@dataclass
class NovaWire:
    """`Finalize` makes it tell all it heard; the answer has `from_finalize`."""

    base: str
    key: str
    parameters: dict[str, Any]
    chunk: float = 0.04
    answers: bool = True

    def door(self) -> Door:
        url = socket_url(self.base, "/v1/listen", self.parameters)
        return Door(url, {"Authorization": f"Token {self.key}"})

    def audio(self, pcm: bytes) -> Message:
        return pcm

    def begin(self) -> Iterable[Message]:
        return ()

    def finish(self) -> Iterable[Message]:
        return ('{"type":"Finalize"}',)

    def alive(self) -> Message | None:
        return '{"type":"KeepAlive"}'

    def goodbye(self) -> Iterable[Message]:
        return ('{"type":"CloseStream"}',)

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        if told.get("type") == "Error":
            raise VendorSaid(str(told.get("description") or told.get("message") or "It told an error."))
        if told.get("type") != "Results":
            return
        best = told["channel"]["alternatives"][0]
        if not told.get("is_final"):
            yield Interim(str(best["transcript"]))
            return
        finalized = bool(told.get("from_finalize"))
        if best["transcript"] or finalized:
            yield Final(str(best["transcript"]), mean([best.get("confidence")]), finalized)

    def closed(self, code: int, reason: str) -> Exception | None:
        return VendorSaid(reason or "It cannot read what it was sent.", 400) if code == 1008 else None


@dataclass
class FluxWire:
    """It decides itself when a turn is over: `EndOfTurn`. Its texts are of the turn so far."""

    base: str
    key: str
    parameters: dict[str, Any]
    chunk: float = 0.08
    answers: bool = False

    def door(self) -> Door:
        url = socket_url(self.base, "/v2/listen", self.parameters)
        return Door(url, {"Authorization": f"Token {self.key}"}, welcome=True)

    def audio(self, pcm: bytes) -> Message:
        return pcm

    def begin(self) -> Iterable[Message]:
        return ()

    def finish(self) -> Iterable[Message]:
        return ()

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ('{"type":"CloseStream"}',)

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        kind = told.get("type")
        if kind == "Connected":
            yield Welcome()
        elif kind == "Error":
            raise VendorSaid(f"{told.get('code', '')} {told.get('description', '')}".strip() or "It told an error.")
        elif kind == "TurnInfo":
            text = str(told.get("transcript", ""))
            if told.get("event") == "EndOfTurn":
                sure = mean(word.get("confidence") for word in told.get("words") or ())
                yield Final(text, sure, finalized=True, over=True)
            else:
                yield Interim(text)

    def closed(self, code: int, reason: str) -> Exception | None:
        return VendorSaid(reason or "It cannot read what it was sent.", 400) if code == 1008 else None


@dataclass
class AuraWire:
    """One stream without ids: after `Clear` everything is stale until `Cleared`."""

    base: str
    key: str
    parameters: dict[str, Any]
    _present: str = ""
    _clearing: int = 0

    def door(self) -> Door:
        url = socket_url(self.base, "/v1/speak", self.parameters)
        return Door(url, {"Authorization": f"Token {self.key}"})

    def speak(self, text: str, utterance: str) -> Iterable[Message]:
        self._present = utterance
        return (json.dumps({"type": "Speak", "text": text}), '{"type":"Flush"}')

    def cancel(self, utterance: str) -> Iterable[Message]:
        self._clearing += 1
        return ('{"type":"Clear"}',)

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ('{"type":"Close"}',)

    def read(self, message: Message) -> Iterable[Spoken]:
        if isinstance(message, bytes):
            if not self._clearing:
                yield Sound(message, self._present)
            return
        told = loads(message)
        kind = told.get("type")
        if kind == "Cleared":
            self._clearing = max(0, self._clearing - 1)
        elif kind == "Flushed" and not self._clearing:
            yield Done(self._present)
        elif kind == "Error" or (kind == "Warning" and "FLUSH" in json.dumps(told).upper()):
            limit = kind == "Warning"
            raise VendorSaid(str(told.get("description") or told.get("warn_msg") or kind), 429 if limit else None)

    def closed(self, code: int, reason: str) -> Exception | None:
        return VendorSaid(reason or "It cannot read what it was sent.", 400) if code == 1008 else None


def _stt(provider: Provider, context: BuildContext) -> Any:
    model = str(option(provider, STT, "model"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    common: dict[str, Any] = {
        "model": model,
        "encoding": "linear16",
        "sample_rate": context.sample_rate,
        "keyterm": words_of(option(provider, STT, "keyterms")),
        "mip_opt_out": option(provider, STT, "private") or None,
    }
    if model.startswith(FLUX):
        common |= {
            "eot_threshold": number(provider, STT, "eot_threshold"),
            "eot_timeout_ms": int(number(provider, STT, "eot_timeout_ms")),
        }
        if model.endswith("multi"):
            common["language_hint"] = services.language_of(context)
        return services.ears("Deepgram Flux", context, lambda: FluxWire(base, key, common), latency=0.0, model=model)
    common |= {
        "channels": 1,
        "language": "multi" if option(provider, STT, "multilingual") else context.spec.agent.language,
        "punctuate": True,
        "smart_format": bool(option(provider, STT, "smart_format")),
    }
    if services.over_http(provider, STT):
        del common["encoding"], common["sample_rate"], common["channels"]
        url = base.rstrip("/") + "/v1/listen" + query(common)
        headers = {"Authorization": f"Token {key}", "Content-Type": "audio/wav"}
        return services.posted_ears(
            VENDOR.label, lambda wav: Post(url, headers, content=wav), _prerecorded, model=model
        )
    common["interim_results"] = True
    return services.ears(VENDOR.label, context, lambda: NovaWire(base, key, common), latency=0.35, model=model)


def _prerecorded(told: dict[str, Any]) -> Final:
    best = told["results"]["channels"][0]["alternatives"][0]
    return Final(str(best["transcript"]), mean([best.get("confidence")]), finalized=True)


def _tts(provider: Provider, context: BuildContext) -> Any:
    voice = str(option(provider, TTS, "voice"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    parameters: dict[str, Any] = {
        "model": voice,
        "encoding": "linear16",
        "sample_rate": context.sample_rate,
        "speed": _speed(provider, TTS),
        "mip_opt_out": option(provider, TTS, "private") or None,
    }
    if services.over_http(provider, TTS):
        url = base.rstrip("/") + "/v1/speak" + query({**parameters, "container": "none"})
        headers = {"Authorization": f"Token {key}"}
        return services.posted_voice(
            VENDOR.label, context, lambda text: Post(url, headers, {"text": text}), model=voice, voice=voice
        )
    return services.voice(VENDOR.label, context, lambda: AuraWire(base, key, parameters), model=voice, voice=voice)


def _speed(provider: Provider, talent: Talent) -> float | None:
    return None if option(provider, talent, "speed") is None else number(provider, talent, "speed")


def _check_ears(options: Mapping[str, Scalar], language: str) -> str:
    model = str(options.get("model") or "")
    if model.startswith(FLUX) and options.get("connection") == "http":
        return "Flux hears over a websocket only."
    if model == "flux-general-en" and not language.startswith("en"):
        return "This Flux model knows English only: flux-general-multi knows other languages."
    return ""


def _check_voice(options: Mapping[str, Scalar], language: str) -> str:
    """A voice's name ends in its language: aura-2-thalia-en."""
    spoken = str(options.get("voice") or "aura-2-thalia-en").rsplit("-", 1)[-1]
    if len(spoken) == 2 and spoken != language.split("-")[0]:
        return "This voice of Deepgram speaks another language than the agent."
    return ""


_PRIVATE = Field(
    "private", "Keep calls out of Deepgram's training", "bool", default=False, help="Deepgram may charge more."
)

STT = Stt(
    build=_stt,
    options=(
        Field("model", "Model", default="nova-3", help="nova-3, nova-3-medical, nova-2-phonecall, flux-general-en, …"),
        Field("keyterms", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
        Field("multilingual", "Several languages in one call", "bool", default=False, help="Nova only."),
        Field("smart_format", "Write numbers as digits", "bool", default=False, help="Nova only."),
        Field(
            "eot_threshold",
            "How sure Flux has to be that a turn is over",
            "number",
            default=0.7,
            min=0.5,
            max=0.9,
        ),
        Field(
            "eot_timeout_ms",
            "Flux ends a turn after so much silence, in ms",
            "number",
            default=2500,
            min=500,
            max=2800,
        ),
        services.CONNECTION,
        _PRIVATE,
    ),
    languages=(
        *("en", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko", "lt"),
        *("lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "zh"),
    ),
    streaming=True,
    interim=True,
    check=_check_ears,
    note="Flux models decide themselves when the caller has finished.",
)

TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", default="aura-2-thalia-en", help="As Deepgram names it: aura-2-…"),
        Field("speed", "Speed", "number", min=0.7, max=1.5, help="1 is normal. Aura 2, English and Spanish."),
        services.CONNECTION,
        _PRIVATE,
    ),
    languages=("en", "es", "de", "fr", "it", "nl", "ja"),
    check=_check_voice,
)

VENDOR = VendorSpec(
    name="deepgram",
    label="Deepgram",
    account=(Field("api_key", "API key", "secret", required=True), services.address("https://api.eu.deepgram.com")),
    stt=STT,
    tts=TTS,
    probe=Probe(path="/v1/projects", base=BASE_URL, scheme="Token", lists=""),
)
