"""Who hears, thinks and speaks, who takes over, and with which keys: Alice sets it up in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser
PERSON = "alice@alice.example"
SAVED = re.compile("^Saved ")


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def saved(page: Page) -> None:
    expect(page.locator("[data-draft-word]")).to_have_text(SAVED)


def connect(page: Page, label: str) -> None:
    """An account with a server of one's own, where nothing answers."""
    page.goto("/settings/providers/")
    page.get_by_role("link", name="Connect a vendor").first.click()
    page.get_by_label("Search vendors").fill("openai-compat")
    expect(page.locator("#vendors li")).to_have_count(3)
    page.get_by_role("link", name="OpenAI-compatible server").first.click()
    page.get_by_label("Name", exact=True).fill(label)
    page.get_by_label("Address").fill("http://127.0.0.1:9/v1")
    page.get_by_label("API key").fill("sk-first-key-0000001111")
    page.get_by_role("button", name="Save and try it").click()
    expect(page.get_by_role("heading", name=label)).to_be_visible()


def test_a_pool_of_keys_grows_and_shrinks(page: Page) -> None:
    connect(page, "Pool")
    page.get_by_role("link", name="Add a key").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Key 2")
    page.get_by_label("Name", exact=True).fill("Night")
    page.get_by_label("Key", exact=True).fill("sk-night-key-0000002222")
    page.get_by_label("Weight").fill("3")
    page.get_by_role("button", name="Add the key").click()
    row = page.locator("tr", has_text="Night")
    expect(row).to_contain_text("…2222")
    expect(row).to_contain_text("Fails")
    assert "sk-night" not in page.content()
    row.get_by_role("link", name="Night").click()
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_backups_small_model_and_rules_are_set_up_without_leaving_the_page(page: Page) -> None:
    connect(page, "Servers")
    page.goto("/agents/new/")
    page.get_by_label("Name", exact=True).fill("Ladder")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("link", name="Voice & models").click()
    minds = page.locator("[id='models.llm_backups']")
    minds.get_by_role("button", name="Add a backup").click()
    expect(page.locator(":focus")).to_have_attribute("name", "models.llm_backups.0.account")
    minds.get_by_label("Who takes over").select_option(label="OpenAI-compatible server: Servers")
    model = page.locator("[name='models.llm_backups.0.options.model']")
    expect(model).to_be_visible()
    expect(minds.get_by_text("Model is missing.")).to_be_visible()
    model.fill("llama3.1:8b")
    saved(page)
    expect(minds.get_by_text("Model is missing.")).to_have_count(0)
    page.get_by_label("Which model").select_option(label="OpenAI-compatible server: Servers")
    page.locator("[name='models.small.options.model']").fill("qwen3:0.6b")
    expect(page.get_by_text("to mend before publishing")).to_have_count(0)

    page.get_by_role("link", name="Behaviour").click()
    page.get_by_role("button", name="Add a rule").click()
    rule = page.locator("[id='routing.rules.0']")
    rule.get_by_label("Who answers").select_option("small")
    rule.get_by_label("Up to so many words").fill("4")
    page.get_by_label("Then a person takes the call at").fill("call Bob")
    saved(page)
    page.get_by_text("to mend before publishing").click()
    expect(page.locator(".problems")).to_contain_text("Fallbacks, transfer")
    page.get_by_label("Then a person takes the call at").fill("+1 415 555 0123")
    expect(page.get_by_text("to mend before publishing")).to_have_count(0)
    page.reload()
    expect(page.locator("[id='routing.rules.0'] .topic-answer")).to_have_text("up to 4 words")
    expect(page.get_by_label("Then a person takes the call at")).to_have_value("+14155550123")


def test_a_problem_on_another_tab_leads_there(page: Page) -> None:
    page.goto("/agents/new/")
    page.get_by_label("Name", exact=True).fill("Lost")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("link", name="Behaviour").click()
    page.get_by_label("Then a person takes the call at").fill("nobody")
    saved(page)
    page.get_by_role("link", name="Flow").click()
    page.get_by_text("to mend before publishing").click()
    page.get_by_role("link", name="Fallbacks, transfer").click()
    expect(page).to_have_url(re.compile(r"/behaviour/#fallbacks\.transfer_to$"))
    expect(page.get_by_label("Then a person takes the call at")).to_be_in_viewport()
