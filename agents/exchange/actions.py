"""A file becomes an agent of a client: as a draft, which somebody looks at before callers hear it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import actions as agents
from agents import around
from agents.accounts.queries import active
from agents.checks import place_of_choice
from agents.content import AgentContent, Choice, Choices
from agents.exchange.file import Read, written
from agents.flow.problems import Problem
from agents.models import Agent, AgentTest, AgentVersion, ProviderAccount
from media_worker.providers.registry import vendor as vendor_named
from tenants.audit import actions as audit
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput


@dataclass(frozen=True)
class Imported:
    """The agent, not published. `notes` say what is otherwise than in the file, `problems` what to mend."""

    agent: Agent
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def export(actor: User, agent: Agent, version: AgentVersion | None = None) -> str:
    """The draft, or a version, as a file."""
    document = version.content if version else agent.draft
    tests = [(test.name, test.scenario) for test in AgentTest.objects.filter(agent=agent)]
    text = written(agent, document, tests, version.number if version else None)
    with transaction.atomic():
        audit.record(actor, "agent.exported", agent, data={"version": version.number if version else "draft"})
    return text


def import_agent(actor: User, client: Client, read: Read, *, name: str = "", own_accounts: bool = True) -> Imported:
    """`own_accounts`: where the file names a vendor with whom the agency has an account, that account is used; without
    one, and where there is none, the built-in. Raises InvalidInput, whose `field` names what is wrong.
    """
    name = agents.checked_name(name or read.file.name)
    agents.check_call_type(read.file.call_type)
    content, notes = _with_accounts(read.content, own_accounts)
    document = content.model_copy(update={"origin": None}).document()
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=client.pk)
        if client.archived_at:
            raise InvalidInput(f"{client.name} is archived. Restore the client first.", "client")
        agents.refuse_taken_name(client, name)
        agent = Agent.objects.create(
            client=client,
            name=name,
            call_type=read.file.call_type,
            purpose=read.file.purpose,
            draft=document,
            draft_saved_at=timezone.now(),
            created_by=actor,
        )
        AgentTest.objects.bulk_create(
            AgentTest(agent=agent, name=name, scenario=scenario.model_dump(mode="json"), created_by=actor)
            for name, scenario in read.tests
        )
        audit.record(actor, "agent.imported", agent, data={"tests": len(read.tests), "from": read.file.name})
    problems = tuple(around.reading(agent).blocking)
    return Imported(agent, (*read.notes, *notes), problems)


def _with_accounts(content: AgentContent, own: bool) -> tuple[AgentContent, list[str]]:
    """The content with accounts of this agency, and what that changed."""
    by_vendor: dict[str, ProviderAccount] = {}
    for account in active():
        by_vendor.setdefault(account.vendor, account)
    notes: list[str] = []
    update: dict[str, Any] = {}
    for talent, where, choice in content.models.every():
        place = place_of_choice(talent, where)
        found = _choice(choice, by_vendor if own else {})
        if found is None:
            notes.append(f"{place}: there is no account with {_label(choice)} here, so {_instead(where)}.")
        elif found.account:
            notes.append(f"{place}: the account “{by_vendor[choice.vendor].label}” is used.")
        if len(where) == 1:
            update[str(where[0])] = found or (Choice() if where[0] in ("stt", "llm", "tts") else None)
        else:
            update.setdefault(str(where[0]), []).extend([found] if found else [])
    models = Choices.model_validate({**dict(_fields(content.models)), **update})
    return content.model_copy(update={"models": models}), notes


def _fields(models: Choices) -> Iterator[tuple[str, Any]]:
    for name in type(models).model_fields:
        yield name, getattr(models, name)


def _choice(choice: Choice, accounts: dict[str, ProviderAccount]) -> Choice | None:
    """The same choice with an account of this agency; None where it cannot be."""
    try:
        vendor = vendor_named(choice.vendor)
    except KeyError:
        return None
    if not vendor.account:
        return choice.model_copy(update={"account": None})
    account = accounts.get(choice.vendor)
    return choice.model_copy(update={"account": account.pk}) if account else None


def _label(choice: Choice) -> str:
    try:
        return vendor_named(choice.vendor).label
    except KeyError:
        return f"“{choice.vendor}”"


def _instead(where: tuple[str | int, ...]) -> str:
    return "the built-in is used" if len(where) == 1 and where[0] in ("stt", "llm", "tts") else "it is left out"
