"""Speechmatics: streamed transcription.

Wire: docs.speechmatics.com, Realtime API reference: `StartRecognition` first, binary sound after `RecognitionStarted`,
`AddPartialTranscript` and `AddTranscript` out; `ForceEndOfUtterance` is answered by what was left and `EndOfUtterance`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Stt, VendorSpec, number, option
from media_worker.providers.streaming import services
from media_worker.providers.streaming.wire import (
    Door,
    Final,
    Heard,
    Interim,
    Message,
    VendorSaid,
    Welcome,
    loads,
    mean,
    socket_url,
    words_of,
)

BASE_URL = "https://eu2.rt.speechmatics.com"

_STATUS = {
    "not_authorised": 401,
    "not_allowed": 403,
    "insufficient_funds": 402,
    "quota_exceeded": 429,
    "invalid_message": 400,
    "invalid_model": 400,
    "invalid_config": 400,
    "invalid_audio_type": 400,
    "invalid_language": 400,
    "protocol_error": 400,
}
_CLOSE = {4001: "not_authorised", 4003: "not_allowed", 4005: "quota_exceeded", 4006: "invalid_model"}


@dataclass
class RealtimeWire:
    base: str
    key: str
    rate: int
    config: dict[str, Any]
    chunk: float = 0.04
    answers: bool = True
    _sent: int = 0
    _forced: bool = False

    def door(self) -> Door:
        start = {
            "message": "StartRecognition",
            "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": self.rate},
            "transcription_config": self.config,
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        return Door(socket_url(self.base, "/v2"), headers, hello=(json.dumps(start),), welcome=True)

    def audio(self, pcm: bytes) -> Message:
        self._sent += 1
        return pcm

    def begin(self) -> Iterable[Message]:
        self._forced = False
        return ()

    def finish(self) -> Iterable[Message]:
        self._forced = True
        return ('{"message":"ForceEndOfUtterance"}',)

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return (json.dumps({"message": "EndOfStream", "last_seq_no": self._sent}),)

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        kind = told.get("message")
        if kind == "RecognitionStarted":
            yield Welcome()
        elif kind == "AddPartialTranscript":
            yield Interim(str(told["metadata"]["transcript"]))
        elif kind == "AddTranscript":
            text = str(told["metadata"]["transcript"])
            if text.strip():
                yield Final(text, mean(_confidences(told)))
        elif kind == "EndOfUtterance" and self._forced:
            self._forced = False
            yield Final("", finalized=True)
        elif kind == "Error":
            said = str(told.get("type", ""))
            raise VendorSaid(f"{said}: {told.get('reason', '')}", _STATUS.get(said))

    def closed(self, code: int, reason: str) -> Exception | None:
        kind = _CLOSE.get(code)
        return VendorSaid(reason or kind, _STATUS[kind]) if kind else None


def _confidences(told: dict[str, Any]) -> list[object]:
    words = [result for result in told.get("results") or () if result.get("type") == "word"]
    return [word["alternatives"][0].get("confidence") for word in words if word.get("alternatives")]


def _stt(provider: Provider, context: BuildContext) -> Any:
    model = str(option(provider, STT, "model"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    language = services.language_of(context)
    config: dict[str, Any] = {
        "language": {"zh": "cmn", "nb": "no"}.get(language, language),
        "operating_point": model,
        "enable_partials": True,
        "max_delay": number(provider, STT, "max_delay"),
    }
    if context.spec.agent.language in ("en-GB", "en-US", "en-AU"):
        config["output_locale"] = context.spec.agent.language
    terms = words_of(option(provider, STT, "keyterms"))
    if terms:
        config["additional_vocab"] = [{"content": term} for term in terms]
    rate = context.sample_rate
    return services.ears(
        VENDOR.label, context, lambda: RealtimeWire(base, key, rate, config), latency=0.74, model=model
    )


STT = Stt(
    build=_stt,
    options=(
        Field(
            "model",
            "Accuracy",
            "choice",
            default="enhanced",
            choices=(("enhanced", "Enhanced"), ("standard", "Standard, a little faster")),
        ),
        Field("keyterms", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
        Field(
            "max_delay",
            "Longest wait for context, in seconds",
            "number",
            default=1.0,
            min=0.7,
            max=4.0,
            help="Shorter is faster, longer is more accurate.",
        ),
    ),
    languages=(
        *("en", "ar", "ba", "be", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "es", "et", "eu", "fa", "fi", "fr"),
        *("ga", "gl", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "mn", "mr", "ms", "mt", "nl", "no"),
        *("pl", "pt", "ro", "ru", "sk", "sl", "sv", "sw", "ta", "th", "tr", "ug", "uk", "ur", "vi", "zh"),
    ),
    streaming=True,
    interim=True,
)

VENDOR = VendorSpec(
    name="speechmatics",
    label="Speechmatics",
    account=(
        Field("api_key", "API key", "secret", required=True),
        services.address("https://us.rt.speechmatics.com"),
    ),
    stt=STT,
    probe=Probe(path="/v2/jobs?limit=1", base="https://asr.api.speechmatics.com", lists="", elsewhere=True),
)
