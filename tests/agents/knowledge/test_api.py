"""Programs bring documents, watch them being read, and ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Program

from agents.knowledge import jobs
from agents.models import KnowledgeBase, KnowledgeDocument
from tenants.people import keys
from tenants.people.models import User
from tests.world import HOST, World

pytestmark = pytest.mark.db


def program(person: User) -> Program:
    _, secret = keys.create_key(person, "tests")
    return Program(headers={"host": HOST, "authorization": f"Bearer {secret}"})


def test_a_program_fills_a_base_and_asks_it(agency: World) -> None:
    alice = program(agency.alice)
    body: dict[str, Any] = {"client": str(agency.bright_dental.pk), "label": "Prices"}
    base = alice.post("/api/v1/knowledge/", body, content_type="application/json").json()
    assert (base["name"], base["state"], base["account"]) == ("prices", "empty", None)
    here = f"/api/v1/knowledge/{base['id']}/"
    file = SimpleUploadedFile("prices.txt", b"A cleaning costs 80 dollars.")
    brought = alice.post(f"{here}documents/", {"file": file})
    assert (brought.status_code, brought.json()["state"]) == (202, "waiting")
    assert alice.get(here).json()["state"] == "reading"
    jobs.read_document(KnowledgeDocument.objects.get().pk)
    assert [one["state"] for one in alice.get(f"{here}documents/").json()] == ["ready"]
    found = alice.get(f"{here}ask/", {"question": "what does a cleaning cost"}).json()
    assert found["known"] is True
    assert found["hits"][0]["text"] == "A cleaning costs 80 dollars."
    changed = alice.put(here, {"label": "Prices", "threshold": 0.99999}, content_type="application/json")
    assert changed.json()["threshold"] == 0.99999
    pages = alice.post(f"{here}pages/", {"urls": ["https://dental.example/"]}, content_type="application/json")
    assert [one["url"] for one in pages.json()] == ["https://dental.example/"]
    document = KnowledgeDocument.objects.get(source="upload")
    assert alice.delete(f"{here}documents/{document.pk}/").status_code == 204
    assert alice.get(f"{here}ask/", {"question": "what does a cleaning cost"}).json()["known"] is False
    assert alice.delete(here).status_code == 204
    assert not KnowledgeBase.objects.exists()


def test_dana_reads_none_of_it(agency: World, base: KnowledgeBase) -> None:
    dana = program(agency.dana)
    here = f"/api/v1/knowledge/{base.pk}/"
    for address in ("/api/v1/knowledge/", here, f"{here}documents/", f"{here}ask/?question=cleaning"):
        assert dana.get(address).status_code == 404
    assert dana.delete(here).status_code == 404


def test_a_wrong_request_says_what_is_wrong(agency: World, base: KnowledgeBase) -> None:
    alice = program(agency.alice)
    here = f"/api/v1/knowledge/{base.pk}/"
    assert alice.get(f"{here}ask/").status_code == 422
    wrong = alice.put(
        here, {"label": "X", "account": "00000000-0000-4000-8000-000000000000"}, content_type="application/json"
    )
    assert "no such account" in wrong.content.decode()
