"""The audit log: gapless, chained, append-only."""

from __future__ import annotations

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django_tenants.utils import schema_context

from tenants.audit.actions import record
from tenants.audit.models import AuditEvent
from tenants.audit.queries import verify
from tests.world import World

pytestmark = pytest.mark.db


def test_each_event_follows_from_the_one_before(agency: World):
    first = record(agency.alice, "client.changed", agency.bright_dental, data={"name": "Bright Dental"})
    second = record(agency.bob, "agent.published", label="Front desk")
    assert (second.seq, second.previous_hash) == (first.seq + 1, first.hash)
    assert (first.actor_label, first.object_label) == ("Alice Archer", "Bright Dental")
    assert verify().broken is None


def test_an_action_that_fails_leaves_no_event(agency: World):
    before = AuditEvent.objects.count()

    @transaction.atomic
    def rename_and_fail() -> None:
        record(agency.alice, "client.changed")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rename_and_fail()
    assert AuditEvent.objects.count() == before


def test_each_agency_has_a_chain_of_its_own(world: World):
    with schema_context("alice"):
        here = record(None, "one.thing").seq
    with schema_context("charlie"):
        before = verify().events
        there = record(None, "one.thing")
        assert there.seq == before + 1
    with schema_context("alice"):
        assert record(None, "one.thing").seq == here + 1


@pytest.mark.parametrize("key", ["password", "new_password", "api_key", "AuthToken", "secret", "transcript", "cookie"])
def test_secrets_and_transcripts_are_refused(agency: World, key: str):
    with pytest.raises(ValueError, match="may not hold"):
        record(agency.alice, "thing.done", data={key: "x"})


def test_long_values_are_cut(agency: World):
    event = record(agency.alice, "thing.done", data={"note": "x" * 900, "many": ["a", 1, None]})
    assert len(event.data["note"]) == 200
    assert event.data["many"] == ["a", 1, None]


def test_postgresql_refuses_to_change_or_delete_an_event(agency: World):
    event = record(agency.alice, "thing.done")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(actor_label="Nobody")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()


def without_the_guard(sql: str, *values: object) -> None:
    """What somebody who owns the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_is_append_only")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER audit_is_append_only")


def test_a_changed_event_is_found(agency: World):
    event = record(agency.alice, "thing.done", data={"amount": 1})
    record(agency.alice, "thing.done")
    without_the_guard("UPDATE audit_auditevent SET data = '{\"amount\": 2}' WHERE id = %s", event.pk)
    broken = verify().broken
    assert broken is not None
    assert (broken.seq, broken.why) == (event.seq, "its content was changed")


def test_a_removed_event_is_found(agency: World):
    event = record(agency.alice, "thing.done")
    record(agency.alice, "thing.done")
    without_the_guard("DELETE FROM audit_auditevent WHERE id = %s", event.pk)
    broken = verify().broken
    assert broken is not None
    assert broken.seq == event.seq


def test_a_cut_off_end_is_found_with_a_noted_head(agency: World):
    record(agency.alice, "thing.done")
    noted = verify().head
    record(agency.alice, "thing.done")
    assert verify(noted).broken is None
    without_the_guard("DELETE FROM audit_auditevent WHERE seq >= %s", int(noted.partition(":")[0]))
    assert verify().broken is None
    assert verify(noted).broken is not None


def test_the_command_says_which_log_is_broken(agency: World, capsys):
    event = record(agency.alice, "thing.done")
    call_command("verify_audit")
    assert "charlie:" in capsys.readouterr().out
    without_the_guard("UPDATE audit_auditevent SET actor_label = 'Nobody' WHERE id = %s", event.pk)
    with pytest.raises(CommandError, match="do not hold"):
        call_command("verify_audit")
    assert f"alice: broken at {event.seq}" in capsys.readouterr().out


def test_many_writers_at_once_leave_no_gap(committed: str, world: World):
    """Eight threads, each with transactions of its own, in one schema."""
    with schema_context("alice"):
        before = verify().events
    start, failures = threading.Barrier(8), []

    def write() -> None:
        try:
            with schema_context("alice"):
                start.wait()
                for _ in range(10):
                    record(None, "race.run")
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with schema_context("alice"):
        verdict = verify()
    assert verdict.broken is None
    assert verdict.events == before + 80
