"""HTTP as a carrier or a browser speaks it: host by name, connection by address."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx2

from calls.phone.place import place
from calls.phone.report import PhoneError


class Http:
    """One client for a phone or for many: connections are reused."""

    def __init__(self, timeout: float = 15.0, connections: int = 200) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.AsyncClient(timeout=timeout, limits=limits, trust_env=False)

    async def post(
        self, url: str, form: dict[str, str], headers: dict[str, str] | None = None, cookies: str = ""
    ) -> httpx2.Response:
        where = place(url)
        scheme = url.partition("://")[0]
        send = {"Host": where.netloc, **(headers or {})}
        if cookies:
            send["Cookie"] = cookies
        try:
            return await self._client.post(
                f"{scheme}://{where.host}:{where.port}{where.target}",
                data=form,
                headers=send,
                extensions={"sni_hostname": where.netloc.rsplit(":", 1)[0]},
            )
        except httpx2.HTTPError as error:
            raise PhoneError(f"{where.netloc} did not answer: {type(error).__name__}.") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()
