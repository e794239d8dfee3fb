"""The one way to reach an address that somebody typed: tools, connectors, crawled pages.

    answer = send("GET", "https://example.com/prices", within=5)
    with opened("POST", address, content=body, headers=headers) as incoming:
        for piece in incoming.pieces(): …

What holds for every request, and for each redirect again:

- only http and https, no user and password in the address, only the ports of OUTBOUND_PORTS;
- the name is resolved here, every address it has is looked at, and the connection goes to an address that was looked
  at, under the name's own certificate and `Host`: spelling (127.1, 0x7f000001, ::ffff:7f00:1), redirects and names that
  resolve to something else a moment later all end at the same check;
- private, loopback, link-local, metadata and other inner addresses are refused unless OUTBOUND_ALLOW names them;
- no proxy of the environment, no cookies, no kept connections; what is sent to one server's own is not sent to another;
- `within` seconds for all of it, resolving and redirects included, and `most` bytes of answer, unpacked.

Raises AddressRefused, RemoteRefused (trying again does not help) and RemoteUnreachable (it may).
"""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from django.conf import settings

from voiceops.lib.errors import AddressRefused, InvalidInput, RemoteRefused, RemoteUnreachable
from voiceops.lib.net import Network, is_public, public_client

WITHIN = 10.0
MOST = 1_000_000
REDIRECTS = 4
AGENT = "VoiceOps"

_EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_MOVED = frozenset({301, 302, 303, 307, 308})
_FOR_ANYBODY = frozenset({"accept", "accept-language", "user-agent"})
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Rules:
    """`hosts` and `networks` may be reached although they are inside; `ports` are ranges, both ends included."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    ports: tuple[tuple[int, int], ...] = ((80, 80), (443, 443), (1024, 65_535))

    @classmethod
    def of(cls, allow: Sequence[str], ports: Sequence[str]) -> Rules:
        """From the settings. Raises ValueError for ports that are none."""
        hosts, networks = set(), []
        for entry in allow:
            try:
                networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                hosts.add(entry.lower().rstrip("."))
        ranges = [(begin, end or begin) for begin, _, end in (entry.partition("-") for entry in ports)]
        return cls(frozenset(hosts), tuple(networks), tuple((int(begin), int(end)) for begin, end in ranges))

    def allowed_for(self, host: str) -> tuple[Network, ...]:
        return _EVERYWHERE if host.lower().rstrip(".") in self.hosts else self.networks


def rules() -> Rules:
    """The operator's."""
    return Rules.of(settings.OUTBOUND_ALLOW, settings.OUTBOUND_PORTS)


@dataclass(frozen=True)
class Answer:
    """`url` is where it came from in the end. `ms` counts from the first attempt to connect."""

    status: int
    url: str
    headers: httpx2.Headers = field(repr=False)
    body: bytes = field(repr=False)
    ms: int = 0

    @property
    def kind(self) -> str:
        """The media type without its parameters: “text/html”."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        named = str(self.headers.get("content-type", "")).lower().partition("charset=")[2].strip(" \"'").split(";")[0]
        try:
            return self.body.decode(named or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Raises RemoteRefused when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise RemoteRefused("The server’s answer is not JSON.") from None


class Incoming:
    """An answer whose body has not been read yet."""

    def __init__(self, response: httpx2.Response, url: str, most: int) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.url = url
        self._response, self._most = response, most

    def pieces(self) -> Iterator[bytes]:
        """The body, unpacked, as it comes. Raises RemoteRefused when there is more than `most`, or it does not unpack;
        RemoteUnreachable when it breaks off or takes too long."""
        packed = str(self.headers.get("content-encoding", "")).strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise RemoteRefused(f"The server’s answer is packed as {packed[:20]!r}, which was not asked for.")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed not in ("", "identity") else None
        left = self._most
        with _told(self.url):
            for raw in self._response.iter_raw(16_384):
                try:  # never more than a byte too much, however small it came
                    piece = raw if unpacker is None else unpacker.decompress(raw, left + 1)
                except zlib.error:
                    raise RemoteRefused("The server’s answer cannot be unpacked.") from None
                left -= len(piece)
                if left < 0:
                    raise RemoteRefused(f"The server’s answer is larger than {_size(self._most)}.")
                yield piece
        if unpacker is not None and left < self._most and not unpacker.eof:
            raise RemoteUnreachable(f"{httpx2.URL(self.url).host} broke the answer off.", arrived=True)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    within: float = WITHIN,
    most: int = MOST,
    redirects: int = REDIRECTS,
    rules: Rules | None = None,
) -> Answer:
    """The whole answer, whatever its status. Only GET and HEAD follow redirects."""
    began = time.monotonic()
    with opened(
        method, url, headers=headers, content=content, within=within, most=most, redirects=redirects, rules=rules
    ) as incoming:
        body = b"".join(incoming.pieces())
        ms = round((time.monotonic() - began) * 1000)
        return Answer(incoming.status, incoming.url, incoming.headers, body, ms)


@contextmanager
def opened(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    within: float = WITHIN,
    most: int = MOST,
    redirects: int = REDIRECTS,
    rules: Rules | None = None,
) -> Iterator[Incoming]:
    """The answer as soon as its head is there. Read `pieces` inside the block."""
    until = time.monotonic() + within
    rules = rules or _rules()
    address = checked(url, rules)
    sent = {"accept-encoding": "gzip", "user-agent": AGENT} | {k.lower(): v for k, v in (headers or {}).items()}
    for _ in range(redirects + 1):
        left = until - time.monotonic()
        if left <= 0:
            raise RemoteUnreachable(_late(address))
        door = _Door(rules, until)
        with public_client(left, within=left, addresses=door) as client:
            with _told(str(address)):
                request = client.build_request(method, address, headers=sent, content=content or None)
                response = client.send(request, stream=True)
            try:
                onward = _onward(response, address, rules) if method.upper() in _SAFE and redirects else None
                if onward is None:
                    yield Incoming(response, str(address), most)
                    return
            finally:
                response.close()
        if _origin(onward) != _origin(address):
            sent = {name: value for name, value in sent.items() if name in {*_FOR_ANYBODY, "accept-encoding"}}
        address = onward
    raise RemoteRefused(f"{address.host} redirects again and again.")


_rules = rules


def checked(url: str, rules: Rules | None = None) -> httpx2.URL:
    """The address, when it may be asked for: its shape and its port. Where it leads is looked at when connecting.

    Raises InvalidInput for what is no address, AddressRefused for one that nobody may use.
    """
    rules = rules or _rules()
    if any(ord(letter) <= 32 or letter in '\\"<>^`{|}' or ord(letter) == 127 for letter in url):
        raise InvalidInput("An address has no spaces, quotation marks, braces or backslashes in it.")
    try:
        address = httpx2.URL(url)
        host, port = address.host.rstrip("."), address.port
    except (httpx2.InvalidURL, ValueError, TypeError, UnicodeError):
        raise InvalidInput("This is no web address.") from None
    if address.scheme not in ("http", "https") or not host:
        raise InvalidInput("An address begins with https:// or http://, and a host follows.")
    if address.userinfo:
        raise AddressRefused("An address with a user and a password in it is not used. Give them as a key.")
    port = port or (443 if address.scheme == "https" else 80)
    if not any(begin <= port <= end for begin, end in rules.ports):
        raise AddressRefused(f"The port {port} is not open to requests of agencies.")
    return address.copy_with(fragment=None) if host == address.host else address.copy_with(host=host, fragment=None)


def look(url: str, rules: Rules | None = None, within: float = 3.0) -> httpx2.URL:
    """`checked`, and where it leads at this moment: for forms, so that people hear early."""
    rules = rules or _rules()
    address = checked(url, rules)
    _Door(rules, time.monotonic() + within)(address.host, address.port or (443 if address.scheme == "https" else 80))
    return address


class _Door:
    """Resolves a name and looks at every address it has."""

    def __init__(self, rules: Rules, until: float) -> None:
        self._rules, self._until = rules, until

    def __call__(self, host: str, port: int) -> list[str]:
        allowed = self._rules.allowed_for(host)
        found = resolved(host, port, self._until - time.monotonic())
        for text in found:
            address = ipaddress.ip_address(text)
            if not is_public(address) and not any(address in network for network in allowed):
                raise AddressRefused(f"The host {host[:100]} leads into a private network.")
        return found


def resolved(host: str, port: int, within: float) -> list[str]:
    """Every address of `host`. Raises AddressRefused when it has none, RemoteUnreachable when that takes too long."""
    found: list[str] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        else:
            found.extend(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in entries))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(max(0.0, within))
    if asking.is_alive() or (failed and getattr(failed[0], "errno", None) == socket.EAI_AGAIN):
        raise RemoteUnreachable(f"The name {host[:100]} could not be looked up in time.")
    if failed or not found:
        raise AddressRefused(f"The host {host[:100]} has no address.")
    return found


def _onward(response: httpx2.Response, address: httpx2.URL, rules: Rules) -> httpx2.URL | None:
    """Where a redirect leads."""
    if response.status_code not in _MOVED or "location" not in response.headers:
        return None
    try:
        return checked(str(address.join(response.headers["location"])), rules)
    except (InvalidInput, httpx2.InvalidURL):
        raise RemoteRefused(f"{address.host} redirects to something that is no web address.") from None


def _origin(address: httpx2.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


@contextmanager
def _told(url: str) -> Iterator[None]:
    """The client's own errors as sentences. An address may hold a key in its query: only the host is named."""
    address = httpx2.URL(url)
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout):
        raise RemoteUnreachable(_late(address)) from None
    except httpx2.TimeoutException:
        raise RemoteUnreachable(_late(address), arrived=True) from None
    except httpx2.ConnectError as error:
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
            raise RemoteRefused(f"The certificate of {address.host} is not valid for it.") from None
        raise RemoteUnreachable(f"{address.host} cannot be reached.") from None
    except (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol):
        raise RemoteRefused(f"The request to {address.host} cannot be sent as it is written.") from None
    except (httpx2.TransportError, httpx2.StreamError):
        raise RemoteUnreachable(f"{address.host} broke the connection off.", arrived=True) from None
    except (httpx2.InvalidURL, httpx2.HTTPError, UnicodeError):
        raise RemoteRefused(f"The request to {address.host} cannot be sent as it is written.") from None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _late(address: httpx2.URL) -> str:
    return f"{address.host} did not answer in time."


def _size(count: int) -> str:
    return f"{count / 1e6:g} MB" if count >= 100_000 else f"{count / 1e3:g} kB"


def host_of(url: str) -> str:
    """For sentences."""
    return str(httpx2.URL(url).host)


def origin_of(url: str) -> str:
    """Scheme, host and port: who gets what is sent there."""
    address = httpx2.URL(url)
    return f"{address.scheme}://{address.host.rstrip('.')}:{address.port or (443 if address.scheme == 'https' else 80)}"
