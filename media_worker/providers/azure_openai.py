"""Azure OpenAI: deployments of an agency's own resource, by Azure's v1 surface of OpenAI's protocol.

The v1 surface has no dated versions (learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle),
and takes its key as a bearer token.
"""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Probe, VendorSpec, thinking_options

V1 = "/openai/v1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import LLM, build_llm

    base_url = f"{(provider.base_url or '').rstrip('/').removesuffix(V1)}{V1}"
    return build_llm(provider.model_copy(update={"base_url": base_url}), context, VENDOR, kind=LLM)


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
