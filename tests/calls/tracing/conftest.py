from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from calls.models import Call
from calls.tracing import langfuse
from tests.calls.history import make_call
from tests.calls.tracing.conversation import remember
from tests.fakes.langfuse import FakeLangfuse
from tests.fakes.otlp import FakeCollector
from tests.world import World


@pytest.fixture(autouse=True)
def quiet_folders(settings: LazySettings, tmp_path: Path) -> None:
    settings.SEGMENT_DIR, settings.MEDIA_ROOT = tmp_path / "segments", tmp_path / "media"
    settings.TRACE_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def no_clients_left() -> Iterator[None]:
    yield
    for schema in list(langfuse.clients._clients):
        langfuse.clients.forget(schema)


@pytest.fixture
def call(agency: World) -> Call:
    """Of Bright Dental, four turns long, ten minutes ago; the third turn was eventful."""
    call = make_call(None, timezone.now() - timedelta(minutes=10), client=agency.bright_dental)
    remember(call)
    return call


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with FakeCollector() as server:
        yield server


@pytest.fixture
def alices_langfuse() -> Iterator[FakeLangfuse]:
    with FakeLangfuse("pk-lf-alice", "sk-lf-alice") as server:
        yield server
