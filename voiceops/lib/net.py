"""Addresses: reading them, and never letting a customer's address lead into a private network.

The check is made where the connection is made, on the very address that is connected to: a name that resolves to
something else a moment later, or a redirect, is caught like any other.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore2
import httpx2

from voiceops.lib.errors import AddressRefused, InvalidInput

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Addresses = Callable[[str, int], list[str]]
"""From a host and a port to the addresses that may be connected to. Raises AddressRefused."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
_INSIDE_ALL_THE_SAME = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20"))
)
"""What this Python's `is_global` lets through: protocol assignments (Oracle's metadata among them), relays, documentation,
and Azure's metadata, at a public address that answers to machines inside only."""


@dataclass(frozen=True)
class HostPort:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host_port(text: str, default_port: int | None = None) -> HostPort:
    """`host:port`, `[v6]:port`, or without a port when there is a default. Raises InvalidInput."""
    text = text.strip()
    host, bracket, rest = text[1:].partition("]") if text.startswith("[") else ("", "", "")
    if not bracket:
        host, colon, port = text.partition(":") if text.count(":") < 2 else (text, "", "")
    else:
        colon, port = rest[:1], rest[1:]
    if not host or (colon and not port) or (colon and colon != ":"):
        raise InvalidInput(f"{text!r} is no address: write host:port.")
    if not colon:
        if default_port is None:
            raise InvalidInput(f"{text!r} names no port: write host:port.")
        return HostPort(host, default_port)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise InvalidInput(f"{port!r} in {text!r} is no port.")
    return HostPort(host, int(port))


def is_public(address: Address) -> bool:
    """Whether this address is on the open internet, also when it hides inside an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address not in _UNICAST:
            return False
    if any(address in network for network in _INSIDE_ALL_THE_SAME):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def public_addresses(host: str, port: int, allowed: Sequence[Network] = ()) -> list[str]:
    """What `host` resolves to now. Raises AddressRefused when any of it is private and in none of `allowed`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise AddressRefused(f"The host {host[:100]} has no address.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not is_public(address) and not any(address in network for network in allowed):
            raise AddressRefused(f"The host {host[:100]} leads into a private network.")
    return addresses


class _Hurried(httpcore2.NetworkStream):
    """A connection that ends at a moment (monotonic), however often a byte of it still drips in."""

    def __init__(self, stream: httpcore2.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def _left(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise late("the connection had its time")
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), 65_536):
            self._stream.write(buffer[begin : begin + 65_536], self._left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._left(timeout, httpcore2.ConnectTimeout)
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class PublicBackend(httpcore2.SyncBackend):
    """Connects to public addresses only, and to exactly the address that was looked at.

    `addresses` looks instead, where another rule than `allowed` holds.
    """

    def __init__(
        self, allowed: Sequence[Network] = (), within: float | None = None, addresses: Addresses | None = None
    ) -> None:
        self._within = within
        self._addresses = addresses or (lambda host, port: public_addresses(host, port, allowed))

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception | None = None
        until = None if self._within is None else time.monotonic() + self._within
        for address in self._addresses(host, port):
            if until is not None:
                left = until - time.monotonic()
                if left <= 0:
                    raise httpcore2.ConnectTimeout("the connection had its time")
                timeout = left if timeout is None else min(timeout, left)
            try:
                stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
                return stream if until is None else _Hurried(stream, until)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("no address")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        raise AddressRefused("A unix socket is no public address.")


class PublicTransport(httpx2.HTTPTransport):
    def __init__(
        self, allowed: Sequence[Network] = (), within: float | None = None, addresses: Addresses | None = None
    ) -> None:
        super().__init__(verify=_authorities(), trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_authorities(),
            max_connections=20,
            max_keepalive_connections=0,
            network_backend=PublicBackend(allowed, within, addresses),
        )


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Whose certificates count. Reading them takes longer than many an answer, so they are read once."""
    return httpx2.create_ssl_context(trust_env=False)


def public_client(
    timeout: float = 10.0,
    allowed: Sequence[Network] = (),
    within: float | None = None,
    addresses: Addresses | None = None,
) -> httpx2.Client:
    """A client for addresses that customers gave us. No proxies, no redirects, no kept connections.

    `timeout` holds for each step, `within` for a whole connection: a server that drips its answer is cut off then.
    Raises AddressRefused on use when the address is private. Where the whole address was typed by a customer,
    `voiceops.lib.outbound` is the way.
    """
    return httpx2.Client(
        transport=PublicTransport(allowed, within, addresses), timeout=timeout, follow_redirects=False, trust_env=False
    )
