"""A file of an agent holds what it does and nothing of its agency; one from anywhere is refused in words."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agents import actions as agents
from agents.exchange import actions
from agents.exchange.file import FileRefused, read_file
from agents.models import Agent, ProviderAccount
from agents.simulate import actions as tests
from agents.simulate.shape import Scenario
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.agents.test_api import program
from tests.world import World

pytestmark = pytest.mark.db


@pytest.fixture
def file(front_desk: Agent, agency: World) -> dict[str, Any]:
    """The front desk's draft with a test, as Bob exports it."""
    tests.save(
        agency.bob,
        front_desk,
        "Greets",
        Scenario.model_validate({"opening": [{"kind": "said", "text": "Bright Dental"}]}),
    )
    found: dict[str, Any] = json.loads(actions.export(agency.bob, front_desk))
    return found


def refused(file: Any) -> str:
    with pytest.raises(FileRefused) as error:
        read_file(file if isinstance(file, bytes | str) else json.dumps(file))
    return error.value.sentence


def test_what_was_exported_is_imported_for_another_client_as_a_draft(
    file: dict[str, Any], front_desk: Agent, agency: World
) -> None:
    made = actions.import_agent(agency.bob, agency.corner_garage, read_file(json.dumps(file)))
    assert made.agent.draft == front_desk.draft
    assert (made.agent.name, made.agent.published, made.agent.client) == ("Front desk", None, agency.corner_garage)
    assert [test.name for test in made.agent.tests.all()] == ["Greets"]
    assert made.problems == ()
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"agent.exported", "agent.imported"}


def test_no_account_and_no_template_leaves_the_house(front_desk: Agent, agency: World) -> None:
    account = ProviderAccount.objects.create(vendor="openai", label="Main")
    choice = {"vendor": "openai", "account": str(account.pk), "options": {"model": "gpt-4o"}}
    draft = {**front_desk.draft, "models": {"llm": choice, "llm_backups": [choice]}, "origin": None}
    agents.save_draft(agency.bob, front_desk, draft, front_desk.draft_revision)
    front_desk.refresh_from_db()
    text = actions.export(agency.bob, front_desk)
    assert str(account.pk) not in text
    assert json.loads(text)["content"]["models"]["llm"]["vendor"] == "openai"
    again = actions.import_agent(agency.bob, agency.corner_garage, read_file(text))
    assert again.agent.draft["models"]["llm"]["account"] == str(account.pk)
    assert "Mind: the account “Main” is used." in again.notes
    without = actions.import_agent(agency.bob, agency.corner_garage, read_file(text), name="Other", own_accounts=False)
    assert without.agent.draft["models"]["llm"]["vendor"] == "builtin"
    assert without.agent.draft["models"]["llm_backups"] == []
    assert any("there is no account with OpenAI" in note for note in without.notes)


def test_a_draft_that_makes_no_sense_is_exported_as_it_stands(front_desk: Agent, agency: World) -> None:
    broken = {"flow": {"greeting": 5}, "models": {"llm": {"account": str(uuid4())}}}
    agents.save_draft(agency.bob, front_desk, broken, front_desk.draft_revision)
    front_desk.refresh_from_db()
    assert json.loads(actions.export(agency.bob, front_desk))["content"] == {"flow": {"greeting": 5}}


def test_bad_files_are_refused_in_words(file: dict[str, Any]) -> None:
    assert "line 1 is not JSON" in refused(b"<html>")
    assert "not text" in refused(b"\xff\xfe\x00\x9f\x92")
    assert "too large" in refused(b" " * 2_000_001)
    assert "nested too deeply" in refused("[" * 100_000)
    assert "no file of an agent" in refused([])
    assert "no file of an agent" in refused({"format": "other"})
    assert "newer format (7)" in refused(file | {"version": 7})
    assert "which version" in refused(file | {"version": "1"})
    assert "cannot be stored" in refused(file | {"purpose": "a\0b"})
    assert "“surprise” is unknown" in refused(file | {"surprise": 1})
    assert "“content” is missing" in refused({key: value for key, value in file.items() if key != "content"})
    deep: Any = {}
    for _ in range(60):
        deep = {"a": deep}
    assert "nested too deeply" in refused(file | {"content": deep})
    nodes = [*file["content"]["flow"]["nodes"], {"id": "x", "type": "teleport"}]
    content = {**file["content"], "flow": {**file["content"]["flow"], "nodes": nodes}}
    assert "“teleport”" in refused(file | {"content": content})
    content = {**file["content"], "flow": {**file["content"]["flow"], "start": "nowhere"}}
    assert "What the agent does cannot be read" in refused(file | {"content": content})


def test_a_test_that_cannot_be_read_is_left_out_and_said(file: dict[str, Any]) -> None:
    odd = {"name": "Odd", "scenario": {"steps": [{"does": "dances"}]}}
    read = read_file(json.dumps(file | {"tests": [*file["tests"], odd, file["tests"][0]]}))
    assert [name for name, _ in read.tests] == ["Greets"]
    assert [note.split(" ")[1] for note in read.notes] == ["test", "second"]


def test_bob_exports_a_version_and_imports_it_in_the_browser(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    answer = page.get(reverse("export_agent", args=[front_desk.pk]) + "?version=1")
    assert answer["Content-Disposition"] == 'attachment; filename="front-desk-v1.json"'
    assert answer.json()["agent_version"] == 1
    assert page.get(reverse("export_agent", args=[front_desk.pk]) + "?version=9").status_code == 404
    assert page.get(reverse("import_agent"), headers={"hx-request": "true"}).status_code == 200
    posted = {"client": agency.corner_garage.pk, "name": "", "accounts": "own"}
    bad = page.post(reverse("import_agent"), posted | {"file": SimpleUploadedFile("a.json", b"{")})
    assert (bad.status_code, "is not JSON" in bad.content.decode()) == (422, True)
    good = SimpleUploadedFile("a.json", answer.content)
    made = page.post(reverse("import_agent"), posted | {"file": good}, follow=True)
    assert "is here as a draft" in made.content.decode()
    taken = page.post(reverse("import_agent"), posted | {"file": SimpleUploadedFile("a.json", answer.content)})
    assert (taken.status_code, "already" in taken.content.decode()) == (422, True)


def test_programs_export_and_import(front_desk: Agent, agency: World) -> None:
    bob = program(agency.bob)
    file = bob.get(f"/api/v1/agents/{front_desk.pk}/export/").json()
    body = {"client": str(agency.corner_garage.pk), "file": file, "name": "Copy"}
    made = bob.post("/api/v1/agents/import/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["version"]) == ("Copy", None)
    wrong = bob.post("/api/v1/agents/import/", body | {"file": {"format": "x"}}, content_type="application/json")
    assert wrong.status_code == 422
    deep = '{"client": "x", "file": ' + "[" * 200_000 + "]" * 200_000 + "}"
    assert bob.post("/api/v1/agents/import/", deep, content_type="application/json").status_code == 400
    assert program(agency.dana).get(f"/api/v1/agents/{front_desk.pk}/export/").status_code in (403, 404)


def test_who_may_not_build_neither_exports_nor_imports(front_desk: Agent, agency: World) -> None:
    for address in (reverse("export_agent", args=[front_desk.pk]), reverse("import_agent")):
        assert browser(agency.dana).get(address).status_code == 404
        assert browser(None).get(address).status_code == 302
