"""The API: keys, errors of one shape, and the same doors as the pages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django_tenants.utils import schema_context

from tenants.people import actions, keys
from tenants.people.models import ApiKey, Role, User
from tests.tenants.browse import Visitor, visitor
from tests.world import RIVAL_HOST, World

pytestmark = pytest.mark.db


class Program(Visitor):
    def __init__(self, person: User, **kwargs: Any) -> None:
        self.key = keys.create_key(person, "test")[1]
        super().__init__(headers={"Authorization": f"Bearer {self.key}"}, **kwargs)


def test_a_key_says_who_it_is(agency: World):
    answer = Program(agency.bob).get("/api/v1/me/")
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["role"]) == ("bob@alice.example", "builder")
    assert "build_agents" in answer.json()["permissions"]
    assert ApiKey.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer vo_", "Bearer vo_12345678_wrong", "Basic YTpi", "Bearer \xff"]
)
def test_without_a_key_there_is_one_answer(agency: World, header: str):
    answer = Visitor().get("/api/v1/me/", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()["error"]) == {"code", "message", "retry"}


def test_a_session_is_no_key(agency: World):
    assert visitor("alice@alice.example").get("/api/v1/me/").status_code == 401


def test_a_key_is_worthless_on_another_agencys_host(agency: World):
    key = Program(agency.alice).key
    answer = Visitor(RIVAL_HOST).get("/api/v1/me/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401


def test_a_key_loses_what_its_person_loses(agency: World):
    program = Program(agency.dana)
    assert program.get("/api/v1/me/").status_code == 200
    actions.change_role(agency.alice, agency.dana, Role.CLIENT_VIEWER, [agency.bright_dental])
    assert program.get("/api/v1/me/").status_code in (401, 404)


def test_dana_gets_her_client_and_no_other(agency: World):
    dana = Program(agency.dana)
    assert [row["name"] for row in dana.get("/api/v1/clients/").json()] == ["Bright Dental"]
    assert dana.get(f"/api/v1/clients/{agency.bright_dental.pk}/").status_code == 200
    for key in (agency.corner_garage.pk, uuid.uuid4()):
        answer = dana.get(f"/api/v1/clients/{key}/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    patch = dana.patch(f"/api/v1/clients/{agency.bright_dental.pk}/", {"name": "Mine"}, "application/json")
    assert patch.status_code == 404


def test_alice_adds_and_changes_a_client(agency: World):
    alice = Program(agency.alice)
    made = alice.post("/api/v1/clients/", {"name": "Harbor Vets", "timezone": "Europe/Oslo"}, "application/json")
    assert made.status_code == 201, made.json()
    address = f"/api/v1/clients/{made.json()['id']}/"
    changed = alice.patch(address, {"monthly_minutes_cap": 500}, "application/json")
    assert (changed.json()["monthly_minutes_cap"], changed.json()["timezone"]) == (500, "Europe/Oslo")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "bright dental"}, "name"),
        ({"name": "X", "timezone": "Mars/Base"}, "timezone"),
        ({"name": "X", "brand_color": "red; background: url(//evil)"}, "brand_color"),
        ({"name": "X", "monthly_minutes_cap": -1}, "monthly_minutes_cap"),
        ({"name": "X", "archived_at": "2020-01-01"}, "archived_at"),
        (["no", "object"], "name"),
    ],
)
def test_wrong_input_names_the_field(agency: World, body: Any, field: str):
    answer = Program(agency.alice).post("/api/v1/clients/", body, "application/json")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_input"
    assert list(answer.json()["error"]["fields"]) == [field]


def test_broken_json_an_unknown_method_and_a_wrong_address_have_the_same_shape(agency: World):
    alice = Program(agency.alice)
    for answer, status in (
        (alice.post("/api/v1/clients/", "{", "application/json"), 400),
        (alice.delete("/api/v1/clients/"), 405),
        (alice.post("/api/v1/clients/", "a=b", "application/x-www-form-urlencoded"), 415),
        (alice.get("/api/v1/nowhere/"), 404),
        (alice.get("/api/v1/usage/?days=all"), 422),
        (alice.get("/api/v1/usage/?client=nonsense"), 404),
    ):
        assert answer.status_code == status
        assert {"code", "message", "retry"} <= set(answer.json()["error"])


def test_usage_is_narrowed_too(agency: World):
    from django.utils import timezone

    from tenants.usage.actions import CALL_SECONDS, Quantity, record

    for client in (agency.bright_dental, agency.corner_garage):
        record([Quantity(str(client.pk), CALL_SECONDS, 60)], at=timezone.now(), client=client)
    assert {row["client"] for row in Program(agency.alice).get("/api/v1/usage/").json()} == {
        "Bright Dental",
        "Corner Garage",
    }
    assert {row["client"] for row in Program(agency.dana).get("/api/v1/usage/").json()} == {"Bright Dental"}
    assert Program(agency.dana).get(f"/api/v1/usage/?client={agency.corner_garage.pk}").status_code == 404


def test_the_schema_and_the_reference_tell_the_same(agency: World):
    schema = Visitor().get("/api/schema/").json()
    assert "/api/v1/clients/{client_id}/" in schema["paths"]
    assert schema["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    page = visitor("bob@alice.example").get("/api/docs/").content.decode()
    assert all(path in page for path in schema["paths"])
    assert Visitor().get("/api/docs/").status_code == 302


def test_the_platform_has_no_api(world: World):
    assert Visitor("localhost").get("/api/v1/me/").status_code == 404
    with schema_context("public"):
        assert not ApiKey.objects.exists()
