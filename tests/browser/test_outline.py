"""The outline of a flow: steps bring their fields when they are opened, and nothing that is folded is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

pytestmark = pytest.mark.browser
PERSON = "bob@alice.example"
SAVED = re.compile("^Saved ")


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Page:
    """The outline of an agent that was made just now."""
    page = context.new_page()
    page.goto("/agents/")
    page.get_by_role("link", name="New agent").first.click()
    page.get_by_label("Name", exact=True).fill(f"Outline {request.node.name[-60:]}")
    page.get_by_label("What should it do?").fill("Takes table reservations. Open every day from 11 to 22.")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Made from “Restaurant”")).to_be_visible()
    page.wait_for_load_state()
    return page


def saved(page: Page) -> None:
    expect(page.locator("[data-draft-word]")).to_have_text(SAVED)


def step(page: Page, title: str) -> Locator:
    return page.locator("details[data-step]").filter(has=page.locator("[data-step-title]", has_text=title))


def opened(page: Page, title: str) -> Locator:
    """A step with its fields, opened by a click."""
    found = step(page, title).first
    found.locator("> summary").click()
    expect(found.get_by_label("Name of the step")).to_be_visible()
    return found


def add(page: Page, kind: str) -> Locator:
    """A new step of a kind, chosen from the menu; the cursor is in it."""
    before = page.locator("details[data-step]").count()
    page.locator("#flow\\.nodes .menu > summary").click()
    page.locator("#flow\\.nodes .menu-list").get_by_role("button", name=re.compile(f"^{kind}")).click()
    expect(page.locator("details[data-step]")).to_have_count(before + 1)
    expect(page.locator("details[data-step]").last).to_have_attribute("open", "")
    return page.locator("details[data-step]").last


def test_a_step_brings_its_fields_when_it_is_opened_and_the_others_stay_as_they_are(page: Page) -> None:
    count = page.locator("details[data-step]").count()
    assert page.locator("[data-step-id]").count() == 0
    found = page.locator("details[data-step]").last
    found.locator("> summary").click()
    says = found.get_by_label("Says")
    says.fill("Ciao, and thank you.")
    saved(page)
    page.reload()
    assert page.locator("details[data-step]").count() == count
    expect(page.locator("details[data-step]").last).to_contain_text("Ciao, and thank you.")
    expect(page.locator(".problems")).to_have_count(0)


def test_a_step_that_is_renamed_keeps_what_leads_to_it(page: Page) -> None:
    found = page.locator("details[data-step]").last
    old = found.get_attribute("data-step")
    found.locator("> summary").click()
    found.get_by_label("Name of the step").fill("The last word")
    saved(page)
    expect(page.locator('details[data-step="the_last_word"]')).to_have_count(1)
    assert page.locator(f'option[value="{old}"]').count() == 0
    found.get_by_label("Name of the step").fill("The very last word")
    saved(page)
    page.reload()
    expect(page.locator('details[data-step="the_very_last_word"] [data-step-title]')).to_have_text("The very last word")
    expect(page.locator(".problems .bad")).to_have_count(0)


def test_an_expression_shows_its_error_beside_the_field_as_it_is_typed(page: Page) -> None:
    branch = add(page, "Branch")
    case = branch.get_by_label("If", exact=True)
    case.fill("guests >")
    field = branch.locator('[data-at$=".cases.0.when"]')
    expect(field).to_contain_text("Something is missing after “>”")
    expect(branch.locator("> summary .marks")).to_be_visible()
    case.fill("guests > 4")
    expect(field).not_to_contain_text("Something is missing")
    page.reload()
    expect(step(page, "Branch")).to_contain_text("guests > 4")


def test_rows_come_and_go_in_an_opened_step_and_other_opened_steps_stay_open(page: Page) -> None:
    first = page.locator("details[data-step]").first.get_attribute("data-step")
    page.locator("details[data-step] > summary").first.click()
    expect(page.locator(f'details[data-step="{first}"] [data-step-id]')).to_have_count(1)
    tool = add(page, "Tool")
    tool.get_by_role("button", name="Add an argument").click()
    expect(page.locator(":focus")).to_have_attribute("name", re.compile(r"arguments\.0\.name$"))
    page.keyboard.press("Control+A")
    page.keyboard.type("guests")
    page.keyboard.press("Tab")
    page.keyboard.type("{{guests}}")
    saved(page)
    expect(page.locator(f'details[data-step="{first}"]')).to_have_attribute("open", "")
    tool = page.locator("details[data-step]").last
    tool.get_by_role("button", name="Remove this argument").click()
    expect(tool.get_by_role("button", name="Remove this argument")).to_have_count(0)
    tool.get_by_role("button", name="Move this step up").click()
    expect(page.locator("details[data-step]").last).not_to_have_attribute("data-step", "tool")
    expect(page.locator('details[data-step="tool"]')).to_have_attribute("open", "")


def test_a_problem_in_a_folded_step_leads_to_its_field(page: Page) -> None:
    add(page, "Transfer")
    page.reload()
    page.locator(".problems > summary").click()
    page.locator(".problems .bad a", has_text="Step “transfer”").click()
    expect(page.locator(":focus")).to_have_attribute("name", re.compile(r"\.to$"))


def test_steps_are_found_by_their_words_and_folded(page: Page) -> None:
    for _ in range(5):
        add(page, "Line")
    page.get_by_label("Says", exact=True).last.fill("Something about zebras.")
    saved(page)
    page.reload()
    page.get_by_label("Find a step").fill("zebra")
    expect(page.locator("details[data-step]:visible")).to_have_count(1)
    page.get_by_label("Find a step").press("Enter")
    expect(page.locator("details[data-step]:visible").get_by_label("Says", exact=True)).to_have_value(
        "Something about zebras."
    )
    page.get_by_label("Find a step").fill("quagga")
    expect(page.get_by_text("No step holds these words.")).to_be_visible()
    page.get_by_label("Find a step").press("Escape")
    page.get_by_role("button", name="Fold or unfold").click()
    expect(page.locator("details[data-step][open]")).to_have_count(0)


def test_the_way_of_a_call_lights_up(page: Page) -> None:
    ids = [one.get_attribute("data-step") for one in page.locator("details[data-step]").all()]
    page.evaluate(
        "([first, last]) => document.dispatchEvent(new CustomEvent('voiceops:path', {detail: {nodes: [first, last], current: last}}))",
        [ids[0], ids[-1]],
    )
    expect(page.locator(".step.on-path")).to_have_count(2)
    expect(page.locator(".step.is-current")).to_have_attribute("data-step", str(ids[-1]))


def test_hours_are_typed_as_people_write_them(page: Page) -> None:
    page.get_by_label("Monday").fill("9-12, 1 to 5 pm")
    page.get_by_label("Tuesday").fill("whenever")
    expect(page.locator(".problems")).to_contain_text("1 to mend")
    page.get_by_label("Tuesday").fill("")
    saved(page)
    page.reload()
    expect(page.get_by_label("Monday")).to_have_value("09:00–12:00, 13:00–17:00")
