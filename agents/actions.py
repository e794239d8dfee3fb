"""Making agents and changing what they say. Every write is one transaction with its row in the audit log."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents import around
from agents.accounts.queries import account_problems
from agents.content import Reading, refuse_oversized, whole, with_origin_of
from agents.errors import DraftConflict, NotPublishable
from agents.generate import LONGEST_PURPOSE, Generated, Request
from agents.generate.make import generate
from agents.models import Agent, AgentTest, AgentVersion
from agents.simulate.gate import TestsFail, standing
from tenants.audit import actions as audit
from tenants.audit.models import AuditEvent
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

LONGEST_NAME = 120
LONGEST_NOTE = 300
DRAFT_AUDIT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Created:
    """The agent, published as version 1, and how it came about."""

    agent: Agent
    made: Generated


@dataclass(frozen=True)
class Saved:
    """The draft as it is now. `reading` says what is wrong with it."""

    revision: int
    at: datetime
    reading: Reading


def create(
    actor: User | None,
    client: Client,
    *,
    name: str,
    call_type: str,
    purpose: str,
    template: str = "",
    ask_model: bool = True,
) -> Created:
    """From plain words to a published agent with example tests. Raises InvalidInput, whose `field` names what is wrong.

    `template`: a built-in one that was chosen. `ask_model`: let the agency's own language model write it, when one is
    set up and no template was chosen.
    """
    name, purpose = checked_name(name), purpose.strip()
    _check_new(client, call_type, purpose)
    made = generate(Request(purpose, client.name, call_type, name, template=template), ask_model=ask_model)
    document = made.content.document()
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)
        refuse_taken_name(client, name)
        agent = Agent.objects.create(
            client=client,
            name=name,
            call_type=call_type,
            purpose=purpose,
            draft=document,
            draft_saved_at=timezone.now(),
            created_by=actor,
        )
        agent.published = AgentVersion.objects.create(
            agent=agent, number=1, content=document, notes=f"Made from “{made.label}”", published_by=actor
        )
        agent.save(update_fields=["published"])
        for example in made.tests:
            scenario = example.scenario.model_dump(mode="json")
            AgentTest.objects.create(agent=agent, name=example.name, scenario=scenario, created_by=actor)
        audit.record(actor, "agent.created", agent, data={"call_type": call_type, "template": made.template})
    return Created(agent, made)


def save_draft(actor: User, agent: Agent, document: object, revision: int) -> Saved:
    """Keep the draft as it is, complete or not. `revision` is the one it was read at.

    Raises DraftConflict when somebody else saved in between, DraftRefused when it can be no draft at all.
    """
    document = refuse_oversized(document)
    reading = around.reading(agent, document)
    if reading.content is not None:
        document = reading.content.document()
    with transaction.atomic():
        agent = locked(agent.pk)
        document = with_origin_of(document, agent.draft)
        if document == agent.draft:
            return Saved(agent.draft_revision, agent.draft_saved_at or agent.updated_at, reading)
        if revision != agent.draft_revision:
            raise DraftConflict(agent.draft_revision)
        saved = put_draft(agent, document)
        if not _audited_lately(actor, agent):
            audit.record(actor, "agent.draft_changed", agent, data={"revision": saved.revision})
    return saved


def publish(
    actor: User, agent: Agent, *, revision: int | None = None, notes: str = "", anyway: bool = False
) -> AgentVersion:
    """Make the draft what callers hear from the next call on; calls that run keep their version.

    Raises NotPublishable with every problem, DraftConflict when `revision` is not the draft's any more, InvalidInput
    when nothing changed, TestsFail when a test fails or has not run against this draft, unless `anyway`.
    """
    with transaction.atomic():
        agent = locked(agent.pk)
        if revision is not None and revision != agent.draft_revision:
            raise DraftConflict(agent.draft_revision)
        reading = around.reading(agent)
        problems = [*reading.blocking, *(account_problems(reading.content) if reading.content else ())]
        if reading.content is None or problems:
            raise NotPublishable(problems)
        document = reading.content.document()
        if agent.published and whole(agent.published.content) == whole(document):
            raise InvalidInput(f"Nothing has changed since version {agent.published.number}.")
        tests = standing(agent)
        if not tests.passing and not anyway:
            raise TestsFail(tests)
        version = put_version(actor, agent, document, notes)
        despite = {} if tests.passing else {"failing_tests": len(tests.failing), "tests_not_run": len(tests.unknown)}
        audit.record(actor, "agent.published", agent, data={"version": version.number, **despite})
    return version


def restore(actor: User, agent: Agent, version: AgentVersion) -> Saved:
    """Put an old version into the draft. The draft it replaces is kept: `undo_restore` brings it back."""
    with transaction.atomic():
        agent = locked(agent.pk)
        agent.draft_before = agent.draft
        saved = put_draft(agent, version.content, "draft_before")
        audit.record(actor, "agent.version_restored", agent, data={"version": version.number})
    return saved


def undo_restore(actor: User, agent: Agent) -> Saved:
    """Raises InvalidInput when there is nothing to undo."""
    with transaction.atomic():
        agent = locked(agent.pk)
        before = agent.draft_before
        if before is None:
            raise InvalidInput("There is no earlier draft to bring back.")
        agent.draft_before = None
        saved = put_draft(agent, before, "draft_before")
        audit.record(actor, "agent.restore_undone", agent)
    return saved


def roll_back(actor: User, agent: Agent, version: AgentVersion) -> AgentVersion:
    """Callers hear this old version again from the next call on, as a new version. The draft stays as it is."""
    with transaction.atomic():
        agent = locked(agent.pk)
        if agent.published and agent.published.content == version.content:
            raise InvalidInput(f"Version {agent.published.number} says the same already.")
        new = put_version(actor, agent, version.content, f"Back to version {version.number}")
        audit.record(actor, "agent.rolled_back", agent, data={"version": new.number, "to": version.number})
    return new


def change_details(actor: User, agent: Agent, *, name: str, call_type: str) -> Agent:
    name = checked_name(name)
    check_call_type(call_type)
    with transaction.atomic():
        agent = locked(agent.pk)
        changed = {
            key: value for key, value in (("name", name), ("call_type", call_type)) if getattr(agent, key) != value
        }
        if not changed:
            return agent
        if "name" in changed:
            refuse_taken_name(agent.client, name, besides=agent.pk)
        for key, value in changed.items():
            setattr(agent, key, value)
        agent.save(update_fields=[*changed, "updated_at"])
        audit.record(actor, "agent.changed", agent, data=changed)
    return agent


def archive(actor: User, agent: Agent) -> None:
    """It takes no more calls, and its numbers are free for another. Calls, versions and the draft stay."""
    with transaction.atomic():
        agent = locked(agent.pk)
        if agent.archived_at:
            return
        freed = agent.numbers.update(agent=None)
        agent.archived_at = timezone.now()
        agent.save(update_fields=["archived_at", "updated_at"])
        audit.record(actor, "agent.archived", agent, data={"numbers_freed": freed})


def unarchive(actor: User, agent: Agent) -> None:
    with transaction.atomic():
        agent = locked(agent.pk)
        if not agent.archived_at:
            return
        refuse_taken_name(agent.client, agent.name, besides=agent.pk)
        agent.archived_at = None
        agent.save(update_fields=["archived_at", "updated_at"])
        audit.record(actor, "agent.unarchived", agent)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def locked(pk: UUID) -> Agent:
    return Agent.objects.select_for_update(of=("self",)).select_related("client", "published").get(pk=pk)


def put_draft(agent: Agent, document: dict[str, Any], *also: str) -> Saved:
    agent.draft = document
    agent.draft_revision += 1
    agent.draft_saved_at = timezone.now()
    agent.save(update_fields=["draft", "draft_revision", "draft_saved_at", "updated_at", *also])
    return Saved(agent.draft_revision, agent.draft_saved_at, around.reading(agent, document))


def put_version(actor: User | None, agent: Agent, document: dict[str, Any], notes: str) -> AgentVersion:
    last = agent.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = AgentVersion.objects.create(
        agent=agent,
        number=last + 1,
        content=document,
        notes=" ".join(notes.split())[:LONGEST_NOTE],
        published_by=actor,
    )
    agent.published = version
    agent.save(update_fields=["published", "updated_at"])
    return version


def _audited_lately(actor: User, agent: Agent) -> bool:
    """An hour of typing is one line in the log for every ten minutes, not one for every pause."""
    return AuditEvent.objects.filter(
        object_type="agents.agent",
        object_id=str(agent.pk),
        action="agent.draft_changed",
        actor_id=actor.pk,
        at__gte=timezone.now() - DRAFT_AUDIT_EVERY,
    ).exists()


def checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise InvalidInput("Give the agent a name.", "name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"Keep the name to {LONGEST_NAME} letters.", "name")
    return name


def check_call_type(call_type: str) -> None:
    if call_type not in Agent.CallType.values:
        raise InvalidInput("Choose whether it answers calls, makes calls, or both.", "call_type")


def _check_new(client: Client, call_type: str, purpose: str) -> None:
    check_call_type(call_type)
    if client.archived_at:
        raise InvalidInput(f"{client.name} is archived. Restore the client first.", "client")
    if len(purpose) > LONGEST_PURPOSE:
        raise InvalidInput(
            f"Describe it in at most {LONGEST_PURPOSE:,} characters (this is {len(purpose):,}). "
            "Details have their place in the script afterwards.",
            "purpose",
        )


def refuse_taken_name(client: Client, name: str, besides: UUID | None = None) -> None:
    others = Agent.objects.filter(client=client, name__iexact=name, archived_at=None)
    if besides is not None:
        others = others.exclude(pk=besides)
    if others.exists():
        raise InvalidInput(f"{client.name} has an agent called “{name}” already.", "name")
