"""Which consumer answers which websocket path."""

from __future__ import annotations

from channels.routing import URLRouter
from django.urls import path, re_path

from calls.bridge.consumer import media, nothing_here
from calls.live_consumer import LiveConsumer

websockets = URLRouter(
    [
        path("live", LiveConsumer.as_asgi()),
        path("media/<slug:carrier>/<str:ticket>", media),  # type: ignore[arg-type]
        re_path(r"^.*$", nothing_here),  # type: ignore[arg-type]
    ]
)
