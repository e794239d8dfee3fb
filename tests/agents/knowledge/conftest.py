from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.knowledge import actions, jobs
from agents.knowledge.embedding import questions
from agents.models import KnowledgeBase, KnowledgeDocument, ProviderAccount
from tests.agents.knowledge import files
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.served import Served
from tests.fakes.site import FakeSite
from tests.world import World


@contextlib.contextmanager
def serving(fake: Served) -> Iterator[None]:
    """It listens in a thread of its own, for code that blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result(10)
        yield
        asyncio.run_coroutine_threadsafe(fake.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(autouse=True)
def _own_store(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("db"):
        settings: Any = request.getfixturevalue("settings")
        tmp_path: Path = request.getfixturevalue("tmp_path")
        settings.MEDIA_ROOT = tmp_path / "media"
        settings.S3_BUCKET = ""
        settings.MODEL_NETWORKS = ["127.0.0.0/8"]
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    questions.forget()
    yield
    questions.forget()


@pytest.fixture
def embeddings() -> Iterator[FakeEmbeddings]:
    fake = FakeEmbeddings()
    with serving(fake):
        yield fake


@pytest.fixture
def site() -> Iterator[FakeSite]:
    fake = FakeSite()
    with serving(fake):
        yield fake


@pytest.fixture
def account(agency: World, embeddings: FakeEmbeddings) -> ProviderAccount:
    return ProviderAccount.objects.create(vendor="openai_compatible", label="Own", base_url=embeddings.base_url)


@pytest.fixture
def base(agency: World) -> KnowledgeBase:
    """Bright Dental's prices and hours, read, searched by words alone."""
    made = actions.create(agency.alice, agency.bright_dental, label="Practice", name="practice")
    fill(made)
    return made


@pytest.fixture
def meaningful(agency: World, account: ProviderAccount) -> KnowledgeBase:
    """The same with embeddings."""
    made = actions.create(
        agency.alice, agency.bright_dental, label="Meaning", name="meaning", account=account, model="words-64"
    )
    fill(made)
    return made


def fill(base: KnowledgeBase) -> None:
    bring(base, "prices.html", files.PRICES.encode())
    bring(base, "hours.md", files.HOURS.encode())


def bring(base: KnowledgeBase, name: str, data: bytes) -> KnowledgeDocument:
    """Uploaded and read."""
    return read(actions.upload(None, base, name, data))


def read(document: KnowledgeDocument) -> KnowledgeDocument:
    jobs.read_document(document.pk)
    document.refresh_from_db()
    return document
