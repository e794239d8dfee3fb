"""Requests to vendors without an SDK: one TLS context a process, bounded waits, and errors that say what was answered.

Making a TLS context takes some 20 ms of the event loop, so all calls share one. Nothing here tries again: a second
attempt is the pipeline's decision, which knows how long a caller has waited.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx2

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
_MOST_OF_AN_ERROR = 64 * 1024


class VendorFailed(RuntimeError):
    """A vendor answered with an error, or with something that is no answer. Its text holds nothing that was said.

    `status_code` and `headers` are for `faults.fault_of`; `body` is what a vendor's file may read a reason from.
    """

    def __init__(
        self, message: str, status_code: int | None = None, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.headers = dict(headers or {})
        self.body = body


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def client(read: float = READ_SECONDS) -> httpx2.AsyncClient:
    """For one call; whoever makes it closes it. Proxies and netrc of the machine are not for vendors' keys."""
    return httpx2.AsyncClient(
        verify=tls(), timeout=httpx2.Timeout(read, connect=CONNECT_SECONDS), trust_env=False, follow_redirects=False
    )


@asynccontextmanager
async def posted(
    http: httpx2.AsyncClient, url: str, *, content: bytes, headers: Mapping[str, str], kinds: tuple[str, ...]
) -> AsyncIterator[httpx2.Response]:
    """The streamed answer to a POST, once it is known to be one of `kinds` (beginnings of a content type).

    Raises VendorFailed for any other answer, and httpx2's errors when there is none. Leaving the block closes the
    connection unless the answer was read to its end.
    """
    async with http.stream("POST", url, content=content, headers=dict(headers)) as response:
        status, kind = response.status_code, response.headers.get("content-type", "").lower()
        if status >= 300:
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_OF_AN_ERROR:
                    break
            raise VendorFailed(f"The vendor answered {status}.", status, response.headers, body)
        if kinds and not kind.startswith(kinds):
            raise VendorFailed(f"The vendor answered with {kind.partition(';')[0] or 'nothing'} in place of a reply.")
        yield response
