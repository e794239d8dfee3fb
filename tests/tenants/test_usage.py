"""Usage: counted once, summed by the client's own day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django_tenants.utils import schema_context

from tenants.clients.models import Client
from tenants.usage.actions import CALL_SECONDS, Quantity, record
from tenants.usage.models import DailyUsage, UsageRecord
from tenants.usage.queries import by, lines, over_cap, this_month
from tests.world import World

pytestmark = pytest.mark.db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def seconds(key: str, amount: float) -> Quantity:
    return Quantity(key, CALL_SECONDS, amount)


def test_saying_it_twice_counts_once(agency: World):
    once = [seconds("call:1", 60), Quantity("call:1:tts", "tts_characters", 90, "openai")]
    assert record(once, at=NOON, client=agency.bright_dental) == 2
    assert record(once, at=NOON, client=agency.bright_dental) == 0
    assert UsageRecord.objects.count() == 2
    assert DailyUsage.objects.get(kind=CALL_SECONDS).quantity == Decimal(60)


def test_nothing_is_not_recorded(agency: World):
    assert record([seconds("call:1", 0), seconds("call:2", 0.0001), seconds("call:3", -5)], at=NOON) == 0
    assert not DailyUsage.objects.exists()


def test_a_day_is_the_clients_own(agency: World):
    Client.objects.filter(pk=agency.bright_dental.pk).update(timezone="America/Los_Angeles")
    agency.bright_dental.refresh_from_db()
    record([seconds("call:1", 60)], at=datetime(2026, 11, 21, 5, tzinfo=UTC), client=agency.bright_dental)
    assert DailyUsage.objects.get().day.isoformat() == "2026-11-20"


def test_what_belongs_to_no_client_has_one_row_a_day(agency: World):
    record([seconds("call:1", 60)], at=NOON)
    record([seconds("call:2", 30)], at=NOON)
    assert DailyUsage.objects.get().quantity == Decimal(90)


def test_a_client_over_its_cap_is_over_it(agency: World):
    client = agency.bright_dental
    assert not over_cap(client, NOON)  # no cap
    client.monthly_minutes_cap = 2
    record([seconds("call:1", 119)], at=NOON, client=client)
    assert not over_cap(client, NOON)
    record([seconds("call:2", 1)], at=NOON, client=client)
    assert over_cap(client, NOON)
    assert not over_cap(client, datetime(2026, 12, 1, 12, tzinfo=UTC))  # a new month
    assert not over_cap(agency.corner_garage, NOON)
    month = this_month([client], NOON)[client.pk]
    assert (month.minutes, month.over) == (Decimal("2.0"), True)


def test_the_tables_speak_in_units(agency: World):
    record([seconds("1", 90), Quantity("2", "llm_tokens_in", 1200, "openai")], at=NOON, client=agency.bright_dental)
    record([seconds("3", 30)], at=NOON + timedelta(days=1), client=agency.corner_garage)
    rows, span = DailyUsage.objects.all(), (NOON.date(), NOON.date() + timedelta(days=1))
    table = by(rows, "client__name", *span)
    assert [(column.word, column.unit, column.total) for column in table.columns] == [
        ("Calls", "min", Decimal("2.0")),
        ("Model, read", "tokens", Decimal(1200)),
    ]
    assert [(name, [quantity for _, quantity in cells]) for name, cells in table.rows] == [
        ("Bright Dental", [Decimal("1.5"), Decimal(1200)]),
        ("Corner Garage", [Decimal("0.5"), None]),
    ]
    assert [day for day, _ in by(rows, "day", *span).rows] == [span[1], span[0]]
    listed = lines(rows, *span, most=3)
    assert listed is not None
    assert (listed[0].client, listed[0].kind, listed[0].quantity) == ("Corner Garage", "Calls", Decimal("0.5"))
    assert lines(rows, *span, most=2) is None


def test_calls_that_end_together_are_all_counted(committed: str, world: World):
    start, failures = threading.Barrier(6), []

    def end_calls(number: int) -> None:
        try:
            with schema_context("alice"):
                start.wait()
                for call in range(5):
                    kinds = ["a_kind", "b_kind"] if number % 2 else ["b_kind", "a_kind"]
                    record(
                        [Quantity(f"{number}:{call}:{kind}", kind, 1) for kind in kinds],
                        at=NOON,
                        client=world.bright_dental,
                    )
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end_calls, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with schema_context("alice"):
        assert {row.kind: row.quantity for row in DailyUsage.objects.all()} == {"a_kind": 30, "b_kind": 30}
