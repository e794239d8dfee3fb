"""OpenRouter: models of many makers behind one key, in OpenAI's protocol."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    GATEWAY,
    BuildContext,
    Field,
    Llm,
    Probe,
    VendorSpec,
    option,
    thinking_options,
)

BASE_URL = "https://openrouter.ai/api/v1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import CompatibleLLM, build_llm

    routing = {"sort": option(provider, LLM, "sort")} if option(provider, LLM, "sort") else {}
    if option(provider, LLM, "private"):
        routing["data_collection"] = "deny"
    extra = {"extra_body": {"provider": routing}} if routing else {}
    return build_llm(provider, context, VENDOR, BASE_URL, kind=CompatibleLLM, extra=extra)


LLM = Llm(
    build=_llm,
    options=(
        *thinking_options("openai/gpt-4.1-mini", "As openrouter.ai/models names it: maker/model."),
        Field(
            "sort",
            "Choose the host by",
            "choice",
            default="latency",
            choices=(("latency", "Shortest wait"), ("throughput", "Speed"), ("price", "Price")),
        ),
        Field("private", "Only hosts that keep nothing", "bool", default=True, help="Hosts that store or train on what is said are left out."),
    ),
    completions=True,
)  # fmt: skip

VENDOR = VendorSpec(
    name="openrouter",
    label="OpenRouter",
    account=(Field("api_key", "API key", "secret", required=True), GATEWAY),
    llm=LLM,
    probe=Probe(path="/key", base=BASE_URL, lists=""),
)
