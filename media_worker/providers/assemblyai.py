"""AssemblyAI: streamed transcription (Universal).

Wire: assemblyai.com/docs/streaming, /v3/ws; error and close codes from its page “Common session errors and closures”.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Provider, Scalar
from media_worker.providers.base import BuildContext, Field, Probe, Stt, VendorSpec, option
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

BASE_URL = "https://streaming.assemblyai.com"


@dataclass
class UniversalWire:
    """Texts are of the vendor's turn so far; `ForceEndpoint` ends it. Sound has to come in pieces of 50 ms or more."""

    base: str
    key: str
    parameters: dict[str, Any]
    chunk: float = 0.06
    answers: bool = False
    _told: int = -1

    def door(self) -> Door:
        return Door(socket_url(self.base, "/v3/ws", self.parameters), {"Authorization": self.key}, welcome=True)

    def audio(self, pcm: bytes) -> Message:
        return pcm

    def begin(self) -> Iterable[Message]:
        return ()

    def finish(self) -> Iterable[Message]:
        return ('{"type":"ForceEndpoint"}',)

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ('{"type":"Terminate"}',)

    def read(self, message: Message) -> Iterable[Heard]:
        told = loads(message)
        kind = told.get("type")
        if kind == "Begin":
            yield Welcome()
        elif kind == "Turn":
            yield from self._turn(told)
        elif kind == "Error" or "error" in told:
            raise _error(int(told.get("error_code") or 0), str(told.get("error") or "It told an error."))

    def _turn(self, told: dict[str, Any]) -> Iterable[Heard]:
        """A turn may be ended twice, plain and formatted: the first one counts."""
        number, text = int(told["turn_order"]), str(told["transcript"])
        if number <= self._told:
            return
        if told.get("end_of_turn"):
            self._told = number
            yield Final(text, mean(word.get("confidence") for word in told.get("words") or ()), finalized=True)
        else:
            yield Interim(text)

    def closed(self, code: int, reason: str) -> Exception | None:
        return _error(code, reason) if code == 1008 or 3000 <= code < 5000 else None


def _error(code: int, reason: str) -> VendorSaid:
    """1008 is the key, the balance or too many sessions, and only its words tell which."""
    words = reason.lower()
    if code in (3009, 4029) or "concurrent" in words or "too many" in words:
        status: int | None = 429
    elif code in (1008, 4001, 4002, 4003):
        status = 402 if "balance" in words or "funds" in words else 401
    else:
        status = 400 if code in (3006, 3007) else None
    return VendorSaid(reason or f"It ended the session ({code}).", status)


def _stt(provider: Provider, context: BuildContext) -> Any:
    model = str(option(provider, STT, "model"))
    base, key = provider.base_url or BASE_URL, services.key_of(provider, VENDOR.label)
    keyterms = words_of(option(provider, STT, "keyterms"))
    parameters: dict[str, Any] = {
        "sample_rate": context.sample_rate,
        "encoding": "pcm_s16le",
        "speech_model": model,
        "keyterms_prompt": json.dumps(keyterms) if keyterms else None,
    }
    if model.startswith("universal-streaming"):
        parameters |= {"format_turns": False, "end_of_turn_confidence_threshold": 1.0, "min_turn_silence": 160}
    else:
        parameters |= {"language_codes": json.dumps([services.language_of(context)])}
        parameters |= {"min_turn_silence": 100, "max_turn_silence": 100}
    return services.ears(VENDOR.label, context, lambda: UniversalWire(base, key, parameters), latency=0.42, model=model)


def _check(options: Mapping[str, Scalar], language: str) -> str:
    if options.get("model") in (None, "", "universal-streaming-english") and not language.startswith("en"):
        return "This model of AssemblyAI knows English only: choose one that knows several languages."
    return ""


STT = Stt(
    build=_stt,
    options=(
        Field(
            "model",
            "Model",
            "choice",
            default="universal-streaming-english",
            choices=(
                ("universal-streaming-english", "Universal, English"),
                ("universal-streaming-multilingual", "Universal, several languages"),
                ("universal-3-5-pro", "Universal 3.5 Pro"),
                ("universal-3-6-pro", "Universal 3.6 Pro"),
            ),
        ),
        Field("keyterms", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
    ),
    languages=("en", "es", "fr", "de", "it", "pt"),
    streaming=True,
    interim=True,
    check=_check,
    note="Languages other than English need a model that speaks several.",
)

VENDOR = VendorSpec(
    name="assemblyai",
    label="AssemblyAI",
    account=(
        Field("api_key", "API key", "secret", required=True),
        services.address("https://streaming.eu.assemblyai.com"),
    ),
    stt=STT,
    probe=Probe(path="/v2/transcript?limit=1", base="https://api.assemblyai.com", scheme="", lists="", elsewhere=True),
)
