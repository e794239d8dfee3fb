"""Google's Gemini, by its developer API: language models, and speech-to-speech over Gemini Live."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    BuildContext,
    Field,
    Llm,
    Probe,
    S2s,
    VendorSpec,
    key_of,
    thinking_options,
)

BASE_URL = "https://generativelanguage.googleapis.com"
VOICES = ("Aoede", "Charon", "Fenrir", "Kore", "Leda", "Orus", "Puck", "Zephyr")


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.minds.gemini import GeminiDialect
    from media_worker.providers.minds.service import build

    return build(provider, LLM, GeminiDialect(provider.base_url or BASE_URL, key_of(provider, VENDOR)))


def _s2s(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.gemini_live import build

    return build(provider, context, S2S, BASE_URL)


S2S = S2s(
    build=_s2s,
    options=(
        Field("model", "Model", default="gemini-2.5-flash-native-audio-preview-12-2025"),
        Field("voice", "Voice", "choice", default="Kore", choices=tuple((name, name) for name in VOICES)),
    ),
    note="Hears, thinks and speaks in one. Sound leaves your machines.",
)

LLM = Llm(
    build=_llm,
    options=thinking_options("gemini-3.6-flash", "For example gemini-3.5-flash-lite (faster) or gemini-2.5-flash."),
)

VENDOR = VendorSpec(
    name="gemini",
    label="Google Gemini",
    account=(Field("api_key", "API key", "secret", required=True),),
    llm=LLM,
    s2s=S2S,
    probe=Probe(path="/v1beta/models", base=BASE_URL, header="x-goog-api-key", scheme="", lists="models"),
)
