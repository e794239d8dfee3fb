from __future__ import annotations

from typing import Any

import pytest

from agents import actions as agents
from agents.models import Agent, Template
from agents.templating import actions
from tests.world import World

HOURS = "Mon-Fri 08:00-17:00"
PURPOSE = "Front desk of the dental practice Bright Dental. Open Monday to Friday, 8 am to 5 pm."


def parameters() -> list[dict[str, Any]]:
    return [
        {"name": "business_name", "label": "Business name", "stands_for": "Bright Dental"},
        {
            "name": "hours",
            "label": "Opening hours",
            "kind": "hours",
            "default": HOURS,
            "stands_for": "Monday to Friday, 8 am to 5 pm",
        },
        {"name": "voice", "label": "Voice", "kind": "voice", "default": "en-us"},
    ]


@pytest.fixture
def template(front_desk: Agent, agency: World) -> Template:
    """Bob's template of Bright Dental's front desk, in version 1. Its tests would need a media worker: they are gone."""
    front_desk.tests.all().delete()
    return actions.make(agency.bob, front_desk, name="Front desk", parameters=parameters())


@pytest.fixture
def garage(template: Template, agency: World) -> Agent:
    """Corner Garage's instance."""
    return instance(template, agency, "Reception")


def instance(template: Template, agency: World, name: str, **values: str) -> Agent:
    given = {"business_name": "Corner Garage", "hours": "Mon-Sat 7-18"} | values
    made = actions.instantiate(agency.bob, template, agency.corner_garage, name=name, values=given)
    assert made.problems == ()
    return made.agent


def edit_draft(agency: World, agent: Agent, **flow: Any) -> Agent:
    """Bob edits the draft as its page does."""
    agent.refresh_from_db()
    document = {**agent.draft, "flow": {**agent.draft["flow"], **flow}}
    agents.save_draft(agency.bob, agent, document, agent.draft_revision)
    agent.refresh_from_db()
    return agent


def publish_next(agency: World, template: Template, **flow: Any) -> Any:
    """The master is edited and published as the template's next version."""
    template.refresh_from_db()
    edit_draft(agency, template.master, **flow)
    version = actions.publish(agency.bob, template)
    template.refresh_from_db()
    return version
