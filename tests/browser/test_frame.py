"""The frame around every page: keys, theme, drawer, dialogs. Alice works with it all day."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser
PERSON = "alice@alice.example"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose every complaint about the content security policy or a script fails the test."""
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(error.message))
    opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield opened
    assert complaints == []


def test_letters_lead_to_places_and_a_slash_to_the_search(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(re.compile("/calls/"))
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("g c")
    expect(page).to_have_url(re.compile("/calls/"))
    page.keyboard.press("Escape")
    expect(page.locator("[data-search]")).not_to_be_focused()


def test_a_question_mark_lists_the_keys_and_escape_closes_them(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()


def test_arrows_walk_through_a_list_and_enter_opens(page: Page) -> None:
    page.goto("/people/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator(".row-link").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/people/[0-9a-f-]{36}/"))


def test_the_chosen_theme_stays_and_does_not_flash(page: Page) -> None:
    page.goto("/")
    page.locator(".rail-foot summary").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.goto("/calls/", wait_until="commit")
    page.wait_for_selector("body", state="attached")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(237, 237, 240)"


def test_the_rail_collapses_to_icons_and_stays_so(page: Page) -> None:
    page.goto("/")
    wide = page.locator(".rail").bounding_box()
    page.get_by_role("button", name="Collapse").click()
    page.goto("/calls/")
    narrow = page.locator(".rail").bounding_box()
    assert wide is not None
    assert narrow is not None
    assert (wide["width"], narrow["width"]) == (232, 60)


def test_on_a_phone_the_rail_is_a_drawer_that_escape_closes(browser: Browser, signed_in: dict[str, object]) -> None:
    context = browser.new_context(**signed_in, viewport={"width": 390, "height": 844})  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    expect(page.locator(".rail")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Calls", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".rail")).to_be_hidden()
    context.close()


def test_every_target_is_large_enough_for_a_thumb(browser: Browser, signed_in: dict[str, object]) -> None:
    context = browser.new_context(**signed_in, viewport={"width": 390, "height": 844})  # type: ignore[arg-type]
    page = context.new_page()
    for address in ("/", "/calls/", "/people/", "/settings/"):
        page.goto(address)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, summary, .btn, .chip, .input, .field input, .field select, .tabs > *')]
            .filter(e => e.offsetParent && !e.matches('[type=checkbox], [type=radio], [type=hidden]'))
            .map(e => [e.getBoundingClientRect().height, e.outerHTML.slice(0, 120)]).filter(([h]) => h < 43.5)"""
        )
        assert small == [], address
    context.close()


def test_the_page_learns_at_once_where_it_lives(page: Page) -> None:
    page.goto("/calls/")
    expect(page.locator("html")).to_have_attribute("data-line", "on")


def test_a_page_that_is_not_there_says_what_could_be_meant(context: BrowserContext) -> None:
    page = context.new_page()
    answer = page.goto("/no-such-page/")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
