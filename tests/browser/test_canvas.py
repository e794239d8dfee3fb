"""The canvas in a real browser: steps come, are connected, changed and taken back; nothing drawn is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

pytestmark = pytest.mark.browser
PERSON = "bob@alice.example"
SAVED = re.compile("^Saved ")


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Page:
    """The canvas of an agent that was made just now. What the browser complains about fails the test."""
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/agents/")
    page.get_by_role("link", name="New agent").first.click()
    page.get_by_label("Name", exact=True).fill(f"Desk {request.node.name[-60:]}")
    page.get_by_label("What should it do?").fill("Takes table reservations. Open every day from 11 to 22.")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Made from “Restaurant”")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    page.goto(page.url.split("?")[0] + "canvas/")
    expect(card(page, "Start")).to_be_visible()
    return page


def card(page: Page, title: str) -> Locator:
    return page.locator(".react-flow__node").filter(has=page.locator("strong", has_text=re.compile(f"^{title}$")))


def panel(page: Page) -> Locator:
    return page.locator(".canvas-panel")


def field(page: Page, label: str) -> Locator:
    return panel(page).get_by_label(label, exact=True)


def saved(page: Page) -> None:
    expect(page.locator("[data-draft-word]")).to_have_text(SAVED)


def drag(page: Page, source: Locator, target: Locator, at: tuple[float, float] = (0.5, 0.5)) -> None:
    begin, end = source.bounding_box(), target.bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] * at[0] - 20, end["y"] + end["height"] * at[1] - 5, steps=5)
    page.mouse.move(end["x"] + end["width"] * at[0], end["y"] + end["height"] * at[1], steps=5)
    page.mouse.up()


def empty_place(page: Page) -> None:
    """Nothing is chosen, and all is seen."""
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all").click()


def save(page: Page, flow: object) -> None:
    """Leaves the agent with this flow, as a program could."""
    page.evaluate(
        """async (flow) => {
          const { revision } = await fetch("data/").then((answer) => answer.json());
          const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf"]').content };
          await fetch("save/", { method: "POST", headers, body: JSON.stringify({ flow, revision }) });
        }""",
        flow,
    )


def test_the_page_breaks_no_rule_of_the_house(context: BrowserContext, page: Page) -> None:
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.reload()
    expect(card(page, "Start")).to_be_visible()
    card(page, "Booking").click()
    expect(panel(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    assert complaints == []


def test_a_step_is_added_connected_filled_in_and_survives_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Line", exact=True).click()
    expect(field(page, "Name of the step")).to_have_value("Line")
    field(page, "Name of the step").fill("House rules")
    field(
        page,
        "Says",
    ).first.fill("We hold tables for fifteen minutes.")
    panel(page).get_by_label("Then go to").select_option(label="Booking")
    saved(page)
    expect(card(page, "House rules")).to_contain_text("We hold tables")
    page.reload()
    expect(card(page, "House rules")).to_contain_text("We hold tables")
    card(page, "House rules").click()
    expect(panel(page).get_by_label("Then go to")).to_have_value("booking")


def test_a_way_out_is_dragged_to_a_step_and_one_more_from_plus(page: Page) -> None:
    page.get_by_role("button", name="Branch", exact=True).click()
    empty_place(page)
    branch = card(page, "Branch")
    drag(page, branch.locator(".react-flow__handle[data-handleid='otherwise']"), card(page, "Booking"))
    saved(page)
    branch.click()
    expect(panel(page).get_by_label("Otherwise go to")).to_have_value("booking")
    empty_place(page)
    branch.hover()
    drag(page, branch.locator(".react-flow__handle[data-handleid='+']"), card(page, "Start"), (0.5, 1.9))
    page.locator(".quick-add").get_by_role("menuitem", name="Wait").click()
    saved(page)
    expect(card(page, "Wait")).to_be_visible()
    branch.click()
    expect(panel(page).locator(".form-row")).to_have_count(2)
    expect(panel(page).locator(".form-row").nth(1)).to_contain_text("→ Wait")


def test_a_way_out_is_chosen_and_cut(page: Page) -> None:
    lines = page.locator(".react-flow__edge")
    count = lines.count()
    lines.first.locator(".react-flow__edge-interaction").dispatch_event("click")
    expect(page.locator(".react-flow__edge.selected")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(lines).to_have_count(count - 1)
    page.keyboard.press("Control+z")
    expect(lines).to_have_count(count)


def test_a_draft_that_makes_no_sense_is_drawn_as_far_as_it_goes_and_kept(page: Page) -> None:
    """As an old import or a careless program may leave it."""
    kept = [{"id": "odd", "type": "teleport"}, 3, {"type": "say", "text": "No name."}, {"id": "bye", "type": "end"}]
    save(page, {"greeting": 7, "start": "gone", "nodes": kept})
    page.reload()
    expect(page.locator(".react-flow__node")).to_have_count(5)
    expect(page.get_by_text("Unknown kind “teleport”")).to_be_visible()
    page.get_by_role("button", name="Wait", exact=True).click()
    saved(page)
    held = page.evaluate("fetch('data/').then(answer => answer.json())")["draft"]["flow"]
    assert held["nodes"][:4] == kept
    assert held["greeting"] == 7


def test_an_empty_draft_begins_with_its_first_step(page: Page) -> None:
    save(page, None)
    page.reload()
    expect(page.get_by_text("Nothing happens yet after the greeting")).to_be_visible()
    page.get_by_role("button", name="Conversation", exact=True).click()
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    saved(page)


def test_a_step_is_dragged_from_the_palette_to_its_place(page: Page) -> None:
    pane = page.locator(".canvas-pane")
    page.get_by_role("button", name="Voicemail").drag_to(pane, target_position={"x": 60, "y": 40})
    expect(card(page, "Voicemail")).to_be_visible()
    box, area = card(page, "Voicemail").bounding_box(), pane.bounding_box()
    assert box
    assert area
    assert box["x"] - area["x"] < 120
    saved(page)


def test_a_step_that_is_moved_stays_there(page: Page) -> None:
    before = card(page, "Booking").bounding_box()
    assert before
    drag(page, card(page, "Booking").locator("header"), page.locator(".canvas-pane"), (0.3, 0.9))
    saved(page)
    moved = card(page, "Booking").bounding_box()
    assert moved
    assert abs(moved["y"] - before["y"]) > 50
    expect(page.locator("[data-draft-badge]")).not_to_contain_text("Unpublished")
    transform = card(page, "Booking").evaluate("node => node.style.transform")
    page.reload()
    expect(card(page, "Booking")).to_be_visible()
    assert card(page, "Booking").evaluate("node => node.style.transform") == transform


def test_undo_takes_back_typing_adding_and_deleting(page: Page) -> None:
    count = page.locator(".react-flow__node").count()
    page.get_by_role("button", name="Line", exact=True).click()
    field(page, "Says").first.type("Hello there")
    page.keyboard.press("Control+z")
    expect(field(page, "Says").first).to_have_value("")
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(count)
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    expect(card(page, "Line")).to_contain_text("Hello there")
    card(page, "Booking").click()
    page.keyboard.press("Delete")
    expect(card(page, "Booking")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(card(page, "Booking")).to_be_visible()
    saved(page)


def test_references_follow_a_renamed_step(page: Page) -> None:
    lines = page.locator(".react-flow__edge").count()
    card(page, "Booking").click()
    field(page, "Name of the step").fill("Reserve a table")
    page.keyboard.press("Enter")
    expect(card(page, "Reserve a table")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(lines)
    expect(page.locator(".step-card-exits .lost")).to_have_count(0)
    saved(page)


def test_steps_are_chosen_copied_duplicated_nudged_and_found_by_keyboard(page: Page) -> None:
    count = page.locator(".react-flow__node").count()
    card(page, "Booking").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(card(page, "Booking 2")).to_be_visible()
    page.keyboard.press("Control+d")
    expect(card(page, "Booking 3")).to_be_visible()
    before = card(page, "Booking 3").evaluate("node => node.style.transform")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert card(page, "Booking 3").evaluate("node => node.style.transform") != before
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    expect(panel(page)).to_contain_text(f"{count + 3 - 1} steps")
    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(count + 2)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("booking 3")
    page.keyboard.press("Enter")
    expect(field(page, "Name of the step")).to_have_value("Booking 3")
    saved(page)


def test_what_is_wrong_is_painted_listed_and_led_to(page: Page) -> None:
    page.get_by_role("button", name="Set variables").click()
    expect(card(page, "Set variables").locator(".step-card-mark.bad")).to_be_visible()
    field(page, "Variable").fill("guests")
    value = field(page, "Value").last
    value.fill("1 +")
    expect(panel(page).locator(".problem.bad").first).to_be_visible()
    value.fill("party_size + 1")
    expect(panel(page).locator("[data-field='values.0.value'] .problem")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".canvas-problems > button").click()
    page.locator(".problem-list").get_by_role("button", name="Set variables").filter(has_text="missing").first.click()
    expect(panel(page).get_by_label("Then go to")).to_be_focused()


def test_variables_are_offered_while_they_are_typed(page: Page) -> None:
    card(page, "Start").click()
    greeting = field(page, "Greeting")
    greeting.fill("")
    greeting.type("Welcome to {{client_n")
    expect(page.get_by_role("option", name="client_name")).to_be_visible()
    page.keyboard.press("Enter")
    expect(greeting).to_have_value("Welcome to {{client_name}}")


def test_what_could_not_be_saved_is_tried_again(page: Page, context: BrowserContext) -> None:
    card(page, "Start").click()
    context.set_offline(True)
    field(page, "Greeting").fill("Written in a tunnel.")
    expect(page.locator("[data-draft-word]")).to_contain_text("cannot be reached")
    context.set_offline(False)
    expect(page.locator("[data-draft-word]")).to_have_text(SAVED, timeout=8000)
    page.reload()
    expect(card(page, "Start")).to_contain_text("Written in a tunnel.")
    expect(page.get_by_text("were never saved")).to_have_count(0)


def test_what_was_never_saved_waits_in_the_browser(page: Page, context: BrowserContext) -> None:
    where = page.url
    card(page, "Start").click()
    context.set_offline(True)
    field(page, "Greeting").fill("Almost lost.")
    expect(page.locator("[data-draft-word]")).to_contain_text("cannot be reached")
    page.close(run_before_unload=False)
    context.set_offline(False)
    again = context.new_page()
    again.set_viewport_size({"width": 1440, "height": 900})
    again.goto(where)
    expect(again.get_by_text("were never saved")).to_be_visible()
    expect(card(again, "Start")).not_to_contain_text("Almost lost.")
    again.get_by_role("button", name="Bring them back").click()
    saved(again)
    again.reload()
    expect(card(again, "Start")).to_contain_text("Almost lost.")
    expect(again.get_by_text("were never saved")).to_have_count(0)


def test_two_people_see_each_others_changes_and_decide(page: Page, context: BrowserContext) -> None:
    other = context.new_page()
    other.emulate_media(reduced_motion="reduce")
    other.set_viewport_size({"width": 1440, "height": 900})
    other.goto(page.url)
    card(other, "Start").click()
    card(page, "Start").click()
    field(page, "Greeting").fill("Mine.")
    saved(page)
    field(other, "Greeting").fill("Theirs.")
    notice = other.get_by_role("alert").filter(has_text="changed this draft")
    expect(notice).to_contain_text("Bob Baker")
    notice.get_by_role("button", name="Look").click()
    expect(notice).to_contain_text("Greeting")
    expect(field(other, "Greeting")).to_have_value("Theirs.")
    notice.get_by_role("button", name="Take theirs").click()
    expect(card(other, "Start")).to_contain_text("Mine.")
    other.keyboard.press("Control+z")
    expect(card(other, "Start")).to_contain_text("Theirs.")
    saved(other)
    field(page, "Greeting").fill("Mine again.")
    page.get_by_role("button", name="Keep mine").click()
    saved(page)
    page.reload()
    expect(card(page, "Start")).to_contain_text("Mine again.")


def test_the_path_of_a_tried_conversation_is_lit(page: Page) -> None:
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('voiceops:path', {detail: {nodes: ['booking'], current: 'booking'}}))"
    )
    expect(card(page, "Booking").locator(".lit-current")).to_be_visible()
    page.evaluate("document.dispatchEvent(new CustomEvent('voiceops:path', {detail: {nodes: [], current: ''}}))")
    expect(page.locator(".lit-current")).to_have_count(0)


def test_a_phone_shows_the_drawing_and_leads_to_the_outline(page: Page, context: BrowserContext) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    expect(card(page, "Start")).to_be_visible()
    expect(page.locator(".canvas-palette")).to_have_count(0)
    page.get_by_role("link", name="Change it in the outline").click()
    expect(page.get_by_label("Greeting", exact=True)).to_be_visible()
