"""Writing tests: made by hand, saved from a conversation, changed, copied, removed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from agents.models import Agent, AgentTest
from agents.simulate.shape import Scenario
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

MOST_TESTS = 100
LONGEST_NAME = 120


def save(actor: User | None, agent: Agent, name: str, scenario: Scenario, test: AgentTest | None = None) -> AgentTest:
    """A new test, or another name and content of `test`. Raises InvalidInput, whose `field` names what is wrong."""
    name = _named(name)
    document = scenario.model_dump(mode="json")
    with transaction.atomic():
        Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
        if test is None and agent.tests.count() >= MOST_TESTS:
            raise InvalidInput(f"An agent has at most {MOST_TESTS} tests. Delete one that says little.")
        others = agent.tests.filter(name__iexact=name)
        if (others.exclude(pk=test.pk) if test else others).exists():
            raise InvalidInput(f"There is a test called “{name}” already.", "name")
        if test is None:
            test = AgentTest.objects.create(agent=agent, name=name, scenario=document, created_by=actor)
            audit.record(actor, "agent.test_added", agent, data={"test": name})
        elif (test.name, test.scenario) != (name, document):
            if test.scenario != document:
                test.changed_at = timezone.now()
            test.name, test.scenario = name, document
            test.save(update_fields=["name", "scenario", "changed_at"])
            audit.record(actor, "agent.test_changed", agent, data={"test": name})
    return test


def duplicate(actor: User, test: AgentTest) -> AgentTest:
    return save(actor, test.agent, free_name(test.agent, test.name), Scenario.model_validate(test.scenario))


def delete(actor: User, test: AgentTest) -> None:
    with transaction.atomic():
        audit.record(actor, "agent.test_removed", test.agent, data={"test": test.name})
        test.delete()


def free_name(agent: Agent, wish: str) -> str:
    """`wish`, or the same with a number, so that no other test has it."""
    wish = " ".join(wish.split())[: LONGEST_NAME - 5] or "A conversation"
    taken = {name.casefold() for name in agent.tests.values_list("name", flat=True)}
    name, number = wish, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wish} {number}"
    return name


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("Give the test a name.", "name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"Keep the name to {LONGEST_NAME} letters.", "name")
    return name
