"""How a batch of spans leaves this machine: one attempt a try, to an allowed address, with nothing but its own headers.

OpenTelemetry's exporter sends through a `requests` session. Ours hands every request to `voiceops.lib.net.public_client`,
so that the address policy holds where the connection is made, and remembers how it went: the exporter itself logs a
failure and forgets it. Trying again is the outbox's business, never the exporter's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import requests
from django.conf import settings
from django.utils import timezone
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from requests.adapters import BaseAdapter

from calls.aftercall.errors import ComeBack
from voiceops.lib.errors import AddressRefused, ProviderRefused, VoiceOpsError
from voiceops.lib.net import Network, public_client

TIMEOUT = 10.0
NO_RETRIES = 0.001
"""The exporter tries again for as long as its timeout lasts: so short, it does not. Requests take `TIMEOUT`."""

MOST_WAIT = 3600.0
_MOST_ANSWER = 64 * 1024
_OTHERS_HEADERS = ("content-type", "content-encoding", "user-agent")
EVERYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def allowed_networks() -> list[Network]:
    """Private networks where collectors may be."""
    return [ipaddress.ip_network(text, strict=False) for text in settings.TRACE_NETWORKS]


class Door(BaseAdapter):
    """Sends a session's requests and keeps what became of them: how many were `taken`, and why others were not."""

    def __init__(self, headers: Mapping[str, str], networks: list[Network] | tuple[Network, ...]) -> None:
        super().__init__()
        self._headers = dict(headers)
        self._networks = networks
        self.failures: list[VoiceOpsError] = []
        self.taken = 0

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        own = {name: value for name, value in request.headers.items() if name.lower() in _OTHERS_HEADERS}
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        try:
            with (
                public_client(TIMEOUT, self._networks, within=2 * TIMEOUT) as client,
                client.stream(
                    str(request.method), str(request.url), headers=own | self._headers, content=body
                ) as answer,
            ):
                content = _beginning(answer)
                failure = judge(answer, content)
        except AddressRefused as error:
            self.failures.append(error)
            raise requests.exceptions.InvalidURL(error.sentence) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            self.failures.append(unreachable(error))
            raise requests.exceptions.ConnectionError(type(error).__name__) from None
        if failure is not None:
            self.failures.append(failure)
        else:
            self.taken += 1
        return _as_requests(request, answer, content, failed=failure is not None)

    def begin(self) -> None:
        self.failures.clear()
        self.taken = 0

    def check(self) -> None:
        """Raises what the first failed request deserves."""
        if self.failures:
            raise self.failures[0]
        if not self.taken:
            raise ComeBack("Nothing was sent.")

    def close(self) -> None:
        """Every request has a connection of its own."""


def _beginning(answer: httpx2.Response) -> bytes:
    """As much as an answer to a trace may be long; what comes after it is not waited for."""
    content = b""
    for piece in answer.iter_bytes(_MOST_ANSWER):
        content += piece
        if len(content) >= _MOST_ANSWER:
            break
    return content[:_MOST_ANSWER]


def _as_requests(
    request: requests.PreparedRequest, answer: httpx2.Response, content: bytes, failed: bool
) -> requests.Response:
    """What the exporter gets to see. A page or a redirect that pretends to be a success is none."""
    response = requests.Response()
    response.status_code = 400 if failed and answer.status_code < 400 else answer.status_code
    response.reason = answer.reason_phrase
    response.url = str(request.url)
    response.request = request
    response._content = content
    return response


def unreachable(error: Exception) -> ComeBack:
    if isinstance(error, httpx2.TimeoutException):
        return ComeBack(f"The server did not answer within {TIMEOUT:.0f} seconds.")
    return ComeBack("The server could not be reached, or broke the connection.")


def judge(answer: httpx2.Response, content: bytes) -> VoiceOpsError | None:
    """None: the spans were taken."""
    status, kind = answer.status_code, answer.headers.get("content-type", "")
    if status == 429:
        return ComeBack("The server asks for fewer spans for a while (429).", _retry_after(answer))
    if status >= 500:
        return ComeBack(f"The server has a problem of its own ({status}).", _retry_after(answer))
    if status in (401, 403):
        return ProviderRefused(f"The server refused the key ({status}).")
    if status == 404:
        return ProviderRefused("There is nothing that takes traces at this address (404).")
    if status == 413:
        return ProviderRefused("The server says that the call’s trace is too large (413).")
    if not 200 <= status < 300:
        return ProviderRefused(f"The server refused the spans ({status}).")
    if "html" in kind:
        return ProviderRefused("A web page answered, not a server that takes traces: check the address.")
    return _rejected(content) if "protobuf" in kind else None


def _rejected(content: bytes) -> VoiceOpsError | None:
    taken = ExportTraceServiceResponse()
    try:
        taken.ParseFromString(content)
    except Exception:  # protobuf's DecodeError has no public home
        return ProviderRefused("The server’s answer is no answer to a trace.")
    rejected = taken.partial_success.rejected_spans
    return ProviderRefused(f"The server rejected {rejected} spans of this call.") if rejected else None


def _retry_after(answer: httpx2.Response) -> float | None:
    """Seconds or a date, at most an hour."""
    told = answer.headers.get("retry-after", "").strip()
    if not told:
        return None
    if told.isascii() and told.isdigit():
        return min(float(told), MOST_WAIT)
    try:
        wait = (parsedate_to_datetime(told) - timezone.now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(0.0, wait), MOST_WAIT)


def exporter(
    url: str, headers: Mapping[str, str], networks: list[Network] | tuple[Network, ...]
) -> tuple[OTLPSpanExporter, Door]:
    """An exporter to `url`, and the door that tells how its requests went."""
    session = requests.Session()
    session.trust_env = False
    door = Door(headers, networks)
    session.adapters.clear()
    session.mount("http://", door)
    session.mount("https://", door)
    return OTLPSpanExporter(url, session=session, timeout=NO_RETRIES, compression=Compression.Gzip), door
