"""VoiceOps as real processes."""

from __future__ import annotations

import socket

import pytest
from django_tenants.utils import schema_context

from tenants.clients.models import Client
from tests.live import LiveStack
from tests.world import World

pytestmark = pytest.mark.live


def test_daphne_answers_on_alices_host_and_on_no_strangers(live_stack: LiveStack) -> None:
    with live_stack.client("alice") as alice, live_stack.client("nobody") as stranger:
        answers = [client.get("/accounts/login/").status_code for client in (alice, stranger)]
    assert answers == [200, 404]


def test_every_media_worker_listens(live_stack: LiveStack) -> None:
    for address in live_stack.media_workers:
        host, _, port = address.partition(":")
        socket.create_connection((host, int(port)), timeout=2).close()


def test_the_test_and_the_processes_share_one_database(world: World, live_stack: LiveStack) -> None:
    with schema_context("alice"):
        Client.objects.create(name="Seen By All", slug="seen-by-all")
    assert live_stack.database_url.partition("?")[0].endswith("/live")
