"""Who is on the other end of a page's websocket: the session's person, looked up in the host's own agency."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django_tenants.utils import schema_context

from tenants.people.models import User


def person_of(scope: dict[str, Any]) -> User | None:
    """The signed-in person of this handshake, or None. Sets the schema itself: call it from any thread.

    A handshake from a page of another origin is nobody's: cookies come along with it, consent does not.
    """
    headers = dict(scope["headers"])
    if not _same_origin(headers):
        return None
    key = _session_key(headers)
    if not key:
        return None
    with schema_context(scope["agency"].schema_name):
        store = import_module(settings.SESSION_ENGINE).SessionStore(key)
        person = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return person if isinstance(person, User) and person.is_active else None


async def person_of_socket(scope: dict[str, Any]) -> User | None:
    return await database_sync_to_async(person_of, thread_sensitive=False)(scope)


def _same_origin(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return bool(host) and origin.partition("://")[2] == host


def _session_key(headers: dict[bytes, bytes]) -> str:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""
