"""Where the stores are: `DATABASE_URL` and `REDIS_URL`, or the embedded ones' unix sockets."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from voiceops.lib.errors import StoreError
from voiceops.local.state import given, local_database_url, local_redis_url


def database_settings() -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST, PORT and OPTIONS for Django.

    A socket's folder may be given as `?host=/folder`; every other part of the query (`sslmode`, `sslrootcert`, …) goes
    to libpq. `DATABASE_POOL=8` keeps up to eight connections per process instead of one per thread and request.
    Raises StoreError when the address cannot be read; the sentence does not repeat it, because it holds a password.
    """
    parts = urlsplit(given("DATABASE_URL") or local_database_url())
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or parts.hostname or ""
    try:
        port = query.pop("port", None) or parts.port
    except ValueError:
        raise StoreError("The port in DATABASE_URL is no number.") from None
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.lstrip("/"):
        raise StoreError("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    options: dict[str, Any] = dict(query)
    if pool := int(os.environ.get("DATABASE_POOL") or 0):
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def redis_url() -> str:
    url = given("REDIS_URL") or local_redis_url()
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise StoreError("REDIS_URL must look like redis://host:6379/0, rediss://… or unix:///path/of/socket.")
    return url
