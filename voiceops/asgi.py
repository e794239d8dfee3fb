"""The door of the control plane: HTTP to Django, websockets to the bridge and to pages that update live."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceops.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from calls.routing import websockets
from tenants.agencies.middleware import AgencyWebsocketMiddleware

application = ProtocolTypeRouter({"http": http, "websocket": AgencyWebsocketMiddleware(websockets)})

gc.collect()
gc.freeze()
"""What is loaded by now stays: looking through it again and again would hold up every caller's audio."""
