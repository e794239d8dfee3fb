"""Bob works with templates in the browser; Dana, who is a client's, and Charlie, a stranger, find nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from agents import actions as agents
from agents.models import Agent, RollOut, Template
from agents.templating import rolling
from agents.templating.forms import name_of
from tests.agents.conftest import browser
from tests.agents.templating.conftest import edit_draft, instance, parameters, publish_next
from tests.world import RIVAL_HOST, World

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker would be handed is done at once."""
    monkeypatch.setattr(rolling, "hand_over", rolling.work)


def rows(declared: list[dict[str, Any]]) -> dict[str, Any]:
    """The parameters as their page posts them."""
    posted: dict[str, Any] = {"form-TOTAL_FORMS": len(declared), "form-INITIAL_FORMS": 0}
    for number, row in enumerate(declared):
        posted |= {f"form-{number}-{key}": value for key, value in ({"keep": "on", "required": "on"} | row).items()}
    return posted


def test_bob_makes_a_template_from_the_agents_menu(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    assert "Make a template of it" in page.get(reverse("agent", args=[front_desk.pk])).content.decode()
    where = reverse("make_template", args=[front_desk.pk])
    shown = page.get(where).content.decode()
    assert "Bright Dental" in shown
    assert "Mon-Fri 08:00-17:00" in shown
    answer = page.post(where, {"name": "Desk", "description": "For dentists"} | rows(parameters()), follow=True)
    assert answer.status_code == 200
    assert "No client has an agent from it yet" in answer.content.decode()
    template = Template.objects.get()
    assert (template.name, template.latest.number if template.latest else 0) == ("Desk", 1)
    assert "Desk" in page.get(reverse("templates")).content.decode()
    assert page.get(reverse("new_template")).status_code == 200


def test_what_is_wrong_comes_back_with_what_was_typed(front_desk: Agent, agency: World) -> None:
    row = {"label": "Town", "kind": "text", "stands_for": "Springfield"}
    where = reverse("make_template", args=[front_desk.pk])
    answer = browser(agency.bob).post(where, {"name": "Desk"} | rows([row]))
    assert answer.status_code == 422
    assert "stands nowhere" in answer.content.decode()
    assert "Springfield" in answer.content.decode()


def test_a_clients_agent_is_made_with_a_preview_of_what_it_says(template: Template, agency: World) -> None:
    page, where = browser(agency.bob), reverse("use_template", args=[template.pk])
    assert page.get(where).status_code == 200
    typed = {"value-business_name": "Garage <b>One</b>", "value-hours": "Mon 9-12", "value-voice": "en-us"}
    preview = page.post(reverse("preview_template", args=[template.pk]), typed).content.decode()
    assert "Garage &lt;b&gt;One&lt;/b&gt;" in preview
    assert "Monday 9 am to noon" in preview
    wrong = page.post(reverse("preview_template", args=[template.pk]), typed | {"value-hours": "whenever"})
    assert "not understood" in wrong.content.decode()
    chosen = {"client": agency.corner_garage.pk, "name": "Reception", "call_type": "inbound"}
    refused = page.post(where, chosen | typed | {"value-business_name": "{{x}}"})
    assert (refused.status_code, "brackets" in refused.content.decode()) == (422, True)
    made = page.post(where, chosen | typed)
    agent = Agent.objects.get(client=agency.corner_garage)
    assert made["Location"] == reverse("agent", args=[agent.pk])
    assert agent.published is not None


def test_a_new_version_is_published_looked_at_and_rolled_out_and_back(
    template: Template, garage: Agent, agency: World
) -> None:
    page, where = browser(agency.bob), reverse("template", args=[template.pk])
    edit_draft(agency, template.master, greeting="Good day, this is Bright Dental.")
    assert "The master has changed since" in page.get(where).content.decode()
    publishing = reverse("publish_template", args=[template.pk])
    assert "Good day" in page.get(publishing).content.decode()
    assert page.post(publishing, {"notes": "Politer"} | rows(parameters())).status_code == 302
    assert "Version 2 is offered to 1 of 1" in page.get(where).content.decode()
    assert "Politer" in page.get(reverse("template_version", args=[template.pk, 2])).content.decode()
    one = reverse("template_instance", args=[template.pk, garage.pk])
    assert "Good day" in page.get(one).content.decode()
    begun = page.post(reverse("start_roll_out", args=[template.pk]), {"agent": [garage.pk], "rule": "leave"})
    roll_out = RollOut.objects.get()
    rolling.work(roll_out.pk)
    result = page.get(begun["Location"]).content.decode()
    assert "Callers hear version 2" in result
    back = reverse("roll_out_back", args=[roll_out.pk])
    assert "1 as before" in page.post(back, {"agent": [garage.pk]}, follow=True).content.decode()
    assert "Choose at least one" in page.post(back, {"agent": ["x"]}, follow=True).content.decode()
    assert page.post(reverse("go_on_rolling_out", args=[roll_out.pk])).status_code == 302


def test_where_both_changed_the_page_asks_and_does_as_it_is_told(
    template: Template, garage: Agent, agency: World
) -> None:
    edit_draft(agency, garage, greeting="Hi, own words!")
    agents.publish(agency.bob, garage)
    publish_next(agency, template, greeting="Good day, this is Bright Dental.")
    page, one = browser(agency.bob), reverse("template_instance", args=[template.pk, garage.pk])
    shown = page.get(one).content.decode()
    assert "Keep the agent’s" in shown
    assert "1 place changed on both sides" in shown
    looked = page.post(one, {"choice:flow/greeting": "template"})
    assert looked.status_code == 200
    assert not RollOut.objects.exists()
    begun = page.post(one, {"choice:flow/greeting": "template", "roll": "1"})
    assert begun.status_code == 302
    rolling.work(RollOut.objects.get().pk)
    garage.refresh_from_db()
    assert garage.published is not None
    assert garage.published.content["flow"]["greeting"] == "Good day, this is Corner Garage."


def test_a_value_that_a_new_version_asks_for_is_given_on_the_instances_page(
    template: Template, garage: Agent, agency: World
) -> None:
    edit_draft(agency, template.master, greeting="Bright Dental in Springfield, hello.")
    page = browser(agency.bob)
    declared = [*parameters(), {"label": "Town", "stands_for": "Springfield"}]
    assert page.post(reverse("publish_template", args=[template.pk]), rows(declared)).status_code == 302
    one = reverse("template_instance", args=[template.pk, garage.pk])
    assert "asks for more" in page.get(one).content.decode()
    assert page.post(one, {"roll": "1"}).status_code == 422
    assert page.post(one, {"roll": "1", "value-town": "Shelbyville"}).status_code == 302
    rolling.work(RollOut.objects.get().pk)
    garage.refresh_from_db()
    assert garage.published is not None
    assert garage.published.content["flow"]["greeting"] == "Corner Garage in Shelbyville, hello."


def test_the_tab_of_an_instance_changes_values_and_gives_up_own_words(garage: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("agent_template", args=[garage.pk])
    assert reverse("agent_template", args=[garage.pk]) in page.get(reverse("agent", args=[garage.pk])).content.decode()
    edit_draft(agency, garage, greeting="Hi, own words!")
    assert "Hi, own words!" in page.get(where).content.decode()
    typed = {"value-business_name": "Garage One", "value-hours": "Mon-Sat 7-18", "value-voice": "en-us"}
    assert "1 of its own texts stay" in page.post(where, typed, follow=True).content.decode()
    assert page.post(where, typed | {"value-hours": "?"}).status_code == 422
    page.post(reverse("give_up_overrides", args=[garage.pk]), {"place": ["flow/greeting"]})
    garage.refresh_from_db()
    assert "Garage One" in garage.draft["flow"]["greeting"]
    agents.save_draft(agency.bob, garage, {**garage.draft, "flow": {"greeting": 1}}, garage.draft_revision)
    assert "cannot be compared" in page.get(where).content.decode()
    page.post(reverse("detach_agent", args=[garage.pk]))
    assert page.get(where).status_code == 404


def test_name_and_archive(template: Template, agency: World) -> None:
    page = browser(agency.bob)
    details = reverse("template_details", args=[template.pk])
    assert page.get(details, headers={"hx-request": "true"}).status_code == 200
    answer = page.post(details, {"name": "Reception", "description": "x", "master": template.master_id})
    assert answer.status_code == 302
    assert page.post(details, {"name": ""}).status_code == 422
    assert page.post(reverse("archive_template", args=[template.pk])).status_code == 302
    assert "Reception" in page.get(f"{reverse('templates')}?archived=1").content.decode()
    assert "makes no new agents" in page.get(reverse("template", args=[template.pk])).content.decode()
    assert page.get(reverse("use_template", args=[template.pk])).status_code == 302
    assert page.post(reverse("unarchive_template", args=[template.pk])).status_code == 302


def test_whoever_is_no_builder_finds_nothing(template: Template, garage: Agent, agency: World) -> None:
    assert template.latest is not None
    roll_out = rolling.start(agency.bob, template.latest, [garage])
    addresses = [
        reverse("library"),
        reverse("templates"),
        reverse("new_template"),
        reverse("template", args=[template.pk]),
        reverse("template_details", args=[template.pk]),
        reverse("publish_template", args=[template.pk]),
        reverse("template_version", args=[template.pk, 1]),
        reverse("use_template", args=[template.pk]),
        reverse("template_instance", args=[template.pk, garage.pk]),
        reverse("roll_out", args=[roll_out.pk]),
        reverse("make_template", args=[garage.pk]),
        reverse("agent_template", args=[garage.pk]),
    ]
    posted = [
        reverse("archive_template", args=[template.pk]),
        reverse("unarchive_template", args=[template.pk]),
        reverse("preview_template", args=[template.pk]),
        reverse("start_roll_out", args=[template.pk]),
        reverse("go_on_rolling_out", args=[roll_out.pk]),
        reverse("roll_out_back", args=[roll_out.pk]),
        reverse("give_up_overrides", args=[garage.pk]),
        reverse("detach_agent", args=[garage.pk]),
    ]
    bob = browser(agency.bob)
    for person in (agency.dana, agency.erin):
        page = browser(person)
        assert {page.get(address).status_code for address in addresses} == {404}
        assert {page.post(address).status_code for address in posted} == {404}
        assert "Library" not in page.get(reverse("agents")).content.decode()
    assert {bob.get(address, follow=True).status_code for address in addresses} == {200}
    nobody = browser(None, RIVAL_HOST)
    assert {nobody.get(address).status_code for address in addresses} <= {302, 404}
    unknown = [reverse("template", args=[uuid4()]), reverse("roll_out", args=[uuid4()])]
    assert {bob.get(address).status_code for address in unknown} == {404}


def test_an_instance_of_another_template_is_not_reached_through_this_one(
    template: Template, front_desk: Agent, agency: World
) -> None:
    page = browser(agency.bob)
    assert page.get(reverse("template_instance", args=[template.pk, front_desk.pk])).status_code == 404
    answer = page.post(
        reverse("start_roll_out", args=[template.pk]), {"agent": [front_desk.pk], "rule": "leave"}, follow=True
    )
    assert "at least one instance" in answer.content.decode()
    assert instance(template, agency, "Real").published is not None


def test_a_label_becomes_a_name() -> None:
    assert [name_of(text) for text in ("Business name", "Öffnungszeiten!", "24 hours")] == [
        "business_name",
        "offnungszeiten",
        "p_24_hours",
    ]
