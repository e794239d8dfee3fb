"""Any server that speaks OpenAI's protocol: Ollama, vLLM, llama.cpp, LM Studio, speaches, Kokoro-FastAPI, …"""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Probe, Stt, Tts, VendorSpec


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_stt

    return build_stt(provider, context, VENDOR)


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_llm

    return build_llm(provider, context, VENDOR)


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_tts

    return build_tts(provider, context, VENDOR)


VENDOR = VendorSpec(
    name="openai_compatible",
    label="OpenAI-compatible server",
    account=(
        Field("base_url", "Address", "url", required=True, help="Up to and with /v1, as in http://localhost:11434/v1"),
        Field("api_key", "API key", "secret", help="Leave empty if the server asks for none."),
    ),
    stt=Stt(
        build=_stt,
        options=(
            Field("model", "Model", default="Systran/faster-distil-whisper-small.en"),
            Field("prompt", "Words to expect", help="Names and terms that are easily misheard."),
        ),
        note="Hears an utterance once it is over.",
    ),
    llm=Llm(
        build=_llm,
        options=(
            Field("model", "Model", required=True, help="As the server names it, for example llama3.1:8b."),
            Field("temperature", "Temperature", "number", min=0, max=2, help="Empty: the model's own."),
            Field("max_tokens", "Longest reply, in tokens", "number", default=400, min=16, max=4096),
        ),
        completions=True,
    ),
    tts=Tts(
        build=_tts,
        options=(
            Field("model", "Model", default="kokoro"),
            Field("voice", "Voice", default="af_heart", help="Any name that the server knows."),
            Field("speed", "Speed", "number", min=0.25, max=4, help="1 is normal."),
            Field("rate", "The server's sample rate, Hz", "number", default=24000, min=8000, max=48000),
        ),
    ),
    note="Local when the server is: nothing leaves your machines unless this address does.",
    probe=Probe(),
)
