"""Google's Gemini, by its developer API: speech-to-speech over Gemini Live."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, S2s, VendorSpec

BASE_URL = "https://generativelanguage.googleapis.com"
VOICES = ("Aoede", "Charon", "Fenrir", "Kore", "Leda", "Orus", "Puck", "Zephyr")


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

VENDOR = VendorSpec(
    name="gemini",
    label="Google Gemini",
    account=(Field("api_key", "API key", "secret", required=True),),
    s2s=S2S,
    probe=Probe(path="/v1beta/models", base=BASE_URL, header="x-goog-api-key", scheme="", lists="models"),
)
