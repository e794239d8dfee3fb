"""Home: what needs somebody comes first, figures beside last week's, and a client's own version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from calls.models import AfterCallJob, Call, CarrierAccount, PhoneNumber, Recording, Turn
from calls.queries import home, portal
from tenants.people.models import User
from tests.calls.history import make_call, talk
from tests.world import World

pytestmark = pytest.mark.db
Browser = Callable[[User], Client]


def page(browser: Browser, person: User, query: str = "") -> str:
    answer = browser(person).get(f"/{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def number(agency: World, digits: str, agent: Agent | None) -> PhoneNumber:
    account, _ = CarrierAccount.objects.get_or_create(carrier="twilio", account_sid="AC1", defaults={"auth_token": "t"})
    return PhoneNumber.objects.create(number=digits, account=account, client=agency.bright_dental, agent=agent)


def test_a_new_agency_is_all_clear_and_told_how_to_begin(agency: World, browser: Browser) -> None:
    text = page(browser, agency.alice)
    assert "All clear." in text
    assert "No calls yet" in text


def test_what_needs_attention_is_a_sentence_with_one_action(
    agency: World, browser: Browser, front_desk: Agent, workshop: Agent
) -> None:
    number(agency, "+14155550111", None)
    number(agency, "+14155550112", workshop)
    faulty = make_call(front_desk, timezone.now(), fault="provider")
    Recording.objects.create(call=faulty, status="failed")
    AfterCallJob.objects.create(call=faulty, kind="measure", due_at=timezone.now(), failed_at=timezone.now())
    text = page(browser, agency.alice)
    for words in (
        "1 call today went wrong because a model vendor failed.",
        "The recording of 1 call in the last 7 days could not be prepared.",
        "(415) 555-0111 has no agent: callers hear that it is not in service.",
        "(415) 555-0112 is connected to Workshop, which is not published",
        "Workshop is a draft: no calls reach it.",
        "Figures or usage of some calls could not be worked out.",
    ):
        assert words in text
    assert "All clear" not in text


def test_attention_is_about_the_chosen_client(agency: World, browser: Browser, workshop: Agent) -> None:
    assert "Workshop is a draft" in page(browser, agency.alice, f"?client={agency.corner_garage.pk}")
    assert "All clear" in page(browser, agency.alice, f"?client={agency.bright_dental.pk}")
    assert browser(agency.alice).get("/?client=3b1bd8ce-0a9e-4f4e-9c58-000000000000").status_code == 404


def test_all_clear_says_when_the_last_problem_was(agency: World, browser: Browser, front_desk: Agent) -> None:
    make_call(front_desk, timezone.now() - timedelta(days=3), fault="platform")
    text = page(browser, agency.alice)
    assert "All clear, last problem" in text


def test_today_stands_beside_the_same_day_last_week_until_the_same_time(agency: World, front_desk: Agent) -> None:
    now = timezone.make_aware(datetime(2026, 11, 18, 12, 0))  # noqa: DTZ001
    start = home.day_start(now)

    def call(hours: float, **fields: Any) -> Call:
        return make_call(front_desk, start + timedelta(hours=hours), **fields)

    first = call(9)
    for turn, gap in enumerate((300, 500, 700), start=1):
        Turn.objects.create(call=first, turn=turn, role="agent", text="", started_ms=0, ended_ms=0, gap_ms=gap)
    call(10, answered_at=None, outcome="")
    call(11, outcome="handed_over")
    call(8, test=True)
    call(9 - 7 * 24)
    call(15 - 7 * 24)
    today = home.figures(Call.objects.all(), start, now)
    before = home.figures(Call.objects.all(), start - home.WEEK, now - home.WEEK)
    assert (today.calls, today.answered, today.goals, today.p50) == (3, 2, 1, 500)
    assert today.p95 == pytest.approx(680)
    assert (today.answered_share, today.goal_share) == (67, 50)
    assert (before.calls, before.p50) == (1, None)
    chart = home.by_hour(Call.objects.all(), start, now)
    assert chart is not None
    assert [chart["series"][0]["values"][hour] for hour in (9, 10, 11, 13)] == [1, 1, 1, None]
    assert [chart["series"][1]["values"][hour] for hour in (9, 15)] == [1, 1]


def test_a_clients_home_shows_what_they_bought_and_no_internals(
    agency: World, browser: Browser, front_desk: Agent, workshop: Agent
) -> None:
    mine = make_call(front_desk, timezone.now())
    talk(mine)
    Recording.objects.create(call=mine, status="ready")
    make_call(workshop, timezone.now(), caller="+14155559999")
    text = page(browser, agency.dana)
    for words in ("Calls answered", "Outside of office hours", "Goal reached", "A call that went well"):
        assert words in text
    for internal in ("555-9999", "Latency", "Needs attention", "Workshop", "draft"):
        assert internal not in text
    assert "No calls yet" in page(browser, agency.erin) or "Calls answered" in page(browser, agency.erin)


def test_a_clients_month_adds_up(agency: World, front_desk: Agent) -> None:
    monday = timezone.make_aware(datetime(2026, 11, 16, 10, 0))  # noqa: DTZ001
    for hours, outcome in ((0, "completed"), (12, "completed"), (5 * 24, "handed_over")):
        made = make_call(front_desk, monday + timedelta(hours=hours), outcome=outcome)
        Call.objects.filter(pk=made.pk).update(ended_at=made.answered_at + timedelta(seconds=60))
    make_call(front_desk, monday - timedelta(days=30))
    found = portal.month(Call.objects.all(), home.day_start(monday + timedelta(days=6)))
    assert (found.calls, found.answered, found.out_of_hours, found.seconds) == (3, 3, 2, 180)
    assert found.outcomes == (("Goal reached", 2), ("Handed over", 1))
