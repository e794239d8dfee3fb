"""Tells open pages that something changed. Only names travel, never content: the page fetches what it may see.

    live.call_changed(call, "turn")            # the call's page, the calls list and Home
    live.publish(schema, "call:<id>", "turn")

A message is `{"topic": "call:<id>" | "calls" | "home", "kind": "…"}`. It is sent when the transaction commits, to one
Redis group per agency; every process passes it on to the pages that asked for the topic and may know of the client.
Losing one costs a page its freshness and nothing else, so no failure here reaches the caller.
"""

from __future__ import annotations

import logging
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from calls.models import Call
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)


def group(schema: str) -> str:
    return f"live.{schema}"


def call_changed(call: Call, kind: str) -> None:
    """Say it of this call, in the schema that is set: on its page, in the list and on Home."""
    schema = current_schema()
    for topic in (f"call:{call.pk}", "calls", "home"):
        publish(schema, topic, kind, client_id=call.client_id)


def publish(schema: str, topic: str, kind: str, client_id: UUID | None = None) -> None:
    """`client_id` is whose call it is: without it, client people are not told."""
    message = {"type": "live.changed", "topic": topic, "kind": kind, "client": str(client_id) if client_id else ""}
    transaction.on_commit(lambda: _send(schema, message))


def _send(schema: str, message: dict[str, str]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group(schema), message)
    except Exception as error:
        logger.warning("Open pages were not told of %s: %s", message["topic"], error)
