"""Bob fills in what a client's agent will say and hears it at once, and rolls a new version out and back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django_tenants.utils import schema_context
from playwright.sync_api import BrowserContext, expect

from agents import actions as agents
from agents.models import Template
from agents.templating import actions
from tests.live import LiveStack
from tests.world import load_world

pytestmark = pytest.mark.browser
PERSON = "bob@alice.example"


@pytest.fixture
def template(live_database: LiveStack) -> Template:
    """A template with one instance, which is a version behind and says nothing in its own words."""
    name = f"Desk {uuid4().hex[:8]}"
    world = load_world()
    with schema_context("alice"):
        master = agents.create(
            world.bob, world.bright_dental, name=name, call_type="inbound", purpose="Front desk.", ask_model=False
        ).agent
        rows = [{"name": "business_name", "label": "Business name", "stands_for": "Bright Dental"}]
        made = actions.make(world.bob, master, name=name, parameters=rows)
        actions.instantiate(world.bob, made, world.corner_garage, name=name, values={"business_name": "Garage"})
        document = {**master.draft, "flow": {**master.draft["flow"], "greeting": "Bright Dental, how can I help?"}}
        master.refresh_from_db()
        agents.save_draft(world.bob, master, document, master.draft_revision)
        actions.publish(world.bob, made, notes="Shorter")
        return made


def test_what_an_agent_will_say_is_shown_while_its_values_are_typed(
    context: BrowserContext, template: Template
) -> None:
    page = context.new_page()
    page.goto(f"/library/templates/{template.pk}/use/")
    spoken = page.locator("#spoken")
    expect(spoken).to_contain_text("(Business name), how can I help?")
    page.get_by_label("Business name").fill("Peter’s <i>Pizza</i>")
    expect(spoken).to_contain_text("Peter’s <i>Pizza</i>, how can I help?", timeout=20_000)
    page.get_by_label("Business name").fill("{{caller}}")
    expect(spoken).to_contain_text("Leave out the brackets", timeout=20_000)


def test_a_new_version_is_rolled_out_after_the_agents_tests_and_taken_back(
    context: BrowserContext, template: Template
) -> None:
    page = context.new_page()
    page.on("dialog", lambda asked: asked.accept())
    page.goto(f"/library/templates/{template.pk}/")
    page.get_by_label("All that have an older version").check()
    page.get_by_role("button", name="Roll out to the chosen ones").click()
    row = page.locator("#progress tbody tr")
    expect(row).to_contain_text("Callers hear version 2.", timeout=90_000)
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Roll the chosen ones back").click()
    expect(page.locator("#progress tbody tr")).to_contain_text("It is as it was before.", timeout=20_000)
