"""Ollama on a machine of your own. Its list of models is that of the server."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Probe, VendorSpec, address_of, thinking_options

BASE_URL = "http://localhost:11434/v1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import CompatibleLLM, build_llm

    return build_llm(provider, context, VENDOR, address_of(provider, VENDOR), kind=CompatibleLLM)


VENDOR = VendorSpec(
    name="ollama",
    label="Ollama",
    account=(
        Field("base_url", "Address", "url", required=True, default=BASE_URL, help="Up to and with /v1."),
        Field("api_key", "API key", "secret", help="Only if a proxy before it asks for one."),
    ),
    llm=Llm(
        build=_llm,
        options=thinking_options(
            "llama3.1:8b", "As “ollama list” names it. It has to know tools, and to be loaded: see OLLAMA_KEEP_ALIVE."
        ),
        completions=True,
    ),
    local=True,
    probe=Probe(base=BASE_URL),
    note="Nothing leaves your machines unless this address does.",
)
