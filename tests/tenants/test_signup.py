"""Opening an agency through the platform's own pages."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core.cache import cache

from tenants.agencies import tasks
from tenants.agencies.models import Agency, Signup
from tests.tenants.browse import Visitor
from tests.world import World
from voiceops.lib import signing

pytestmark = pytest.mark.db
GRETA = {
    "name": "Greta's",
    "slug": "greta",
    "owner_name": "Greta Green",
    "email": "greta@greta.example",
    "password": "four words make one",
}


@pytest.fixture
def queued(monkeypatch: Any, django_capture_on_commit_callbacks: Any) -> list[int]:
    """What was given to Celery. Run it with `tasks.build`."""
    sent: list[int] = []
    monkeypatch.setattr(tasks.build, "delay", sent.append)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda run, *rest, **more: run())
    return sent


def form_of(platform: Visitor) -> dict[str, str]:
    attempt = re.search(r'name="attempt" value="([^"]+)"', platform.get("/").content.decode())
    assert attempt is not None
    return {**GRETA, "attempt": attempt[1]}


def test_greta_opens_her_agency_and_is_in(world: World, queued: list[int]):
    platform = Visitor("localhost")
    progress = platform.post("/", form_of(platform)).headers["Location"]
    page = platform.get(progress).content.decode()
    assert "Making room for your data" in page
    assert platform.get(f"{progress}steps/").headers.get("HX-Redirect") is None
    tasks.build(queued[0])
    enter = platform.get(f"{progress}steps/").headers["HX-Redirect"]
    link = platform.get(enter).headers["Location"]
    assert link.startswith("http://greta.localhost:8000/accounts/arrive/")
    greta = Visitor("greta.localhost")
    path = link.removeprefix("http://greta.localhost:8000")
    assert greta.get(path).headers["Location"] == "/"
    assert greta.get("/people/").status_code == 200
    assert "Greta Green" in greta.get("/account/").content.decode()
    assert Visitor("greta.localhost").get(path).headers["Location"] == "/accounts/login/"  # burnt
    assert platform.get(enter).headers["Location"] == "http://greta.localhost:8000"  # once


def test_a_double_click_is_one_signup(world: World, queued: list[int]):
    platform = Visitor("localhost")
    form = form_of(platform)
    first, second = platform.post("/", form), Visitor("localhost").post("/", form)
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert Signup.objects.filter(agency__slug="greta").count() == 1
    assert len(queued) == 1


def test_an_address_that_is_taken_stays_whose_it_is(world: World, queued: list[int]):
    platform = Visitor("localhost")
    answer = platform.post("/", {**form_of(platform), "slug": "Alice"})
    assert answer.status_code == 422
    assert "already has this address" in answer.content.decode()
    assert queued == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "www"),
        ("slug", "аlice"),
        ("name", "  "),
        ("email", "no address"),
        ("password", "short"),
        ("password", "password12"),
        ("password", "greta@greta.example"),
        ("owner_name", ""),
        ("attempt", "x"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(world: World, queued: list[int], field: str, value: str):
    platform = Visitor("localhost")
    answer = platform.post("/", {**form_of(platform), field: value})
    assert answer.status_code == 422
    assert "four words make one" not in answer.content.decode()
    assert not Agency.objects.filter(slug="greta").exists()
    if field != "email":
        assert "greta@greta.example" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "says"),
    [("greta", "greta.localhost is free"), ("Greta", "greta.localhost is free"), ("alice", "already has"),
     ("admin", "kept for the platform"), ("x", "3 to 40"), ("<script>", "3 to 40"), ("", "Small letters")],
)  # fmt: skip
def test_the_address_is_judged_while_it_is_typed(world: World, typed: str, says: str):
    page = Visitor("localhost").get("/signup/address/", {"slug": typed}).content.decode()
    assert says in page
    assert "<script>" not in page


def test_a_failed_agency_is_tried_again_from_its_page(world: World, queued: list[int], monkeypatch: Any):
    platform = Visitor("localhost")
    progress = platform.post("/", form_of(platform)).headers["Location"]
    with monkeypatch.context() as patched:
        patched.setattr("tenants.agencies.actions.call_command", lambda *a, **k: 1 / 0)
        tasks.build(queued[0])
    assert "did not work" in platform.get(f"{progress}steps/").content.decode()
    platform.post(f"{progress}retry/")
    tasks.build(queued[1])
    assert "HX-Redirect" in platform.get(f"{progress}steps/").headers


def test_an_unknown_progress_page_is_404(world: World):
    for path in ("/signup/x/", "/signup/x/steps/", "/signup/x/enter/"):
        assert Visitor("localhost").get(path).status_code == 404


def test_a_signin_link_of_another_agency_another_purpose_or_yesterday_opens_nothing(agency: World):
    alice = str(agency.alice.pk)
    for token in (
        signing.sign("charlie", "sign-in", alice, 60),
        signing.sign("alice", "media", alice, 60),
        signing.sign("alice", "sign-in", alice, -1),
        signing.sign("alice", "sign-in", str(uuid.uuid4()), 60),
        "nonsense",
    ):
        visitor = Visitor()
        visitor.get(f"/accounts/arrive/{token}/")
        assert visitor.get("/account/").status_code == 302


def test_one_address_cannot_open_agencies_without_end(world: World, queued: list[int]):
    cache.set("signups:127.0.0.1", 20)
    platform = Visitor("localhost")
    answer = platform.post("/", form_of(platform))
    assert answer.status_code == 422
    assert "in an hour" in answer.content.decode()


def test_the_sweeper_goes_on_with_what_a_crash_left(world: World, queued: list[int]):
    from datetime import timedelta

    from django.utils import timezone

    platform = Visitor("localhost")
    platform.post("/", form_of(platform))
    tasks.resume_abandoned()
    assert len(queued) == 1
    Signup.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    tasks.resume_abandoned()
    assert len(queued) == 2
