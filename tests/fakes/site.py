"""A web site with pages that can change, and a robots.txt."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.served import Served


@dataclass
class FakeSite(Served):
    """`pages` by path: a body, or a status, or a place it leads to (an address that begins with “http”)."""

    pages: dict[str, str | int] = field(default_factory=dict)
    robots: str | int = 404
    kind: str = "text/html"
    asked: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        made = web.Application()
        made.router.add_get("/{path:.*}", self._page)
        return made

    async def _page(self, request: web.Request) -> web.Response:
        path = request.path
        self.asked.append(path)
        found = self.robots if path == "/robots.txt" else self.pages.get(path, 404)
        if isinstance(found, int):
            return web.Response(status=found)
        if found.startswith("http"):
            return web.Response(status=302, headers={"Location": found})
        return web.Response(text=found, content_type="text/plain" if path == "/robots.txt" else self.kind)
