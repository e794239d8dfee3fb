"""Bob makes a knowledge base, drops files in, watches them being read, and asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.agents.knowledge import files

pytestmark = pytest.mark.browser
PERSON = "bob@alice.example"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """What the page complains about fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    assert complaints == []


def payload(name: str, data: bytes) -> Any:
    return FilePayload(name=name, mimeType="application/octet-stream", buffer=data)


def test_files_are_dropped_in_read_and_asked(page: Page) -> None:
    page.goto("/library/knowledge/")
    page.get_by_role("link", name="New knowledge base").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Price list")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Price list")).to_be_visible()
    page.get_by_label("Files to bring").set_input_files(
        [
            payload("prices.html", files.PRICES.encode()),
            payload("locked.pdf", files.pdf([[(11, "x")]], "letmein")),
        ]
    )
    good = page.get_by_role("row").filter(has_text="prices.html")
    expect(good).to_contain_text("Ready", timeout=60_000)
    bad = page.get_by_role("row").filter(has_text="locked.pdf")
    expect(bad).to_contain_text("protected by a password", timeout=60_000)

    page.get_by_label("Question").fill("how much is a cleaning")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".ask-said")).to_contain_text("A cleaning costs 80 dollars")
    page.get_by_label("Question").fill("do you repair spaceships")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".ask-said")).to_contain_text("does not know")

    page.once("dialog", lambda asked: asked.accept())
    bad.get_by_role("button", name="Remove").click()
    confirm = page.locator("dialog[open]").get_by_role("button", name="Remove")
    if confirm.count():
        confirm.click()
    expect(page.get_by_text("locked.pdf")).to_have_count(0, timeout=20_000)
