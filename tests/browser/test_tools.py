"""Bob makes a tool, tries it, and lets an agent's conversation use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack
from tests.world import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, live_stack: LiveStack) -> Iterator[Page]:
    context = browser.new_context(base_url=live_stack.agency_url())
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.goto("/accounts/login/?next=/library/tools/")
    page.fill("input[name=login]", "bob@alice.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    yield page
    context.close()
    assert complaints == []


def test_a_tool_is_made_tried_and_refused_to_reach_inside(page: Page) -> None:
    page.get_by_role("link", name="New tool").first.click()
    page.get_by_role("link", name="Web address").click()
    page.get_by_label("Title").fill("Order status")
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:8080/orders/{{number}}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("{{number}} is not among the arguments.")).to_be_visible()
    expect(page.get_by_label("Address", exact=True)).to_have_value("http://127.0.0.1:8080/orders/{{number}}")

    page.get_by_role("button", name="Add an argument").click()
    page.locator('[name="config.parameters.0.name"]').fill("number")
    page.get_by_role("button", name="Keep a value").click()
    page.locator('[name="config.mapping.0.name"]').fill("state")
    page.get_by_label("Signs in with").select_option("bearer")
    page.get_by_label("Key", exact=False).first.fill("s3cret-key")
    page.locator('[name="failure"]').press("Enter")
    expect(page.get_by_text("Order status is saved")).to_be_visible()
    expect(page.get_by_label("Name in flows")).to_have_value("order_status")
    expect(page.locator('[name="secrets.secret"]')).to_have_value("")

    page.locator('[name="arguments.number"]').fill("7")
    page.locator(".tool-try").get_by_role("button", name="Try it").click()
    tried = page.locator("#tried-1")
    expect(tried).to_contain_text("It failed")
    expect(tried).to_contain_text("leads into a private network")
    expect(tried).to_contain_text("I am sorry, I cannot look that up just now.")
    expect(tried).to_contain_text("Bearer •••")
    expect(tried).not_to_contain_text("s3cret")

    page.get_by_role("link", name="Tools", exact=True).click()
    expect(page.locator("tbody")).to_contain_text("order_status")
