"""What `manage.py check` knows of a VoiceOps that cannot work, or should not face the world, as it is set up.

voiceops.E001  a pooler mixes transactions of agencies on one database session      (--database default)
voiceops.E002  the encryption keys cannot be used
voiceops.E003  PUBLIC_URL is no address
voiceops.E004  MEDIA_WORKERS names something that is no address
voiceops.E005  S3 settings without a bucket
voiceops.E006  the secrets' file can be read by other users
voiceops.E007  a public address without https                                       (--deploy)
voiceops.E010  OUTBOUND_ALLOW or OUTBOUND_PORTS names something that is none
voiceops.W008  secrets made on this machine while the stores are shared             (--deploy)
voiceops.W009  DEBUG at a public address                                            (--deploy)
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import connections

from voiceops.env import env
from voiceops.lib.crypto import Keyring
from voiceops.lib.errors import InvalidInput, SealError
from voiceops.lib.net import parse_host_port
from voiceops.lib.outbound import Rules

POOLED = (
    "Two connections to the database share one session: a pooler in transaction mode, which would show one agency "
    "another's rows."
)


def shares_sessions(alias: str = "default") -> bool:
    """Whether connections that are open at the same time speak to one session of the server, as behind such a pooler."""
    wrapper = connections[alias]
    with ExitStack() as open_connections:
        sessions = []
        for _ in range(4):
            one = wrapper.copy()
            open_connections.callback(one.close)
            with one.cursor() as cursor:
                cursor.execute("select pg_backend_pid()")
                sessions.append(cursor.fetchone()[0])
    return len(set(sessions)) < len(sessions)


@register(Tags.database)
def pooling(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if "default" not in (databases or ()) or not shares_sessions():
        return []
    return [Error(POOLED, hint="Set pool_mode = session in PgBouncer, or connect directly.", id="voiceops.E001")]


@register
def keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        Keyring.parse(settings.ENCRYPTION_KEYS)
    except SealError as error:
        return [Error(error.sentence, hint="Look at ENCRYPTION_KEYS.", id="voiceops.E002")]
    return []


@register
def addresses(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [*_public_url(), *_media_workers(), *_outbound(), *_bucket(), *_secrets_file()]


def _public_url() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
        yield Error(
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}.",
            hint="Write scheme and host, and the port if it is not the usual: https://voice.example.com",
            id="voiceops.E003",
        )


def _media_workers() -> Iterator[CheckMessage]:
    for text in settings.MEDIA_WORKERS:
        try:
            parse_host_port(text)
        except InvalidInput as error:
            yield Error(f"MEDIA_WORKERS: {error.sentence}", id="voiceops.E004")


def _outbound() -> Iterator[CheckMessage]:
    for entry in settings.OUTBOUND_ALLOW:
        if "/" in entry and not _is_network(entry):
            yield Error(
                f"OUTBOUND_ALLOW: {entry!r} is neither a host nor a network.",
                hint="crm.internal, or 10.20.0.0/16.",
                id="voiceops.E010",
            )
    try:
        ports = Rules.of((), settings.OUTBOUND_PORTS).ports
    except ValueError:
        ports = ()
    if not ports or any(not 0 < begin <= end < 65_536 for begin, end in ports):
        yield Error("OUTBOUND_PORTS holds no ports.", hint="80,443,1024-65535", id="voiceops.E010")


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _bucket() -> Iterator[CheckMessage]:
    if settings.S3_ENDPOINT_URL and not settings.S3_BUCKET:
        yield Error(
            "S3_ENDPOINT_URL is set and S3_BUCKET is not: recordings would stay on this machine.",
            hint="Name the bucket, or unset both.",
            id="voiceops.E005",
        )


def _secrets_file() -> Iterator[CheckMessage]:
    path = settings.STATE_DIR / "secrets.json"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Error(f"{path} can be read by other users.", hint=f"chmod 600 {path}", id="voiceops.E006")


@register(deploy=True)
def facing_the_world(app_configs: Any, **_: Any) -> list[CheckMessage]:
    host = settings.PUBLIC_HOST
    if host == "localhost" or host.endswith(".localhost"):
        return []
    found: list[CheckMessage] = []
    if settings.PUBLIC_SCHEME != "https":
        found.append(
            Error(
                f"PUBLIC_URL {settings.PUBLIC_URL} is not https: passwords and calls would travel in the clear.",
                hint="Put a proxy with a certificate in front, set BEHIND_PROXY=true and an https PUBLIC_URL.",
                id="voiceops.E007",
            )
        )
    missing = [name for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "MEDIA_WORKER_KEY") if not env(name)]
    if missing and env("DATABASE_URL"):
        found.append(
            Warning(
                f"{', '.join(missing)} come from this machine's state folder while the database is shared.",
                hint="Set them, so that every machine has the same and none is lost with a disk.",
                id="voiceops.W008",
            )
        )
    if settings.DEBUG:
        found.append(Warning("DEBUG shows our insides to anybody.", hint="Unset DEBUG.", id="voiceops.W009"))
    return found
