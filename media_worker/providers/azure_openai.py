"""Azure OpenAI: deployments of an agency's own resource, by Azure's v1 surface of OpenAI's protocol.

The v1 surface has no dated versions (learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
"""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Probe, VendorSpec, thinking_options

V1 = "/openai/v1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import AzureLLM, build_llm

    return build_llm(provider, context, VENDOR, endpoint(provider), kind=AzureLLM)


def endpoint(provider: Provider) -> str:
    return f"{(provider.base_url or '').rstrip('/').removesuffix(V1)}{V1}"


VENDOR = VendorSpec(
    name="azure_openai",
    label="Azure OpenAI",
    account=(
        Field("base_url", "Endpoint", "url", required=True, help="As in https://my-resource.openai.azure.com"),
        Field("api_key", "Key", "secret", required=True),
    ),
    llm=Llm(build=_llm, options=thinking_options("gpt-4.1-mini", "The name of your deployment.")),
    probe=Probe(path="/openai/v1/models", header="api-key", scheme=""),
)
