from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.test import Client as Browser

from agents import actions
from agents.models import Agent
from tenants.people.models import User
from tests.fakes.vendors.openai_server import FakeOpenAI
from tests.world import HOST, World


def browser(person: User | None, host: str = HOST) -> Browser:
    """A browser on the agency's host, signed in unless `person` is None."""
    made = Browser(headers={"host": host})
    if person is not None:
        made.force_login(person)
    return made


@pytest.fixture
def front_desk(agency: World) -> Agent:
    """Bright Dental's front desk, published as version 1 by Alice. Without its example tests, which publishing would
    run first."""
    made = actions.create(
        agency.alice,
        agency.bright_dental,
        name="Front desk",
        call_type="inbound",
        purpose="Front desk of the dental practice Bright Dental. Open Monday to Friday, 8 am to 5 pm.",
    )
    made.agent.tests.all().delete()
    return made.agent


@pytest.fixture
def models_server() -> Iterator[FakeOpenAI]:
    """A server of OpenAI's protocol on a socket, in a thread of its own, for callers that block."""
    server = FakeOpenAI(key="sk-right-key-1234")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(5)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
