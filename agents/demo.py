"""The agents of the demo agency. Made the way people make them: from a description, by the built-in generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents import actions
from agents.models import Agent, Tool
from agents.tools import actions as tools
from agents.tools.actions import ToolDraft
from tenants.clients.models import Client
from tenants.people.models import User

FRONT_DESK = "Front desk"


@dataclass(frozen=True)
class Wanted:
    client: str
    name: str
    call_type: str
    purpose: str


WANTED = (
    Wanted(
        "Bright Dental",
        FRONT_DESK,
        "inbound",
        "Front desk of the dental practice Bright Dental. It answers the phone, books appointments and takes messages. "
        "We're open Monday to Friday, 8 am to 5 pm, and Saturday 9 am to 1 pm. "
        "We are located at 120 Main Street, Springfield. We offer cleanings, fillings, whitening and root canals. "
        "Parking is free behind the building. We accept most dental insurance plans. "
        "A cleaning costs ninety dollars.",
    ),
    Wanted(
        "Bright Dental",
        "Appointment reminders",
        "outbound",
        "Remind patients of their upcoming appointment, confirm it, or find another time. "
        "We're open Monday to Friday, 8 am to 5 pm. We are located at 120 Main Street, Springfield.",
    ),
    Wanted(
        "Northside Auto",
        "Service desk",
        "inbound",
        "Reception of a garage. It books cars in for service and takes messages. "
        "We're open Monday to Friday, 7 am to 6 pm. We are located at 48 Industrial Way, Northside. "
        "We repair brakes, tires, engines and air conditioning. An oil change costs fifty dollars. "
        "You can wait inside, parking is in front of the shop.",
    ),
)


def create_demo_agents(clients: Mapping[str, Client], actor: User | None = None) -> dict[tuple[str, str], Agent]:
    """The agents that are missing, made and published; all of them by client's name and agent's name."""
    found: dict[tuple[str, str], Agent] = {}
    for wanted in WANTED:
        client = clients.get(wanted.client)
        if client is None:
            continue
        agent = Agent.objects.filter(client=client, name=wanted.name).first()
        found[wanted.client, wanted.name] = (
            agent
            or actions.create(
                actor,
                client,
                name=wanted.name,
                call_type=wanted.call_type,
                purpose=wanted.purpose,
                ask_model=False,
            ).agent
        )
    return found


def create_demo_tools(actor: User, clients: Mapping[str, Client]) -> None:
    """Tools to look at: a transfer that works, and a look-up at an address that does not exist, with a mock."""
    dental = clients.get("Bright Dental")
    if dental is None:
        return
    patient = {
        "url": "https://crm.bright-dental.example/patients/{{number}}",
        "parameters": [{"name": "number", "type": "phone", "about": "The caller’s number.", "source": "variable", "value": "caller", "trusted": True}],
        "auth": "bearer",
        "mapping": [{"name": "first_name", "path": "patient.first_name"}, {"name": "next_visit", "path": "visits.0.day"}],
    }  # fmt: skip
    wanted = (
        ToolDraft(
            "http", "patient", "Patient", "I cannot see your file at the moment.", dental.pk,
            about="Finds the patient who is calling, and the next visit.", config=patient,
            waiting="One moment, I am opening your file.",
            mocks={"": {"ok": True, "text": "Ann, next visit on 2026-12-01", "variables": {"first_name": "Ann", "next_visit": "2026-12-01"}}},
        ),
        ToolDraft(
            "transfer", "put_through", "Put through", "Nobody picks up. May I take a message?", dental.pk,
            config={"numbers": [{"name": "reception", "number": "+14155550177", "about": "When the caller asks for a person."}]},
        ),
    )  # fmt: skip
    for draft in wanted:
        if not Tool.objects.filter(client=dental, name=draft.name).exists():
            tools.create(actor, draft)
