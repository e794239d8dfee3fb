"""Settings → Traces: who may, what is asked, what is never shown, and what went wrong in words."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django_tenants.utils import schema_context

from calls.models import TraceDestination
from calls.tracing import actions
from calls.tracing.actions import Draft
from tenants.audit.models import AuditEvent
from tenants.people.models import User
from tests.fakes.langfuse import FakeLangfuse
from tests.fakes.otlp import Answer, FakeCollector
from tests.world import HOST, RIVAL_HOST, World

pytestmark = pytest.mark.db


def browser(person: User, host: str = HOST) -> Client:
    client = Client(headers={"host": host})
    client.force_login(person)
    return client


def page_of(client: Client, path: str = "/settings/traces/") -> str:
    return " ".join(client.get(path, follow=True).content.decode().split())


def test_a_langfuse_project_is_connected_and_tried_at_once(agency: World, alices_langfuse: FakeLangfuse) -> None:
    alice = browser(agency.alice)
    typed = {"address": alices_langfuse.url, "public_key": "pk-lf-alice", "secret": "sk-lf-alice"}
    answer = alice.post("/settings/traces/langfuse/", typed, follow=True)
    assert "Langfuse took a test trace." in answer.content.decode()
    assert [span.name for span in alices_langfuse.spans()] == ["VoiceOps test"]
    assert "Delivering" in page_of(alice)


def test_headers_for_a_collector_are_kept_when_nothing_is_typed(agency: World, collector: FakeCollector) -> None:
    alice = browser(agency.alice)
    alice.post("/settings/traces/otlp/", {"address": collector.url, "secret": "X-Key: one"})
    alice.post("/settings/traces/otlp/", {"address": collector.url, "secret": "", "include_transcripts": "on"})
    row = TraceDestination.objects.get()
    assert (row.secret, row.include_transcripts) == ({"headers": {"X-Key": "one"}}, True)
    assert [taken.headers["x-key"] for taken in collector.requests] == ["one", "one"]


def test_a_secret_is_sealed_and_shown_to_nobody(agency: World, alices_langfuse: FakeLangfuse) -> None:
    draft = Draft(alices_langfuse.url, public_key="pk-lf-alice", secret="sk-lf-alice")
    actions.save(agency.alice, "langfuse", draft)
    with connection.cursor() as cursor:
        cursor.execute("select secret from calls_tracedestination")
        assert "sk-lf-alice" not in cursor.fetchone()[0]
    assert "sk-lf-alice" not in page_of(browser(agency.alice), "/settings/traces/langfuse/")
    assert "sk-lf-alice" not in repr(draft)
    assert "sk-lf-alice" not in str(list(AuditEvent.objects.values_list("data", flat=True)))


def test_what_went_wrong_is_said_in_words(agency: World, collector: FakeCollector) -> None:
    collector.answers = [Answer(401)]
    alice = browser(agency.alice)
    page = alice.post("/settings/traces/otlp/", {"address": collector.url}, follow=True).content.decode()
    assert "Last delivery failed" in page
    assert "The server refused the key (401)." in page
    assert "Failing" in page_of(alice)


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("otlp", {"address": "otel.example"}, "The address begins with https://"),
        ("otlp", {"address": "http://10.1.2.3:4318"}, "leads into a private network"),
        ("langfuse", {"address": "http://127.0.0.1:1", "public_key": "x", "secret": "sk-x"}, "begins with pk-"),
        ("langfuse", {"address": "http://127.0.0.1:1", "public_key": "pk-x", "secret": "x"}, "begins with sk-"),
    ],
)
def test_errors_keep_what_was_typed(agency: World, kind: str, typed: dict[str, str], words: str) -> None:
    answer = browser(agency.alice).post(f"/settings/traces/{kind}/", typed)
    page = answer.content.decode()
    assert (answer.status_code, words in page, typed["address"] in page) == (422, True, True)
    assert not TraceDestination.objects.exists()


def test_every_change_is_in_the_audit_log(agency: World, collector: FakeCollector) -> None:
    alice = browser(agency.alice)
    alice.post("/settings/traces/otlp/", {"address": collector.url, "secret": "X-Key: one"})
    alice.post("/settings/traces/otlp/", {"address": collector.url})
    alice.post("/settings/traces/otlp/try/")
    alice.post("/settings/traces/otlp/remove/")
    found = AuditEvent.objects.filter(action__startswith="trace_destination").order_by("seq")
    assert [event.action.partition(".")[2] for event in found] == [
        "created",
        "tried",
        "changed",
        "tried",
        "tried",
        "removed",
    ]
    assert not TraceDestination.objects.exists()


def test_only_those_who_keep_the_accounts_find_the_page(agency: World) -> None:
    for person in (agency.bob, agency.dana):
        for path in ("", "otlp/", "langfuse/"):
            assert browser(person).get(f"/settings/traces/{path}").status_code == 404
        assert browser(person).post("/settings/traces/otlp/", {"address": "https://x.example"}).status_code == 404
    assert browser(agency.alice).get("/settings/traces/nowhere/").status_code == 404


def test_another_agency_sees_nothing_of_it(agency: World, collector: FakeCollector) -> None:
    actions.save(agency.alice, "otlp", Draft(collector.url))
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    page = page_of(charlie)
    assert "Not connected" in page
    assert "127.0.0.1" not in page


def test_a_failing_delivery_is_on_the_owners_home_page_and_on_nobody_elses(
    agency: World, collector: FakeCollector
) -> None:
    collector.answers = [Answer(401)]
    browser(agency.alice).post("/settings/traces/otlp/", {"address": collector.url})
    told = "Traces do not reach OpenTelemetry: The server refused the key (401)."
    assert told in page_of(browser(agency.alice), "/")
    assert told not in page_of(browser(agency.bob), "/")
    assert told not in page_of(browser(agency.dana), "/")
