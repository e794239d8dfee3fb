"""Calls from the browser: the page that talks is the phone."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from agents.content import read
from agents.models import Agent
from calls import capacity, live
from calls.models import Call
from calls.reasons import MEANINGS
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput, LimitReached

CARRIER = "web"


def begin(agent: Agent, person: User, draft: bool = False) -> Call:
    """A ringing call to the agent's published version, or to its draft as it is now.

    Raises InvalidInput or LimitReached with a sentence for the person.
    """
    if agent.archived_at is not None:
        raise InvalidInput("This agent is archived.")
    if draft and (problems := read(agent.draft).blocking):
        raise InvalidInput(f"The draft cannot be tried yet. {problems[0].place}: {problems[0].sentence}")
    if not draft and agent.published is None:
        raise InvalidInput("This agent has no published version. Publish it first.")
    with transaction.atomic():
        refusal = capacity.refusal(agent.client)
        if refusal is not None:
            raise LimitReached(MEANINGS[refusal].sentence)
        call = Call.objects.create(
            client=agent.client,
            agent=agent,
            agent_version=None if draft else agent.published,
            carrier=CARRIER,
            direction=Call.Direction.WEB,
            caller=str(person)[:64],
            called=agent.name[:64],
            status=Call.Status.RINGING,
            ringing_at=timezone.now(),
            test=draft,
        )
        live.call_changed(call, "new")
    return call


def go_on(call: Call) -> Call:
    """The same call again, after its line was lost. Raises InvalidInput when it is over."""
    if call.carrier != CARRIER or call.status == Call.Status.ENDED:
        raise InvalidInput("This call is over.")
    return call
