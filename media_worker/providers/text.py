"""A completion in plain text, outside a call: no pipecat, no sound. For drafting an agent with the agency's own LLM.

Blocking; bounded in time from beginning to end and in size. Errors say who failed and whether trying again can help.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from media_worker.contract.spec import Provider
from media_worker.providers import openai, openai_compatible
from media_worker.providers.base import ProviderUnavailable, VendorSpec, number, option, validate_options

MOST_BYTES = 512 * 1024
MOST_PROMPT = 200_000


class ChatMessage(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


class CompletionFailed(RuntimeError):
    """`permanent`: the same request will fail again. `retry_after`: seconds the vendor asked to wait, if it did."""

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


def can_complete(provider: Provider) -> bool:
    """Whether this provider has a model behind it that can be asked outside a call."""
    return _known(provider) is not None


def complete(provider: Provider, messages: Sequence[ChatMessage], timeout: float = 30.0) -> str:
    """The model's answer. Raises CompletionFailed, ProviderUnavailable for a provider that cannot be asked."""
    import httpx2

    known = _known(provider)
    if known is None:
        raise ProviderUnavailable(f"{provider.vendor} cannot write a text outside a call.")
    vendor, base = known
    wrong = validate_options(vendor, provider, "llm")
    if wrong:
        raise CompletionFailed(" ".join(wrong), permanent=True)
    if sum(len(message["content"]) for message in messages) > MOST_PROMPT:
        raise CompletionFailed("The request is too long for a model.", permanent=True)
    deadline = time.monotonic() + timeout
    client = httpx2.Client(timeout=httpx2.Timeout(timeout, connect=min(5.0, timeout)), trust_env=False)
    try:
        with (
            client,
            client.stream(
                "POST", f"{base}/chat/completions", headers=_headers(provider), json=_body(vendor, provider, messages)
            ) as response,
        ):
            raw = bytearray()
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > MOST_BYTES:
                    raise CompletionFailed(f"{vendor.label} answered with far too much.", permanent=True)
                if time.monotonic() > deadline:
                    raise CompletionFailed(f"{vendor.label} took longer than {timeout:g} s.", permanent=False)
            if response.status_code != 200:
                raise _refused(vendor, response.status_code, response.headers.get("retry-after"))
            return _answer(vendor, bytes(raw))
    except httpx2.TimeoutException as error:
        raise CompletionFailed(f"{vendor.label} took longer than {timeout:g} s.", permanent=False) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise CompletionFailed(f"The address of {vendor.label} cannot be used.", permanent=True) from error
    except httpx2.HTTPError as error:
        message = f"{vendor.label} cannot be reached: {type(error).__name__}."
        raise CompletionFailed(message, permanent=False) from error


def _known(provider: Provider) -> tuple[VendorSpec, str] | None:
    if provider.vendor == openai.VENDOR.name:
        return openai.VENDOR, (provider.base_url or openai.BASE_URL).rstrip("/")
    if provider.vendor == openai_compatible.VENDOR.name and provider.base_url:
        return openai_compatible.VENDOR, provider.base_url.rstrip("/")
    return None


def _headers(provider: Provider) -> dict[str, str]:
    """The key goes into this one header, and nowhere else; an address never gets a key that was not given for it."""
    headers = {"accept": "application/json"}
    if provider.api_key is not None:
        headers["authorization"] = f"Bearer {provider.api_key.get_secret_value()}"
    for name, header in (("organization", "openai-organization"), ("project", "openai-project")):
        if provider.account.get(name):
            headers[header] = str(provider.account[name])
    return headers


def _body(vendor: VendorSpec, provider: Provider, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    llm = vendor.llm
    if llm is None:
        raise ProviderUnavailable(f"{vendor.label} has no LLM.")
    body: dict[str, Any] = {"model": str(option(provider, llm, "model")), "messages": list(messages), "stream": False}
    if option(provider, llm, "temperature") is not None:
        body["temperature"] = number(provider, llm, "temperature")
    return body


def _refused(vendor: VendorSpec, status: int, retry_after: str | None) -> CompletionFailed:
    wait = float(retry_after) if retry_after and retry_after.isdigit() else None
    if status in (401, 403):
        return CompletionFailed(f"{vendor.label} refuses the key ({status}).", permanent=True)
    if status == 404:
        return CompletionFailed(f"{vendor.label} knows no such model or address (404).", permanent=True)
    if status == 429:
        return CompletionFailed(f"{vendor.label} has had too many requests (429).", permanent=False, retry_after=wait)
    permanent = 300 <= status < 500 and status not in (408, 409, 425)
    return CompletionFailed(f"{vendor.label} answered {status}.", permanent=permanent, retry_after=wait)


def _answer(vendor: VendorSpec, raw: bytes) -> str:
    try:
        text = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise CompletionFailed(
            f"{vendor.label} answered with something that is no completion.", permanent=False
        ) from error
    if not isinstance(text, str) or not text.strip():
        raise CompletionFailed(f"{vendor.label} answered with nothing.", permanent=False)
    return text.strip()
