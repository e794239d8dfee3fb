"""Programs write, run and read tests, and publish with or without them."""

from __future__ import annotations

import pytest

from agents.models import Agent
from agents.simulate import run
from tests.agents.simulate.conftest import Media
from tests.agents.test_api import post, program
from tests.world import World

pytestmark = pytest.mark.db

BOOKING = {
    "steps": [{"does": "says", "text": "I would like to book an appointment"}, {"does": "says", "text": "three"}],
    "expects": [{"kind": "outcome", "outcome": "booked"}],
}


def test_a_program_adds_runs_and_reads_tests(media: Media, clinic: Agent, agency: World) -> None:
    bob, where = program(agency.bob), f"agents/{clinic.pk}/tests/"
    made = post(bob, where, name="Books", scenario=BOOKING)
    assert made.status_code == 201
    assert bob.get(f"/api/v1/{where}").json()[0]["result"] == "unknown"
    refused = post(bob, f"agents/{clinic.pk}/publish/")
    assert refused.status_code == 409
    assert "not run against this draft" in refused.json()["error"]["message"]
    started = post(bob, f"{where}run/")
    assert started.status_code == 202
    assert started.json()["state"] == "queued"
    run.execute(started.json()["id"])
    done = bob.get(f"/api/v1/{where}runs/{started.json()['id']}/").json()
    assert (done["state"], done["results"][0]["result"]) == ("done", "passed")
    assert bob.get(f"/api/v1/{where}").json()[0]["result"] == "passed"
    assert post(bob, f"agents/{clinic.pk}/publish/").status_code == 201


def test_a_program_may_publish_anyway(clinic: Agent, agency: World) -> None:
    bob = program(agency.bob)
    post(bob, f"agents/{clinic.pk}/tests/", name="Books", scenario=BOOKING)
    assert post(bob, f"agents/{clinic.pk}/publish/", anyway=True).status_code == 201


def test_tests_are_replaced_and_deleted(clinic: Agent, agency: World) -> None:
    bob = program(agency.bob)
    made = post(bob, f"agents/{clinic.pk}/tests/", name="Books", scenario=BOOKING).json()
    where = f"/api/v1/agents/{clinic.pk}/tests/{made['id']}/"
    changed = bob.put(where, {"name": "Books a table", "scenario": {"steps": []}}, content_type="application/json")
    assert changed.json()["name"] == "Books a table"
    assert bob.get(where).json()["scenario"]["steps"] == []
    assert bob.delete(where).status_code == 204
    assert bob.get(where).status_code == 404


def test_a_test_that_cannot_be_read_is_refused_with_its_place(clinic: Agent, agency: World) -> None:
    answer = post(program(agency.bob), f"agents/{clinic.pk}/tests/", name="x", scenario={"steps": [{"does": "sings"}]})
    assert answer.status_code == 422
    assert "steps.0" in answer.json()["error"]["message"]


def test_a_version_that_is_not_there_is_refused(clinic: Agent, agency: World) -> None:
    bob = program(agency.bob)
    post(bob, f"agents/{clinic.pk}/tests/", name="Books", scenario=BOOKING)
    assert post(bob, f"agents/{clinic.pk}/tests/run/", version=99).status_code == 422


def test_clients_find_nothing(clinic: Agent, agency: World) -> None:
    assert program(agency.dana).get(f"/api/v1/agents/{clinic.pk}/tests/").status_code == 404
