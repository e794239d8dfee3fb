"""Which consumer answers which websocket path."""

from __future__ import annotations

from channels.routing import URLRouter

websockets = URLRouter([])
