"""Library → Knowledge: what staff see and do there, and that nobody else comes near."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_tenants.utils import schema_context

from agents.knowledge import actions, jobs
from agents.models import KnowledgeBase, KnowledgeDocument, KnowledgeGeneration, ProviderAccount
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.agents.knowledge import files
from tests.fakes.embeddings import FakeEmbeddings
from tests.world import RIVAL_HOST, World

pytestmark = pytest.mark.db
D = KnowledgeDocument.State


def test_alice_makes_a_base_brings_files_and_asks(agency: World) -> None:
    alice = browser(agency.alice)
    made = alice.post(
        "/library/knowledge/new/",
        {"client": str(agency.bright_dental.pk), "label": "Price list", "language": "en", "threshold": "0.5"},
    )
    base = KnowledgeBase.objects.get()
    assert made.headers["Location"] == f"/library/knowledge/{base.pk}/"
    assert (base.name, base.client) == ("price_list", agency.bright_dental)
    assert "Nothing in it yet" in alice.get("/library/knowledge/").content.decode()
    brought = alice.post(
        f"/library/knowledge/{base.pk}/upload/",
        {
            "files": [
                SimpleUploadedFile("prices.html", files.PRICES.encode()),
                SimpleUploadedFile("locked.pdf", files.pdf([[(11, "x")]], "letmein")),
                SimpleUploadedFile("picture.png", b"\x89PNG"),
            ]
        },
        headers={"HX-Request": "true"},
    )
    assert "“picture.png” cannot be read: bring PDF" in brought.content.decode()
    assert "every 2s" in brought.content.decode()
    for document in base.documents.all():
        jobs.read_document(document.pk)
    page = alice.get(f"/library/knowledge/{base.pk}/").content.decode()
    assert "This PDF is protected by a password." in page
    assert "every 2s" not in page
    known = alice.get(f"/library/knowledge/{base.pk}/ask/", {"question": "what does a cleaning cost"})
    assert "A cleaning costs 80 dollars" in known.content.decode()
    unknown = alice.get(f"/library/knowledge/{base.pk}/ask/", {"question": "do you repair spaceships"})
    assert "the agent says that it does not know" in unknown.content.decode()
    assert "Problems" in alice.get("/library/knowledge/").content.decode()
    assert AuditEvent.objects.filter(action__in=["knowledge.created", "document.added"]).count() == 3


def test_settings_that_change_the_index_build_a_new_one(base: KnowledgeBase, account: ProviderAccount) -> None:
    alice = browser(base.created_by)
    values = {
        "label": "Practice",
        "language": "en",
        "account": str(account.pk),
        "model": "words-64",
        "threshold": "0.6",
    }
    alice.post(f"/library/knowledge/{base.pk}/settings/", values)
    page = alice.get(f"/library/knowledge/{base.pk}/").content.decode()
    assert "A new index is being built beside the present one" in page
    jobs.build_generation(KnowledgeGeneration.objects.get(state="building").pk)
    assert "found by words and meaning" in alice.get(f"/library/knowledge/{base.pk}/").content.decode()
    base.refresh_from_db()
    assert base.threshold == 0.6


def test_an_account_that_makes_no_embeddings_is_told_in_the_form(
    base: KnowledgeBase, account: ProviderAccount, embeddings: FakeEmbeddings
) -> None:
    embeddings.status = 404
    values = {
        "label": "Practice",
        "language": "en",
        "account": str(account.pk),
        "model": "words-64",
        "threshold": "0.6",
    }
    answer = browser(base.created_by).post(f"/library/knowledge/{base.pk}/settings/", values)
    assert answer.status_code == 422
    assert "No embeddings from “Own”" in answer.content.decode()
    assert not base.generations.filter(state="building").exists()


def test_documents_are_read_again_removed_and_pages_added(agency: World, base: KnowledgeBase) -> None:
    bob = browser(agency.bob)
    prices = base.documents.get(title="prices.html")
    bob.post(f"/library/knowledge/{base.pk}/documents/{prices.pk}/again/")
    prices.refresh_from_db()
    assert prices.state == D.WAITING
    bob.post(f"/library/knowledge/{base.pk}/documents/{prices.pk}/remove/")
    assert not KnowledgeDocument.objects.filter(pk=prices.pk).exists()
    wrong = bob.post(f"/library/knowledge/{base.pk}/pages/", {"urls": "dental.example\nnot an address", "follow": "0"})
    assert "Line 2" in wrong.content.decode()
    bob.post(f"/library/knowledge/{base.pk}/pages/", {"urls": "dental.example/prices", "follow": "20"})
    page = base.documents.get(source="page")
    assert (page.url, page.follow, page.state) == ("https://dental.example/prices", 20, D.WAITING)
    bob.post(f"/library/knowledge/{base.pk}/delete/")
    assert not KnowledgeBase.objects.exists()


ADDRESSES = [
    ("get", "knowledge", 0),
    ("get", "new_knowledge", 0),
    ("get", "knowledge_base", 1),
    ("get", "knowledge_settings", 1),
    ("get", "ask_knowledge", 1),
    ("get", "add_pages", 1),
    ("post", "upload_documents", 1),
    ("post", "index_knowledge", 1),
    ("post", "fetch_pages_again", 1),
    ("post", "delete_knowledge", 1),
    ("post", "read_document_again", 2),
    ("post", "remove_document", 2),
]


@pytest.mark.parametrize(("method", "name", "keys"), ADDRESSES)
def test_dana_and_charlie_find_nothing_there(
    agency: World, base: KnowledgeBase, method: str, name: str, keys: int
) -> None:
    document = base.documents.get(title="prices.html")
    alice, dana = browser(agency.alice), browser(agency.dana)
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    own = [base.pk, document.pk][:keys]
    assert getattr(dana, method)(reverse(name, args=own)).status_code == 404
    if keys:
        assert getattr(charlie, method)(reverse(name, args=own)).status_code == 404
        unknown = [uuid4(), document.pk][:keys]
        assert getattr(alice, method)(reverse(name, args=unknown)).status_code == 404
    with schema_context("alice"):
        assert base.documents.count() == 2


def test_a_document_is_reached_through_its_own_base_only(agency: World, base: KnowledgeBase) -> None:
    other = actions.create(agency.alice, agency.corner_garage, label="Garage")
    document = base.documents.first()
    assert document is not None
    answer = browser(agency.alice).post(f"/library/knowledge/{other.pk}/documents/{document.pk}/remove/")
    assert answer.status_code == 404
    assert base.documents.count() == 2


def test_an_analyst_may_look_and_not_change(agency: World, base: KnowledgeBase) -> None:
    agency.bob.role = "analyst"
    agency.bob.save()
    bob = browser(agency.bob)
    page = bob.get(f"/library/knowledge/{base.pk}/").content.decode()
    assert "prices.html" in page
    assert "Drop files here" not in page
    assert bob.post(f"/library/knowledge/{base.pk}/delete/").status_code == 404
    assert KnowledgeBase.objects.exists()
