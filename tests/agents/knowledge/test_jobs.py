"""Documents enter the index whole or not at all; a new index takes the old one's place in one moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.knowledge import actions, claiming, indexing, jobs, search, tasks
from agents.knowledge.reading.blocks import Reading
from agents.models import (
    KnowledgeBase,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeGeneration,
    KnowledgeVector,
    ProviderAccount,
)
from tests.agents.knowledge import files
from tests.agents.knowledge.conftest import bring, read
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.site import FakeSite
from tests.world import World
from voiceops.lib.errors import InvalidInput
from voiceops.lib.schema import current_schema
from voiceops.lib.storage import store

pytestmark = pytest.mark.db
D, G = KnowledgeDocument.State, KnowledgeGeneration.State


def knows(base: KnowledgeBase, question: str) -> str:
    found = search.search(base.client_id, [base.name], question)
    return found.known[0].text if found.known else ""


def later(seconds: float = 3600.0) -> None:
    """What waits is due, and what was claimed is not any more."""
    for model in (KnowledgeDocument, KnowledgeGeneration):
        model.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
        model.objects.filter(claimed_until__isnull=False).update(claimed_until=timezone.now() - timedelta(seconds=1))


def building(base: KnowledgeBase) -> KnowledgeGeneration:
    return base.generations.get(state=G.BUILDING)


def test_a_document_is_ready_with_its_passages(base: KnowledgeBase) -> None:
    document = bring(base, "list.pdf", files.pdf([[(20, "Prices"), (11, "A crown costs 700 dollars.")]]))
    assert (document.state, document.problem, document.pages, document.passages) == (D.READY, "", 1, 1)
    assert knows(base, "what does a crown cost") == "A crown costs 700 dollars."
    (hit,) = search.search(base.client_id, [base.name], "what does a crown cost").known[:1]
    assert (hit.document, hit.heading, hit.page) == ("list.pdf", "Prices", 1)


def test_a_document_that_cannot_be_read_says_why(base: KnowledgeBase) -> None:
    document = bring(base, "locked.pdf", files.pdf([[(11, "x")]], "letmein"))
    assert document.state == D.FAILED
    assert document.problem == "This PDF is protected by a password. Save it without one and bring it again."
    assert not KnowledgeChunk.objects.filter(document=document).exists()


def test_the_same_name_replaces_what_was_there_and_a_bad_one_does_not(base: KnowledgeBase) -> None:
    first = bring(base, "crown.txt", b"A crown costs 700 dollars.")
    again = bring(base, "crown.txt", b"A crown costs 900 dollars.")
    assert again.pk == first.pk
    assert knows(base, "what does a crown cost") == "A crown costs 900 dollars."
    broken = bring(base, "crown.txt", b"\0\0\0 no text")
    assert broken.state == D.FAILED
    assert knows(base, "what does a crown cost") == "A crown costs 900 dollars."


def test_a_removed_document_is_gone_with_its_file(meaningful: KnowledgeBase) -> None:
    document = meaningful.documents.get(title="prices.html")
    assert store().size(document.storage_key)
    vectors = KnowledgeVector.objects.count()
    actions.remove(None, document)
    assert not knows(meaningful, "what does whitening cost")
    assert KnowledgeVector.objects.count() < vectors
    with pytest.raises(Exception, match="not on the disk"):
        store().size(document.storage_key)


def test_a_deleted_base_leaves_nothing(meaningful: KnowledgeBase) -> None:
    keys = list(meaningful.documents.values_list("storage_key", flat=True))
    actions.delete(None, meaningful)
    for model in (KnowledgeBase, KnowledgeDocument, KnowledgeChunk, KnowledgeVector, KnowledgeGeneration):
        assert not model.objects.exists()
    for key in keys:
        with pytest.raises(Exception, match="not on the disk"):
            store().size(key)


def test_a_new_index_is_built_beside_the_live_one(base: KnowledgeBase, account: ProviderAccount) -> None:
    values = {"label": base.label, "language": "en", "dimensions": None, "threshold": base.threshold}
    assert actions.change(None, base, account=account, model="words-64", **values)
    question = "make my teeth brighter, how expensive"
    assert not knows(base, question)
    assert knows(base, "what does a cleaning cost")
    before = base.live_id
    assert jobs.build_generation(building(base).pk) is None
    base.refresh_from_db()
    assert base.live_id != before
    assert "300 dollars" in knows(base, question)
    assert base.generations.count() == 1
    assert set(KnowledgeChunk.objects.values_list("generation", flat=True)) == {base.live_id}


def test_while_it_is_built_documents_come_and_go(base: KnowledgeBase) -> None:
    actions.index_anew(None, base)
    built = building(base)
    bring(base, "crown.txt", b"A crown costs 700 dollars.")
    actions.remove(None, base.documents.get(title="hours.md"))
    jobs.build_generation(built.pk)
    base.refresh_from_db()
    assert base.live_id == built.pk
    assert knows(base, "what does a crown cost")
    assert knows(base, "what does a cleaning cost")
    assert not knows(base, "is there parking behind the building")


def test_a_document_that_was_on_its_way_when_the_index_changed_enters_the_new_one(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = indexing.read

    def meanwhile(document: KnowledgeDocument) -> Reading:
        monkeypatch.setattr(indexing, "read", real)
        actions.index_anew(None, base)
        jobs.build_generation(building(base).pk)
        return real(document)

    monkeypatch.setattr(indexing, "read", meanwhile)
    bring(base, "crown.txt", b"A crown costs 700 dollars.")
    base.refresh_from_db()
    assert knows(base, "what does a crown cost")
    assert set(KnowledgeChunk.objects.values_list("generation", flat=True)) == {base.live_id}


def test_a_change_of_the_way_of_cutting_asks_for_no_vector_twice(
    meaningful: KnowledgeBase, embeddings: FakeEmbeddings
) -> None:
    before = len(embeddings.batches)
    actions.index_anew(None, meaningful)
    jobs.build_generation(building(meaningful).pk)
    assert len(embeddings.batches) == before


def test_an_interrupted_index_goes_on_where_it_was(
    agency: World, account: ProviderAccount, embeddings: FakeEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 4)
    base = actions.create(agency.alice, agency.bright_dental, label="Long", account=account, model="words-64")
    text = "\n\n".join(f"# Treatment {number}\n\nNumber {number} costs {number} dollars." for number in range(20))
    embeddings.batches.clear()
    embeddings.until = 2
    document = actions.upload(None, base, "long.md", text.encode())
    wait = jobs.read_document(document.pk)
    assert wait is not None
    document.refresh_from_db()
    assert document.state == D.WAITING
    assert "over its limit" in document.problem
    assert not knows(base, "treatment 7")
    embeddings.until = None
    assert jobs.read_document(document.pk) is None, "not due yet"
    later()
    read(document)
    assert knows(base, "treatment 7")
    assert len(embeddings.texts) == len(set(embeddings.texts)) == 20


def test_a_server_that_never_comes_back_is_given_up(
    agency: World, account: ProviderAccount, embeddings: FakeEmbeddings
) -> None:
    base = actions.create(agency.alice, agency.bright_dental, label="Long", account=account, model="words-64")
    document = actions.upload(None, base, "a.txt", b"A cleaning costs 80 dollars.")
    embeddings.status = 503
    for _ in range(claiming.MOST_ATTEMPTS):
        assert read(document).state == D.WAITING or document.attempts == 0
        later()
    assert document.state == D.FAILED
    assert "problem of its own" in document.problem


def test_what_a_crash_left_is_found_and_taken_over(base: KnowledgeBase) -> None:
    document = actions.upload(None, base, "crown.txt", b"A crown costs 700 dollars.")
    crashed = claiming.claim(KnowledgeDocument.objects.all(), document.pk)
    assert crashed is not None
    assert jobs.left_behind(10) == ([], [])
    assert jobs.read_document(document.pk) is None
    later()
    assert jobs.left_behind(10) == ([document.pk], [])
    assert read(document).state == D.READY
    with pytest.raises(claiming.NobodysAnyMore):
        claiming.go_on(crashed, progress=False)


def test_the_sweeper_hands_over_what_is_left_in_every_agency(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = actions.upload(None, base, "crown.txt", b"A crown costs 700 dollars.")
    actions.index_anew(None, base)
    handed: list[tuple[str, object]] = []
    monkeypatch.setattr(tasks.read_document, "delay", lambda pk: handed.append((current_schema(), pk)))
    monkeypatch.setattr(tasks.build_generation, "delay", lambda pk: handed.append((current_schema(), pk)))
    tasks.sweep()
    assert handed == [("alice", str(document.pk)), ("alice", building(base).pk)]


def test_an_account_without_embeddings_is_told_at_once(
    agency: World, account: ProviderAccount, embeddings: FakeEmbeddings
) -> None:
    embeddings.status = 404
    with pytest.raises(InvalidInput, match="not this path") as refused:
        actions.create(agency.alice, agency.bright_dental, label="X", account=account, model="words-64")
    assert refused.value.field == "model"
    assert not KnowledgeBase.objects.exists()


def test_fewer_dimensions_are_asked_for(agency: World, account: ProviderAccount, embeddings: FakeEmbeddings) -> None:
    base = actions.create(
        agency.alice, agency.bright_dental, label="X", account=account, model="words-64", dimensions=300
    )
    bring(base, "a.txt", b"A cleaning costs 80 dollars.")
    assert {body["dimensions"] for body in embeddings.bodies} == {300}
    assert set(KnowledgeVector.objects.values_list("width", flat=True)) == {384}
    assert knows(base, "how expensive is polish")


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def crawl(base: KnowledgeBase, text: str, follow: int = 0) -> list[KnowledgeDocument]:
    return [read(document) for document in actions.add_pages(None, base, text, follow)]


def test_pages_of_a_list_are_read_and_those_they_link_to(base: KnowledgeBase, site: FakeSite) -> None:
    site.pages = {
        "/": "<title>Garage</title><p>Welcome.</p><a href='/tyres'>Tyres</a><a href='/pic.png'>x</a>"
        "<a href='https://elsewhere.example/'>y</a><a href='/tyres#two'>again</a>",
        "/tyres": "<title>Tyres</title><p>Four winter tyres cost 360 dollars.</p><a href='/deeper'>z</a>",
    }
    (home,) = crawl(base, f"{site.address}/\n\n{site.address}/", follow=10)
    assert (home.title, home.state) == ("Garage", D.READY)
    tyres = base.documents.get(url=f"{site.address}/tyres")
    assert read(tyres).state == D.READY
    assert knows(base, "what do winter tyres cost")
    assert set(site.asked) == {"/robots.txt", "/", "/tyres"}


def test_an_unchanged_page_is_left_as_it_is(
    meaningful: KnowledgeBase, embeddings: FakeEmbeddings, site: FakeSite
) -> None:
    site.pages = {"/": "<title>T</title><p>Four winter tyres cost 360 dollars.</p>"}
    (page,) = crawl(meaningful, site.address)
    first, asked = page.read_at, len(embeddings.batches)
    actions.fetch_again(None, meaningful)
    read(page)
    assert (page.state, page.read_at) == (D.READY, first)
    site.pages = {"/": "<title>T</title><p>Four winter tyres cost 400 dollars.</p>"}
    actions.again(None, page)
    assert "400 dollars" in (read(page).state == D.READY and knows(meaningful, "what do winter tyres cost"))
    assert len(embeddings.batches) == asked + 2  # the new passage, and the question


@pytest.mark.parametrize(
    ("robots", "page", "sentence"),
    [
        ("User-agent: *\nDisallow: /private", "<p>x</p>", "robots.txt"),
        ("User-agent: VoiceOps\nDisallow: /", "<p>x</p>", "robots.txt"),
        (403, "<p>x</p>", "robots.txt"),
        (404, 404, "does not exist"),
        (404, 401, "refused the page"),
        (404, "http://169.254.169.254/latest/meta-data/", "private network"),
    ],
)
def test_a_page_that_may_not_be_read_says_why(
    base: KnowledgeBase, site: FakeSite, robots: str | int, page: str | int, sentence: str
) -> None:
    site.robots, site.pages = robots, {"/private": page}
    (document,) = crawl(base, f"{site.address}/private")
    assert document.state == D.FAILED
    assert sentence in document.problem


def test_a_busy_site_is_asked_again_later(base: KnowledgeBase, site: FakeSite) -> None:
    site.pages = {"/": 503}
    (document,) = crawl(base, site.address)
    assert (document.state, document.problem) == (D.WAITING, "The site is busy (503).")


def test_an_inner_address_is_refused(base: KnowledgeBase, settings: object) -> None:
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    (document,) = crawl(base, "http://127.0.0.1:8000/")
    assert document.state == D.FAILED
    assert "private network" in document.problem


@pytest.mark.parametrize(
    "text", ["", "ftp://x.example/", "https://user:pw@x.example/", "https://x.example/\nno address"]
)
def test_a_list_that_is_none_is_refused_with_its_line(base: KnowledgeBase, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.add_pages(None, base, text)
    assert refused.value.field == "urls"
