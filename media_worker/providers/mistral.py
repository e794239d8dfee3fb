"""Mistral, in OpenAI's protocol with its own rules for the order of messages and the ids of tools."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import GATEWAY, BuildContext, Field, Llm, Probe, VendorSpec, thinking_options

BASE_URL = "https://api.mistral.ai/v1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import MistralLLM, build_llm

    return build_llm(provider, context, VENDOR, BASE_URL, kind=MistralLLM)


VENDOR = VendorSpec(
    name="mistral",
    label="Mistral",
    account=(Field("api_key", "API key", "secret", required=True), GATEWAY),
    llm=Llm(
        build=_llm,
        options=thinking_options(
            "mistral-small-latest", "For example mistral-small-latest or mistral-large-latest.", hottest=1.5
        ),
        completions=True,
    ),
    probe=Probe(base=BASE_URL),
)
