"""Where the media workers are and what lets us in: for the bridge, which takes calls to them, and for turns in writing.

`MEDIA_WORKERS` names them as `host:port`; a name that resolves to many addresses is many workers. Nobody registers
anywhere: a worker that is full or about to go answers 503, and the next is asked.
"""

from __future__ import annotations

import logging
import random
import socket
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

Address = tuple[str, int]


def named() -> list[Address]:
    """What `MEDIA_WORKERS` says, not yet resolved. What cannot be read is passed over."""
    found: list[Address] = []
    for name in settings.MEDIA_WORKERS:
        host, _, port = name.rpartition(":")
        if port.isdigit():
            found.append((host.strip("[]"), int(port)))
        else:
            logger.warning("MEDIA_WORKERS names %s, which has no port", name)
    return found


def told(infos: list[Any]) -> list[Address]:
    """The addresses in an answer of `getaddrinfo`."""
    return [(str(info[4][0]), int(info[4][1])) for info in infos]


def everywhere() -> list[Address]:
    """Every worker, in an order of chance. Blocks on DNS."""
    found: list[Address] = []
    for host, port in named():
        try:
            found += told(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError):
            logger.warning("MEDIA_WORKERS names %s, which does not resolve", host)
    found = list(dict.fromkeys(found))
    return random.sample(found, len(found))


def netloc(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.MEDIA_WORKER_KEY}"}
