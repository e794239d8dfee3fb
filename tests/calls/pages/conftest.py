from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from agents.models import Agent, AgentVersion
from tenants.people.models import User
from tests.world import HOST, World


@pytest.fixture
def front_desk(agency: World) -> Agent:
    agent = Agent.objects.create(client=agency.bright_dental, name="Front desk")
    agent.published = AgentVersion.objects.create(agent=agent, number=1, content={})
    agent.save()
    return agent


@pytest.fixture
def workshop(agency: World) -> Agent:
    return Agent.objects.create(client=agency.corner_garage, name="Workshop")


@pytest.fixture
def browser() -> Callable[[User], Client]:
    def signed_in(person: User, host: str = HOST) -> Client:
        client = Client(headers={"host": host})
        client.force_login(person)
        return client

    return signed_in
