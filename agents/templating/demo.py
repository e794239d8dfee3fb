"""The template of the demo agency: two clients' desks from one agent, and a second version that waits to be rolled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import actions as agents
from agents.content import read
from agents.models import Agent, Template
from agents.templating import actions
from agents.templating.propose import proposals
from tenants.clients.models import Client
from tenants.people.models import User

NAME = "Service desk for workshops"
_LAKESIDE = {
    "business_name": "Lakeside Dental Lab",
    "hours": "Mon-Thu 08:00-16:00\nFri 08:00-13:00",
    "address": "7 Shore Road, Lakeside",
    "services": "crowns, bridges and dentures",
}
_ANNEX = {"business_name": "Northside Tires", "hours": "Mon-Sat 08:00-18:00", "services": "tires and rims"}


def create_demo_template(master: Agent, clients: Mapping[str, Client], actor: User) -> Template:
    """Made once; running it again changes nothing."""
    found = Template.objects.filter(name=NAME).first()
    if found is not None:
        return found
    content = read(master.draft).content
    assert content is not None
    rows = [_declared(one) for one in proposals(master, content.document()) if one.wise]
    template = actions.make(
        actor, master, name=NAME, description="Books cars in, tells prices, takes messages.", parameters=rows
    )
    lab = actions.instantiate(actor, template, clients["Bright Dental"], name="Lab desk", values=_LAKESIDE).agent
    tires = actions.instantiate(actor, template, master.client, name="Tire desk", values=_ANNEX).agent
    actions.instantiate(
        actor, template, master.client, name="Night desk", values=_ANNEX | {"business_name": "Northside Night"}
    )
    _say(actor, tires, "Northside Tires, hello! Winter or summer?")
    _say(actor, lab, "Lakeside Dental Lab, good day.")
    _say(actor, master, "Northside Auto, service desk. How can I help you with your car?")
    template.refresh_from_db()
    actions.publish(actor, template, notes="Asks about the car at once")
    return template


def _declared(one: Any) -> dict[str, Any]:
    row: dict[str, Any] = one.parameter.model_dump(mode="json")
    return row | ({} if row["name"] in ("business_name", "hours") else {"default": row["default"] or row["stands_for"]})


def _say(actor: User, agent: Agent, greeting: str) -> None:
    agent.refresh_from_db()
    document = {**agent.draft, "flow": {**agent.draft["flow"], "greeting": greeting}}
    agents.save_draft(actor, agent, document, agent.draft_revision)
    agent.refresh_from_db()
    agents.publish(actor, agent, notes="Another greeting", anyway=True)
