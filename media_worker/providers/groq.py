"""Groq: open models at speed, and Whisper, in OpenAI's protocol."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    GATEWAY,
    BuildContext,
    Field,
    Llm,
    Probe,
    Stt,
    VendorSpec,
    option,
    thinking_options,
)

BASE_URL = "https://api.groq.com/openai/v1"
EFFORTS = (("auto", "As suits a call"), ("none", "None"), ("low", "Low"), ("medium", "Medium"), ("high", "High"))


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_stt

    return build_stt(provider, context, VENDOR, BASE_URL)


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import CompatibleLLM, build_llm

    model = str(option(provider, LLM, "model"))
    effort = option(provider, LLM, "reasoning")
    if effort == "auto":
        effort = "low" if model.startswith("openai/gpt-oss") else None
    extra = {"reasoning_effort": effort} if effort else {}
    return build_llm(provider, context, VENDOR, BASE_URL, kind=CompatibleLLM, extra=extra)


LLM = Llm(
    build=_llm,
    options=(
        *thinking_options("openai/gpt-oss-120b", "For example openai/gpt-oss-20b or llama-3.3-70b-versatile."),
        Field("reasoning", "Reasoning", "choice", default="auto", choices=EFFORTS, help="Callers wait for it; not every model takes every choice."),
    ),
    completions=True,
)  # fmt: skip

VENDOR = VendorSpec(
    name="groq",
    label="Groq",
    account=(Field("api_key", "API key", "secret", required=True), GATEWAY),
    stt=Stt(
        build=_stt,
        options=(
            Field("model", "Model", default="whisper-large-v3-turbo", help="Or whisper-large-v3: slower, a little better."),
            Field("prompt", "Words to expect", help="Names and terms that are easily misheard."),
        ),
        note="Hears an utterance once it is over.",
    ),
    llm=LLM,
    probe=Probe(base=BASE_URL),
)  # fmt: skip
