"""The calls list: who sees what, filters in the URL, paging, export, and how much it asks of the database."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, Recording
from calls.queries import listing
from calls.queries.filters import Filters, parse
from tenants.audit.models import AuditEvent
from tenants.people.models import User
from tests.calls.history import make_call, make_many, talk
from tests.world import World

pytestmark = pytest.mark.db
Browser = Callable[[User], Client]
NOW = timezone.now()


def ago(minutes: float) -> Any:
    return NOW - timedelta(minutes=minutes)


def shown(answer: Any) -> list[Call]:
    return list(answer.context["rows"])


def test_everybody_sees_their_own_calls_and_nobody_elses(
    agency: World, browser: Browser, front_desk: Agent, workshop: Agent
) -> None:
    dental, garage = make_call(front_desk, ago(5)), make_call(workshop, ago(6))
    seen = {
        person.email: {c.pk for c in shown(browser(person).get("/calls/"))} for person in (agency.alice, agency.dana)
    }
    assert seen == {agency.alice.email: {dental.pk, garage.pk}, agency.dana.email: {dental.pk}}
    assert browser(agency.dana).get(f"/calls/?client={agency.corner_garage.pk}").status_code == 404
    assert browser(agency.erin).get(f"/calls/{dental.pk}/").status_code == 404


def test_without_signing_in_there_is_nothing(agency: World) -> None:
    answer = Client(headers={"host": "alice.localhost"}).get("/calls/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/calls/")


def test_a_stranger_from_another_agency_finds_nothing(agency: World, front_desk: Agent) -> None:
    call = make_call(front_desk, ago(1))
    stranger = Client(headers={"host": "charlie.localhost"})
    connection.set_tenant(agency.rival)
    stranger.force_login(agency.charlie)
    connection.set_tenant(agency.agency)
    assert shown(stranger.get("/calls/")) == []
    assert stranger.get(f"/calls/{call.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"goal", "missed", "live", "fault", "slow", "outbound", "lost recording"}),
        ("status=live", {"live"}),
        ("status=missed", {"missed"}),
        ("status=ended", {"goal", "missed", "fault", "slow", "outbound", "lost recording"}),
        ("direction=outbound", {"outbound"}),
        ("ended_by=agent", {"slow"}),
        ("outcome=goal", {"goal", "slow", "outbound", "lost recording"}),
        ("outcome=no_goal", {"missed", "fault"}),
        ("latency=slow", {"slow"}),
        ("problem=any", {"fault"}),
        ("problem=recording", {"lost recording"}),
        ("q=appointment", {"goal"}),
        ("q=415 777", {"goal"}),
        ("q=%2B14157770001", {"goal"}),
        ("q=nobody said this", set()),
        ("status=ended&outcome=goal&ended_by=agent", {"slow"}),
        ("status=nonsense&latency=loud", {"goal", "missed", "live", "fault", "slow", "outbound", "lost recording"}),
    ],
)
def test_filters_are_in_the_url(
    agency: World, browser: Browser, front_desk: Agent, query: str, found: set[str]
) -> None:
    usual: dict[str, Any] = {"gap_p95_ms": 900}
    open_call = {"ended_at": None, "ended_by": "", "ended_reason": "", "outcome": "", "gap_p95_ms": None}
    calls = {
        "goal": make_call(front_desk, ago(1), **usual, caller="+14157770001"),
        "missed": make_call(front_desk, ago(2), **{**usual, "gap_p95_ms": None}, answered_at=None, outcome=""),
        "live": make_call(front_desk, ago(3), status="in_progress", **open_call),
        "fault": make_call(front_desk, ago(4), **usual, fault="provider", outcome="", ended_by="platform"),
        "slow": make_call(front_desk, ago(5), gap_p95_ms=2000, ended_by="agent"),
        "outbound": make_call(front_desk, ago(6), **usual, direction="outbound"),
        "lost recording": make_call(front_desk, ago(7), **usual),
    }
    talk(calls["goal"])
    Recording.objects.create(call=calls["lost recording"], status="failed")
    names = {call.pk: name for name, call in calls.items()}
    assert {names[call.pk] for call in shown(browser(agency.alice).get(f"/calls/?{query}"))} == found


def test_client_people_cannot_filter_by_what_they_may_not_see(
    agency: World, browser: Browser, front_desk: Agent
) -> None:
    make_call(front_desk, ago(1), fault="none", gap_p95_ms=500)
    page = browser(agency.dana).get("/calls/?problem=any&latency=slow&ended_by=platform")
    assert len(shown(page)) == 1
    text = page.content.decode()
    for internal in ("Latency", "Problem", "Platform", "Model vendor"):
        assert internal not in text


def test_pages_follow_each_other_without_gaps_or_repeats(agency: World, front_desk: Agent) -> None:
    make_many([front_desk], 125, NOW)
    same_moment = Call.objects.order_by("-created_at")[60].created_at
    Call.objects.filter(pk__in=[call.pk for call in Call.objects.order_by("-created_at")[45:60]]).update(
        created_at=same_moment
    )
    seen, cursor = [], ""
    while True:
        rows, cursor = listing.call_page(agency.alice, Filters(), cursor)
        seen += [row.pk for row in rows]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 125


def test_the_list_fetches_its_next_page_when_its_end_is_seen(
    agency: World, browser: Browser, front_desk: Agent
) -> None:
    make_many([front_desk], 60, NOW)
    first = browser(agency.alice).get("/calls/?direction=inbound&client=" + str(agency.bright_dental.pk))
    assert "cursor=" not in first.content.decode() or first.context["cursor"]
    everything = browser(agency.alice).get("/calls/")
    following = browser(agency.alice).get(f"/calls/?cursor={everything.context['cursor']}")
    assert len(shown(everything)) == 50
    assert len(shown(following)) == 10
    assert "data-live" not in following.content.decode().split('id="calls-rows"')[1].split(">")[0]
    assert browser(agency.alice).get("/calls/?cursor=nonsense").status_code == 302


def test_what_is_filtered_can_be_exported_as_csv(
    committed: str, agency: World, browser: Browser, front_desk: Agent
) -> None:
    make_many([front_desk], 700, NOW)
    front_desk.name = "=HYPERLINK(1)"
    front_desk.save()
    answer = browser(agency.alice).get("/calls/export.csv?direction=outbound")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(rows) == Call.objects.filter(direction="outbound").count()
    assert rows[0]["agent"] == "'=HYPERLINK(1)"
    assert rows[0]["called"] == "+14155550100"
    assert AuditEvent.objects.filter(action="calls.exported").count() == 1
    theirs = b"".join(browser(agency.dana).get("/calls/export.csv")).decode("utf-8-sig")
    assert "fault" not in theirs.splitlines()[0]
    assert b"".join(browser(agency.erin).get("/calls/export.csv")).decode().count("\n") == 1


def test_a_page_of_calls_asks_the_database_little_however_long_it_is(
    agency: World, browser: Browser, front_desk: Agent, workshop: Agent
) -> None:
    alice = browser(agency.alice)
    make_many([front_desk, workshop], 5, NOW)
    alice.get("/calls/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        alice.get("/calls/")
    make_many([front_desk, workshop], 200, NOW, seed=8)
    with CaptureQueriesContext(connection) as many:
        alice.get("/calls/")
    assert len(many) == len(few) <= 12


def test_ten_thousand_calls_are_listed_at_once(
    agency: World, browser: Browser, front_desk: Agent, workshop: Agent
) -> None:
    """No timed test: the plan must walk the index, and read about a page of rows."""
    make_many([front_desk, workshop], 10_000, NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_call")
    rows = listing.rows(agency.alice, parse({}, internals=True)).order_by("-created_at", "-id")[:51]
    plan = rows.explain(analyze=True)
    assert "Seq Scan on calls_call" not in plan
    begin = time.perf_counter()
    answer = browser(agency.alice).get("/calls/")
    print(f"10,000 calls: {1000 * (time.perf_counter() - begin):.0f} ms")  # noqa: T201
    assert len(shown(answer)) == 50


def test_an_outcome_has_its_icon_word_and_tone(agency: World, browser: Browser, front_desk: Agent) -> None:
    make_call(front_desk, ago(1))
    make_call(front_desk, ago(2), outcome="handed_over")
    make_call(front_desk, ago(3), answered_at=None, outcome="")
    text = browser(agency.alice).get("/calls/").content.decode()
    for tone, icon, word in (
        ("good", "circle-check", "Goal reached"),
        ("plain", "circle-dot", "Handed over"),
        ("plain", "phone-missed", "Not answered"),
    ):
        assert re.search(rf'<span class="badge {tone}">(?:(?!</span>).)*#{icon}"(?:(?!</span>).)*{word}</span>', text)


def test_empty_lists_teach(agency: World, browser: Browser, front_desk: Agent) -> None:
    assert "No calls yet" in browser(agency.alice).get("/calls/").content.decode()
    assert "No calls yet" in browser(agency.dana).get("/calls/").content.decode()
    make_call(front_desk, ago(1))
    assert "No call is like that" in browser(agency.alice).get("/calls/?q=zebra").content.decode()
