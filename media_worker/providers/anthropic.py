"""Anthropic: Claude, by the Messages API."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import GATEWAY, BuildContext, Field, Llm, Probe, VendorSpec, key_of, thinking_options

BASE_URL = "https://api.anthropic.com"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.minds.anthropic import AnthropicDialect
    from media_worker.providers.minds.service import build

    return build(provider, LLM, AnthropicDialect(provider.base_url or BASE_URL, key_of(provider, VENDOR)))


LLM = Llm(
    build=_llm,
    options=thinking_options(
        "claude-haiku-4-5", "For example claude-haiku-4-5 (fast) or claude-sonnet-4-6.", hottest=1
    ),
    note="Current models take no temperature: it is left out for them.",
)

VENDOR = VendorSpec(
    name="anthropic",
    label="Anthropic",
    account=(Field("api_key", "API key", "secret", required=True), GATEWAY),
    llm=LLM,
    probe=Probe(
        path="/v1/models",
        base=BASE_URL,
        header="x-api-key",
        scheme="",
        headers=(("anthropic-version", "2023-06-01"),),
    ),
)
