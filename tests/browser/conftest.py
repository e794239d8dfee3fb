from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.chromium import chromium, executable
from tests.live import LiveStack
from tests.world import PASSWORD

# Playwright keeps an event loop running in the main thread, where Django would refuse to query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open, its event loop stands in the way of tests that bring their own."""
    if executable() is None:
        pytest.skip("No Chromium on this machine: install it or name it in CHROMIUM.")
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def signed_in(request: pytest.FixtureRequest, browser: Browser, live_stack: LiveStack) -> Iterator[dict[str, Any]]:
    """How a browser is opened that is signed in as the module's `PERSON`, an address in Alice's agency."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{live_stack.agency_url()}/accounts/login/?next=/account/")
    page.fill("input[name=login]", request.module.PERSON)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile("/account/"))
    yield {"storage_state": context.storage_state(), "base_url": live_stack.agency_url()}
    context.close()


@pytest.fixture
def context(browser: Browser, signed_in: dict[str, Any]) -> Iterator[BrowserContext]:
    opened = browser.new_context(**signed_in)
    yield opened
    opened.close()
