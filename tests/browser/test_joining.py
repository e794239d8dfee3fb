"""From nothing to an agency with a second person in it, in a real browser against the real stack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000
PASSWORD = "four words make one"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_greta_opens_an_agency_and_fay_joins_it(live_stack: LiveStack, browser: Browser, page: Page):
    home = re.compile(re.escape(live_stack.agency_url("greta-green")) + "/$")
    page.goto(live_stack.url)
    page.get_by_label("Your agency").fill("Greta & Söhne")
    page.get_by_label("Its address").press_sequentially("www")
    expect(page.locator("#address")).to_contain_text("kept for the platform")
    page.get_by_label("Its address").fill("greta-green")
    page.get_by_label("Its address").press("End")
    page.get_by_label("Your name").fill("Greta Green")
    page.get_by_label("Your e-mail address").fill("greta@greta.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the agency").dblclick()
    expect(page).to_have_url(home, timeout=PATIENCE_MS)

    page.goto(live_stack.agency_url("greta-green") + "/people/invite/")
    page.get_by_label("E-mail address").fill("fay@greta.example")
    page.get_by_role("button", name="Invite").click()
    link = page.locator("[data-copy*='/invitation/']").get_attribute("data-copy")
    assert link is not None

    elsewhere = browser.new_context()
    fay = elsewhere.new_page()
    fay.goto(link)
    fay.get_by_label("Your name").fill("Fay Fox")
    fay.get_by_label("Password").fill(PASSWORD)
    fay.get_by_role("button", name="Make my account").click()
    expect(fay).to_have_url(home, timeout=PATIENCE_MS)
    elsewhere.close()

    page.goto(live_stack.agency_url("greta-green") + "/people/")
    expect(page.locator("main")).to_contain_text("Fay Fox")


def test_a_sign_in_that_fails_keeps_the_address_and_says_why(live_stack: LiveStack, page: Page):
    page.goto(live_stack.agency_url() + "/people/")
    page.locator("#id_login").fill("alice@alice.example")
    page.locator("#id_password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("#id_login")).to_have_value("alice@alice.example")


def test_the_admin_is_usable_under_our_policy(live_stack: LiveStack, page: Page):
    """unfold needs inline scripts, so /admin/ is outside of the Content-Security-Policy; nothing may fail in it."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(live_stack.agency_url() + "/admin/")
    page.locator("#id_login").fill("alice@alice.example")
    page.locator("#id_password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(live_stack.agency_url() + "/admin/")
    page.get_by_role("link", name="Users").first.click()
    expect(page.get_by_role("link", name="bob@alice.example")).to_be_visible()
    assert problems == []
