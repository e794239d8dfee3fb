"""The host names the agency, for HTTP and for websockets alike. Nothing in a header, path or body may."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest
from django_tenants.middleware.main import TenantMainMiddleware
from django_tenants.utils import schema_context

from tenants.agencies.models import Agency, Domain

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def agency_of_host(host: str) -> Agency | None:
    """The active agency (or the platform, schema `public`) that answers on this host, given without port."""
    with schema_context("public"):
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    if domain is None or domain.tenant.status != Agency.Status.ACTIVE:
        return None
    return domain.tenant


class AgencyMiddleware(TenantMainMiddleware):
    """Sets the schema for the request; an unknown host is 404."""

    def get_tenant(self, domain_model: type[Domain], hostname: str) -> Agency:
        agency = agency_of_host(hostname)
        if agency is None:
            raise domain_model.DoesNotExist(hostname)
        return agency

    @staticmethod
    def hostname_from_request(request: HttpRequest) -> str:
        try:
            return request.get_host().rsplit(":", 1)[0].lower()
        except DisallowedHost as error:
            raise Http404("This host name cannot be read.") from error


class AgencyWebsocketMiddleware:
    """Puts `scope["agency"]` (the Agency) on a websocket, or refuses it with 404 before it is accepted.

    The schema is *not* set here: a consumer sets it inside the one synchronous function that also queries.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].lower()
        agency = await database_sync_to_async(agency_of_host, thread_sensitive=False)(host)
        if agency is None:
            await receive()
            await deny(scope, send, 404, "No agency answers on this host.")
            return
        await self.app({**scope, "agency": agency}, receive, send)


async def deny(scope: Scope, send: Send, status: int, reason: str) -> None:
    """Answers a websocket handshake with an HTTP status where the server can, else with its plain refusal."""
    if "websocket.http.response" in scope.get("extensions", {}):
        body = reason.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send({"type": "websocket.close", "code": 4000 + status})
