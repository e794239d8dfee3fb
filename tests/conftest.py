"""What every test stands on: real stores, the world of tests/world.py, and one kind per test module.

Each module says what it needs with `pytestmark`:

    unit      nothing: no database, no network beyond loopback
    db        PostgreSQL and Redis; rolled back after each test (with the fixture `committed`: a database of its own)
    live      the fixture `live_stack`: Daphne, media workers and Celery as real processes
    browser   a real Chromium on top of that
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections

from tests import stores
from tests.live import LiveStack, running_stack
from tests.world import World, load_world
from voiceops.local.urls import database_settings

KINDS = ("unit", "db", "live", "browser")
_run_stores = pytest.StashKey[stores.RunStores]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.markexpr == "unit" or config.option.collectonly:
        return
    config.stash[_run_stores] = stores.RunStores()
    config.stash[_run_stores].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if run_stores := config.stash.get(_run_stores, None):
        run_stores.stop()


class ModuleOfAKind(pytest.Module):
    """A test module, which has to say what it needs."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        marks = getattr(self.obj, "pytestmark", [])
        names = {mark.name for mark in (marks if isinstance(marks, list) else [marks])}
        if not names & set(KINDS):
            raise self.CollectError(f"say what it needs: pytestmark = pytest.mark.unit ({', '.join(KINDS)})")
        return super().collect()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    return ModuleOfAKind.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("db") and "committed" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)
        if item.get_closest_marker("live") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("live"))  # one stack, so one worker
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction"):
            raise pytest.UsageError(
                f"{item.nodeid}: django_db(transaction=True) would empty the world; use the fixture `committed`."
            )


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def use_database(url: str) -> None:
    """Point this process's ORM, in every thread, at another database."""
    os.environ["DATABASE_URL"] = url
    for one in connections.all(initialized_only=True):
        one.close()
    connections.databases["default"].update(database_settings())
    connections["default"].settings_dict.update(database_settings())


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """This worker's own Redis, at the address the settings already have."""
    store, running = stores.start_redis(_worker())
    yield store.url()
    stores.stop(*running)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, redis_server: str) -> Iterator[None]:
    """In place of pytest-django's: a clone of the template, which is migrated already."""
    own = f"test_{_worker()}"
    with django_db_blocker.unblock():
        use_database(stores.clone_database(own))
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of this test's own, whose rows other threads and processes can see. Gives its URL."""
    name = f"committed_{_worker()}"
    usual = os.environ["DATABASE_URL"]
    with _at_database(django_db_blocker, stores.clone_database(name), usual):
        yield stores.database_url(name)
    stores.drop_database(name)


@contextmanager
def _at_database(blocker: Any, url: str, usual: str) -> Iterator[None]:
    with blocker.unblock():
        use_database(url)
        connection.set_schema_to_public()
        try:
            yield
        finally:
            use_database(usual)


@pytest.fixture(scope="session")
def live_stack(django_db_setup: None) -> Iterator[LiveStack]:
    """VoiceOps as real processes on a database that lives as long as the run: make what you need, share nothing."""
    with running_stack(stores.clone_database("live"), stores.state() / "live") as stack:
        yield stack


@pytest.fixture
def live_database(live_stack: LiveStack, django_db_blocker: Any, settings: Any) -> Iterator[LiveStack]:
    """The test's own ORM and settings look at the live stack's stores."""
    settings.PUBLIC_URL = live_stack.url
    settings.MEDIA_WORKERS = list(live_stack.media_workers)
    with _at_database(django_db_blocker, live_stack.database_url, os.environ["DATABASE_URL"]):
        yield live_stack


@pytest.fixture(autouse=True)
def _start_on_the_platform(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test inherits another's agency, or what it left in Redis."""
    if not request.node.get_closest_marker("db"):
        yield
        return
    connection.set_schema_to_public()
    cache.clear()
    yield
    connection.set_schema_to_public()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Everybody, with no agency entered: enter one with `schema_context("alice")` or the fixture `agency`."""
    for kind in ("live_stack", "committed"):
        if kind in request.fixturenames:
            request.getfixturevalue({"live_stack": "live_database"}.get(kind, kind))
            return load_world()
    request.getfixturevalue("db")
    return load_world()


@pytest.fixture
def agency(world: World) -> Iterator[World]:
    """Everybody, inside Alice's agency: what the test queries is hers."""
    connection.set_tenant(world.agency)
    yield world
    connection.set_schema_to_public()
