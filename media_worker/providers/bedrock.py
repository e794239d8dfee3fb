"""Amazon Bedrock: every model that Converse serves, by an IAM key that signs or by a Bedrock API key."""

from __future__ import annotations

import re
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    GATEWAY,
    BuildContext,
    Field,
    Llm,
    ProviderUnavailable,
    VendorSpec,
    key_of,
    thinking_options,
)

REGION = "us-east-1"


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.minds.bedrock import BedrockDialect, Keys
    from media_worker.providers.minds.service import build

    region = str(provider.account.get("region") or REGION)
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        raise ProviderUnavailable("The region of the Amazon Bedrock account is not written as in us-east-1.")
    keys = Keys(secret=key_of(provider, VENDOR), id=str(provider.account.get("access_key_id") or ""))
    url = provider.base_url or f"https://bedrock-runtime.{region}.amazonaws.com"
    return build(provider, LLM, BedrockDialect(url, region, keys))


LLM = Llm(
    build=_llm,
    options=thinking_options(
        "us.amazon.nova-lite-v1:0",
        "A model's or an inference profile's id, for example us.anthropic.claude-haiku-4-5-20251001-v1:0.",
        hottest=1,
    ),
)

VENDOR = VendorSpec(
    name="bedrock",
    label="Amazon Bedrock",
    account=(
        Field("api_key", "Secret access key", "secret", required=True, help="Or a Bedrock API key."),
        Field("access_key_id", "Access key id", help="Empty: the secret above is a Bedrock API key."),
        Field("region", "Region", required=True, default=REGION),
        GATEWAY,
    ),
    llm=LLM,
    note="The account's models have to be enabled in its region.",
)
