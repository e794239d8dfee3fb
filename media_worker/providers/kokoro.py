"""Kokoro on a machine of your own: by a server that speaks OpenAI's protocol (Kokoro-FastAPI), or beside the worker.

Beside the worker it is kokoro-onnx in a program of its own; the two files of its model are fetched by the operator.
"""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Tts, VendorSpec, address_of, number, option

BASE_URL = "http://localhost:8880/v1"


def _tts(provider: Provider, context: BuildContext) -> Any:
    folder = str(provider.account.get("folder") or "")
    if not folder:
        from media_worker.providers.openai_services import build_tts

        return build_tts(provider, context, VENDOR, address_of(provider, VENDOR))
    from media_worker.providers.local.services import LocalVoice

    voice = str(option(provider, TTS, "voice"))
    speed = 1.0 if option(provider, TTS, "speed") is None else number(provider, TTS, "speed")
    wanted = {"folder": folder, "voice": voice, "speed": speed, "language": context.spec.agent.language}
    return LocalVoice(
        label=VENDOR.label,
        engine="kokoro",
        package="kokoro_onnx",
        model="kokoro",
        voice=voice,
        rate=24000,
        wanted=wanted,
    )


TTS = Tts(
    build=_tts,
    options=(
        Field("model", "Model", default="kokoro", help="As the server names it."),
        Field("voice", "Voice", default="af_heart", help="The first letter is the language: af_heart, bm_george, ef_dora."),
        Field("speed", "Speed", "number", min=0.5, max=2, help="1 is normal."),
    ),
    languages=("en", "es", "fr", "hi", "it", "ja", "pt", "zh"),
)  # fmt: skip

VENDOR = VendorSpec(
    name="kokoro",
    label="Kokoro",
    account=(
        Field("base_url", "Address", "url", default=BASE_URL, help="Of a Kokoro-FastAPI server, up to and with /v1."),
        Field("api_key", "API key", "secret", help="Only if a proxy before it asks for one."),
        Field("folder", "Folder of the model", help="To speak without a server: on every worker’s machine, with kokoro.onnx and voices.bin in it."),
    ),
    tts=TTS,
    local=True,
    probe=Probe(path="/audio/voices", base=BASE_URL, lists="", unless="folder"),
    note="Nothing leaves your machines unless this address does.",
)  # fmt: skip
