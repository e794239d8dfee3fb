"""How to reach a host that only exists here: `*.localhost` is this machine, whatever the resolver says."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Place:
    """`url` is what the other side is told and what is signed; `host`, `port` is where the connection goes."""

    url: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def place(url: str) -> Place:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme in {"https", "wss"} else 80)
    return Place(url, "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host, port)
