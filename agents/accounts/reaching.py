"""Asking a model's server something, with an end to it: does the key work, and a text for the generator.

Bounded in time and size, without redirects or proxies; an address that leads into a private network is refused where
the connection is made, unless the operator allows that network.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any
from urllib.parse import urlencode

import httpx2
from django.conf import settings

from agents.accounts import pools
from agents.accounts.queries import as_provider, vendor_of
from agents.models import ProviderAccount, ProviderKey
from media_worker.contract.spec import Provider
from media_worker.providers.base import Probe, VendorSpec
from voiceops.lib.errors import AddressRefused, ProviderRefused, ProviderUnreachable
from voiceops.lib.net import Network, public_client

TEST_SECONDS = 8.0
MOST_BYTES = 2_000_000


class NotUnderstood(ProviderRefused):
    """The request has something in it that this server does not know."""


class KeyRefused(ProviderRefused):
    """The key itself is what the vendor does not want."""


def allowed_networks() -> list[Network]:
    """Private networks where the operator runs model servers."""
    return [ipaddress.ip_network(text, strict=False) for text in settings.MODEL_NETWORKS]


def try_out(account: ProviderAccount, key: ProviderKey | None = None) -> str:
    """The request that the vendor's `probe` declares, with this key. A sentence, raised as ProviderError when it fails."""
    vendor = vendor_of(account)
    if vendor is None or vendor.probe is None:
        raise ProviderRefused("This vendor cannot be tested without a call.")
    if vendor.probe.elsewhere and account.base_url:
        raise ProviderRefused("An account with an address of its own cannot be tested without a call.")
    listed = vendor.probe.lists
    answer = ask(account, "GET", vendor.probe.path, seconds=TEST_SECONDS, plain=not listed, key=key)
    if not listed:
        return "It works: the key was accepted."
    things = answer.get(listed) if isinstance(answer, dict) else answer
    if not isinstance(things, list):
        raise ProviderRefused(f"It answered, but not as {vendor.label} does. Check the address.")
    named = (one.get("id") or one.get("name") for one in things if isinstance(one, dict))
    names = [str(name)[:60] for name in named if name][:3]
    if not names:
        return "It works." if things else "It works. The server has no models yet."
    return f"It works. It has {len(things)} models: {', '.join(names)}{' …' if len(things) > 3 else ''}"


def ask(
    account: ProviderAccount,
    method: str,
    path: str,
    *,
    seconds: float,
    body: Any = None,
    plain: bool = False,
    key: ProviderKey | None = None,
) -> Any:
    """With this key, or the account's best. The JSON answer, or the text of it with `plain`. Raises ProviderRefused or ProviderUnreachable, in words without
    the key."""
    provider = as_provider(account, key or pools.usable(account.pk))
    return send(provider, vendor_of(account), method, path, seconds=seconds, body=body, plain=plain)


def send(
    provider: Provider,
    vendor: VendorSpec | None,
    method: str,
    path: str,
    *,
    seconds: float,
    body: Any = None,
    plain: bool = False,
    within: float | None = None,
    most: int = MOST_BYTES,
) -> Any:
    """As `ask`, without a look into the database: for threads. `within` ends the whole of it, `seconds` each step."""
    probe = (vendor.probe if vendor else None) or Probe()
    address, headers = addressed(provider, probe, path)
    try:
        with (
            public_client(seconds, allowed_networks(), within) as client,
            client.stream(method, address, headers=headers, json=body) as response,
        ):
            return _answer(response, plain, most)
    except AddressRefused as error:
        raise ProviderRefused(error.sentence) from None
    except (httpx2.TimeoutException, httpx2.TransportError) as error:
        kind = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "cannot be reached"
        raise ProviderUnreachable(f"The server {kind}. Check the address, then try again.") from None
    except (httpx2.InvalidURL, ValueError):
        raise ProviderRefused("The address cannot be used as it is written.") from None


def addressed(provider: Provider, probe: Probe, path: str) -> tuple[str, dict[str, str]]:
    """Where to, and with which headers."""
    base = (provider.base_url or _filled(probe.base, provider)).rstrip("/")
    base = f"http{base[2:]}" if base.startswith(("ws://", "wss://")) else base
    address = base + _filled(path, provider)
    headers = {"Accept": "application/json", **dict(probe.headers)}
    headers |= {header: str(value) for name, header in probe.account_headers if (value := provider.account.get(name))}
    secret = provider.api_key.get_secret_value() if provider.api_key else ""
    if secret and probe.query:
        address += f"{'&' if '?' in address else '?'}{urlencode({probe.query: secret})}"
    elif secret:
        headers[probe.header] = f"{probe.scheme} {secret}".lstrip()
    return address, headers


def _filled(text: str, provider: Provider) -> str:
    """`{region}` in an address becomes the account's region. Nothing that could lead to another host gets in."""

    def value(match: re.Match[str]) -> str:
        said = str(provider.account.get(match[1]) or "")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", said):
            raise ProviderRefused(
                f"The account’s {match[1].replace('_', ' ')} is missing or not written as it should be."
            )
        return said

    return re.sub(r"\{(\w+)\}", value, text)


def _answer(response: httpx2.Response, plain: bool = False, most: int = MOST_BYTES) -> Any:
    status = response.status_code
    if status in (401, 403):
        raise KeyRefused("The server refused the key. Check that it is whole and still valid.")
    if status == 404:
        raise ProviderRefused(
            "The address exists, but not this path. A server of OpenAI’s protocol usually ends with /v1."
        )
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
        if len(received) > most:
            raise ProviderRefused("The server’s answer is far too large.")
    if plain:
        return received.decode(errors="replace")
    try:
        return json.loads(received)
    except ValueError:
        raise ProviderRefused("The server’s answer is not JSON. Check the address.") from None
