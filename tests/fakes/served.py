"""What every fake of somebody's server has in common: it listens on loopback for as long as it is entered."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from aiohttp import web


class Served:
    """Subclasses give the `application`. `port` 0: any that is free. `runner` are AppRunner's options."""

    port: int = 0
    _runner: web.AppRunner

    def application(self) -> web.Application:
        raise NotImplementedError

    def runner(self) -> dict[str, Any]:
        return {"shutdown_timeout": 0.5}

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.application(), **self.runner())
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"
