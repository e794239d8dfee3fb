"""An agent in two minutes: described, made, changed, published. Whatever happens meanwhile, nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

pytestmark = pytest.mark.browser
PERSON = "bob@alice.example"


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Page:
    """The page of an agent that was made just now."""
    page = context.new_page()
    page.goto("/agents/")
    page.get_by_role("link", name="New agent").first.click()
    page.get_by_label("Name", exact=True).fill(f"Desk {request.node.name[-60:]}")
    page.get_by_label("What should it do?").fill("Takes table reservations. Open every day from 11 to 22.")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Made from “Restaurant”")).to_be_visible()
    page.wait_for_load_state()  # the script that saves is there
    return page


def greeting(page: Page) -> str:
    return page.get_by_label("Greeting", exact=True).input_value()


def test_a_change_is_saved_shown_and_published(page: Page) -> None:
    assert "This is the virtual assistant" in greeting(page)
    page.get_by_label("Greeting", exact=True).fill("Ciao, this is Luigi's.")
    expect(page.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "))
    expect(page.locator("[data-draft-badge]")).to_have_text("Unpublished changes")
    page.get_by_role("link", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Ciao, this is Luigi's.")
    dialog.get_by_label("What changed").fill("Warmer")
    dialog.get_by_role("button", name="Publish version 2").click()
    expect(page.locator(".agent-about")).to_contain_text("Version 2")
    page.get_by_role("link", name="Versions").click()
    expect(page.locator("tbody")).to_contain_text("Warmer")


def test_a_wish_in_plain_words_is_shown_and_then_applied(page: Page) -> None:
    page.get_by_role("link", name="Change it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What should be different?").fill("Make it purple")
    dialog.get_by_role("button", name="Show the difference").click()
    expect(dialog).to_contain_text("I do not understand that")
    dialog.get_by_label("What should be different?").fill("Change the greeting to: Ciao, this is Luigi's.")
    dialog.get_by_role("button", name="Show the difference").click()
    expect(dialog.locator(".diff")).to_contain_text("Ciao, this is Luigi's.")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Changed. The draft before it is kept")).to_be_visible()
    assert greeting(page) == "Ciao, this is Luigi's."


def test_a_template_is_chosen_from_its_card(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/agents/")
    page.get_by_role("link", name="New agent").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Browse the 12 built-in templates").click()
    dialog.get_by_label("Survey and feedback").check()
    expect(dialog.locator("#template-outline")).to_contain_text("one to five")
    dialog.get_by_label("Name", exact=True).fill("How was it")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Made from “Survey and feedback”")).to_be_visible()


def test_publishing_waits_for_what_was_typed_last(page: Page) -> None:
    page.get_by_label("Greeting", exact=True).fill("Typed in a hurry.")
    page.get_by_role("link", name="Publish").click()
    expect(page.get_by_role("dialog")).to_contain_text("Typed in a hurry.")


def test_rows_come_and_go_without_losing_what_is_open(page: Page) -> None:
    page.locator("summary", has_text="Opening hours").click()
    page.locator("[id='flow.intents']").get_by_role("button", name="Add a topic").click()
    expect(page.locator(":focus")).to_have_attribute("name", re.compile(r"flow\.intents\.\d+\.name"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Live music")
    expect(page.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "))
    expect(page.locator("details[open] > summary", has_text="Opening hours")).to_be_visible()
    page.get_by_text("hints").click()
    page.get_by_role("link", name="Everywhere, topic “live music”").first.click()
    expect(page.locator(":focus")).to_have_attribute("name", re.compile(r"flow\.intents\.\d+\.(examples|answer)"))


def test_what_could_not_be_saved_is_tried_again_and_kept(page: Page) -> None:
    down = True

    def server(route: Route) -> None:
        if down and route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/agents/**", server)
    page.get_by_label("Greeting", exact=True).fill("Written in a tunnel.")
    expect(page.locator("[data-draft-word]")).to_contain_text("cannot be reached")
    down = False
    expect(page.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "), timeout=8000)
    page.reload()
    assert greeting(page) == "Written in a tunnel."


def test_text_that_was_never_saved_waits_in_the_browser(page: Page) -> None:
    page.route("**/agents/**", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("Greeting", exact=True).fill("Almost lost.")
    expect(page.locator("[data-draft-word]")).to_contain_text("cannot be reached")
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/agents/**")
    address = page.url.split("?")[0]
    left = page.evaluate("Object.entries(localStorage)")
    page.close(run_before_unload=False)
    again = page.context.new_page()
    again.goto("/agents/")
    again.evaluate("entries => entries.forEach(([key, value]) => localStorage.setItem(key, value))", left)
    again.goto(address)
    expect(again.locator(".draft-left")).to_contain_text("was never saved")
    again.get_by_role("button", name="Save it now").click()
    expect(again.get_by_label("Greeting", exact=True)).to_have_value("Almost lost.")
    expect(again.locator(".draft-left")).to_have_count(0)


def test_two_tabs_do_not_overwrite_each_other(page: Page, context: BrowserContext) -> None:
    other = context.new_page()
    other.goto(page.url.split("?")[0])
    page.get_by_label("Greeting", exact=True).fill("Mine.")
    expect(page.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "))
    other.get_by_label("Greeting", exact=True).fill("Theirs.")
    expect(other.get_by_text("Somebody else changed this draft")).to_be_visible()
    assert greeting(other) == "Theirs."
    other.get_by_role("button", name="Save mine over it").click()
    expect(other.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "))
    page.reload()
    assert greeting(page) == "Theirs."
