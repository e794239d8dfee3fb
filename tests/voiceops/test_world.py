"""The ground the other tests stand on."""

from __future__ import annotations

import threading

import pytest
from django.core.cache import cache
from django.db import connection
from django_tenants.utils import schema_context

from tenants.clients.models import Client
from tests.world import World

pytestmark = pytest.mark.db


def clients() -> set[str]:
    return set(Client.objects.values_list("name", flat=True))


@pytest.mark.parametrize("round_number", [1, 2])
def test_what_a_test_writes_is_gone_for_the_next(agency: World, round_number: int) -> None:
    assert clients() == {"Bright Dental", "Corner Garage"}
    Client.objects.create(name=f"Passing Trade {round_number}", slug="passing-trade")
    cache.set("left-over", round_number)


def test_a_test_begins_with_an_empty_cache(db: None) -> None:
    assert cache.get("left-over") is None


def test_a_test_begins_on_the_platform(db: None) -> None:
    assert connection.schema_name == "public"


def test_charlie_sees_none_of_alices_clients(agency: World) -> None:
    with schema_context("charlie"):
        assert clients() == set()


@pytest.mark.parametrize("round_number", [1, 2])
def test_committed_rows_are_seen_by_other_threads_and_gone_for_the_next(
    committed: str, agency: World, round_number: int
) -> None:
    assert clients() == {"Bright Dental", "Corner Garage"}
    Client.objects.create(name="Passing Trade", slug="passing-trade")
    seen: set[str] = set()

    def look() -> None:
        with schema_context("alice"):
            seen.update(clients())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert "Passing Trade" in seen
