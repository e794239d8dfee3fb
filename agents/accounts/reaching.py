"""Asking a model's server something, with an end to it: does the key work, and a text for the generator.

Bounded in time and size, without redirects or proxies; an address that leads into a private network is refused where
the connection is made, unless the operator allows that network.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import httpx2
from django.conf import settings

from agents.accounts.queries import as_provider
from agents.models import ProviderAccount
from media_worker.providers.openai import BASE_URL
from voiceops.lib.errors import AddressRefused, ProviderRefused, ProviderUnreachable
from voiceops.lib.net import Network, public_client

TEST_SECONDS = 8.0
MOST_BYTES = 2_000_000


class NotUnderstood(ProviderRefused):
    """The request has something in it that this server does not know."""


def allowed_networks() -> list[Network]:
    """Private networks where the operator runs model servers."""
    return [ipaddress.ip_network(text, strict=False) for text in settings.MODEL_NETWORKS]


def try_out(account: ProviderAccount) -> str:
    """Ask for the list of models: the cheapest request that needs the key. A sentence, raised as ProviderError when it
    fails."""
    answer = ask(account, "GET", "/models", seconds=TEST_SECONDS)
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise ProviderRefused("It answered, but not as a server of OpenAI’s protocol does. Check the address.")
    names = [str(model.get("id", "")) for model in models if isinstance(model, dict)][:3]
    if not names:
        return "It works. The server has no models yet."
    return f"It works. It has {len(models)} models: {', '.join(names)}{' …' if len(models) > 3 else ''}"


def ask(account: ProviderAccount, method: str, path: str, *, seconds: float, body: Any = None) -> Any:
    """The JSON answer. Raises ProviderRefused or ProviderUnreachable, in words without the key."""
    provider = as_provider(account)
    headers = {"Accept": "application/json"}
    if provider.api_key:
        headers["Authorization"] = f"Bearer {provider.api_key.get_secret_value()}"
    for name, header in (("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")):
        if value := provider.account.get(name):
            headers[header] = str(value)
    address = f"{(provider.base_url or BASE_URL).rstrip('/')}{path}"
    try:
        with (
            public_client(seconds, allowed_networks()) as client,
            client.stream(method, address, headers=headers, json=body) as response,
        ):
            return _answer(response)
    except AddressRefused as error:
        raise ProviderRefused(error.sentence) from None
    except (httpx2.TimeoutException, httpx2.TransportError) as error:
        kind = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "cannot be reached"
        raise ProviderUnreachable(f"The server {kind}. Check the address, then try again.") from None
    except (httpx2.InvalidURL, ValueError):
        raise ProviderRefused("The address cannot be used as it is written.") from None


def _answer(response: httpx2.Response) -> Any:
    status = response.status_code
    if status in (401, 403):
        raise ProviderRefused("The server refused the key. Check that it is whole and still valid.")
    if status == 404:
        raise ProviderRefused("The address exists, but not this path. It usually ends with /v1.")
    if status == 429:
        raise ProviderUnreachable("The account is over its limit, or out of credit.")
    if status >= 500:
        raise ProviderUnreachable(f"The server has a problem of its own ({status}). Try again later.")
    if status in (400, 422):
        raise NotUnderstood(f"The server did not understand the request ({status}).")
    if status >= 300:
        raise ProviderRefused(f"The server refused the request ({status}).")
    received = bytearray()
    for chunk in response.iter_bytes():
        received += chunk
        if len(received) > MOST_BYTES:
            raise ProviderRefused("The server’s answer is far too large.")
    try:
        return json.loads(received)
    except ValueError:
        raise ProviderRefused("The server’s answer is not JSON. Check the address.") from None
