"""Where the stores are: `DATABASE_URL` and `REDIS_URL`, or the embedded ones' unix sockets."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from voiceops.local.state import local_database_url, local_redis_url


def database_settings() -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST, PORT for Django. A socket's folder may be given as `?host=/folder`."""
    parts = urlsplit(os.environ.get("DATABASE_URL") or local_database_url())
    query = parse_qs(parts.query)
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or ""),
    }


def redis_url() -> str:
    return os.environ.get("REDIS_URL") or local_redis_url()
