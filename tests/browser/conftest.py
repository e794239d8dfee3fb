from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium, executable

# Playwright keeps an event loop running in the main thread, where Django would refuse to query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open, its event loop stands in the way of tests that bring their own."""
    if executable() is None:
        pytest.skip("No Chromium on this machine: install it or name it in CHROMIUM.")
    with chromium() as launched:
        yield launched
