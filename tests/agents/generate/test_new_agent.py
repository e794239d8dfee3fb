"""The dialog of a new agent: templates to browse, and example tests that come along."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agents import actions
from agents.demo import create_demo_agents
from agents.generate import builtin
from agents.models import Agent
from tests.agents.conftest import browser
from tests.world import World

pytestmark = pytest.mark.db


def test_every_template_is_a_card_with_an_outline(agency: World) -> None:
    page = browser(agency.bob)
    shown = page.get(reverse("new_agent"), headers={"HX-Request": "true"}).content.decode()
    for name in builtin.names():
        assert f'value="{name}"' in shown
        outline = page.get(reverse("new_agent_outline"), {"template": name}).content.decode()
        assert builtin.template(name)["label"] in outline
        assert "A call ends as" in outline
    assert page.get(reverse("new_agent_outline"), {"template": "../secrets"}).content.decode().strip() == ""
    assert browser(agency.dana).get(reverse("new_agent_outline")).status_code == 404


def test_a_chosen_template_is_made_with_its_tests(agency: World) -> None:
    posted = {
        "name": "Tables",
        "client": str(agency.bright_dental.pk),
        "call_type": "inbound",
        "purpose": "We're open daily 5 pm to 11 pm",
        "template": "restaurant",
    }
    answer = browser(agency.bob).post(reverse("new_agent"), posted)
    assert answer.status_code == 302
    made = Agent.objects.get(name="Tables")
    assert "guests" in str(made.draft)
    assert made.draft["flow"]["hours"]["openings"][0]["begin"] == "17:00"
    assert made.tests.count() >= 3
    refused = browser(agency.bob).post(reverse("new_agent"), posted | {"name": "Other", "template": "common"})
    assert refused.status_code == 422


def test_the_tests_of_an_agent_are_stored_with_it(agency: World) -> None:
    made = actions.create(
        agency.alice, agency.bright_dental, name="Desk", call_type="inbound", purpose="Dental practice, books visits"
    )
    assert [test.name for test in made.agent.tests.all()] == [example.name for example in made.made.tests]
    assert made.made.tests


def test_agents_of_the_demo_have_tests_too(agency: World) -> None:
    made = create_demo_agents({"Bright Dental": agency.bright_dental})
    assert len(made) == 2
    for agent in made.values():
        assert agent.tests.count() >= 3
