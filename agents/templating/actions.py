"""Making templates and their versions, and instances of them. Every write is one transaction with its audit row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import actions as agents
from agents.actions import Saved
from agents.flow.problems import Problem
from agents.models import Agent, Template, TemplateVersion
from agents.templating import documents, origins, testing
from agents.templating.merge import Merged, Rule, without
from agents.templating.parameters import Parameters, document_of, read_parameters
from tenants.audit import actions as audit
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

LONGEST_NAME = 120
LONGEST_DESCRIPTION = 2_000


@dataclass(frozen=True)
class Made:
    """The new instance. With `problems` it is a draft that waits for them to be mended; else callers hear it."""

    agent: Agent
    problems: tuple[Problem, ...]


def make(
    actor: User,
    agent: Agent,
    *,
    name: str,
    description: str = "",
    parameters: Sequence[Mapping[str, Any]],
    notes: str = "",
) -> Template:
    """A template of this agent's draft, with its version 1. The agent is its master from now on.

    Raises InvalidInput, or NotPublishable with what keeps the draft from being a template.
    """
    declared = read_parameters(list(parameters))
    with transaction.atomic():
        agent = agents.locked(agent.pk)
        _refuse_archived(agent)
        template = Template(name=_free_name(name), description=_described(description), master=agent, created_by=actor)
        template.save(force_insert=True)
        version = _put_version(actor, template, documents.hollow(agent.draft, declared), declared, notes)
        audit.record(actor, "template.made", template, data={"version": version.number, "from": str(agent)})
    return template


def publish(
    actor: User, template: Template, *, parameters: Sequence[Mapping[str, Any]] | None = None, notes: str = ""
) -> TemplateVersion:
    """The master's draft as the next version. Instances stay as they are until it is rolled out to them.

    Raises InvalidInput when nothing changed, NotPublishable with what is wrong with the draft.
    """
    with transaction.atomic():
        template = _locked(template)
        latest = template.latest
        given = list(parameters) if parameters is not None else list(latest.parameters if latest else ())
        declared = read_parameters(given)
        master = agents.locked(template.master_id)
        _refuse_archived(master)
        content = documents.hollow(master.draft, declared)
        if latest and latest.content == content and latest.parameters == document_of(declared):
            raise InvalidInput(f"Nothing has changed since version {latest.number}.")
        version = _put_version(actor, template, content, declared, notes)
        audit.record(actor, "template.published", template, data={"version": version.number})
    return version


def change(actor: User, template: Template, *, name: str, description: str, master: Agent | None = None) -> None:
    """Name, description, and which agent its next version is made from."""
    with transaction.atomic():
        template = _locked(template)
        if master is not None and master.pk != template.master_id:
            _refuse_archived(master)
            template.master = master
        template.name, template.description = _free_name(name, template), _described(description)
        template.save(update_fields=["name", "description", "master"])
        audit.record(actor, "template.changed", template, data={"master": str(template.master)})


def archive(actor: User, template: Template) -> None:
    """No new instances and no roll-outs. Its instances stay as they are."""
    with transaction.atomic():
        if Template.objects.filter(pk=template.pk, archived_at=None).update(archived_at=timezone.now()):
            audit.record(actor, "template.archived", template)


def unarchive(actor: User, template: Template) -> None:
    with transaction.atomic():
        template = _locked(template)
        if template.archived_at:
            _free_name(template.name, template)
            template.archived_at = None
            template.save(update_fields=["archived_at"])
            audit.record(actor, "template.unarchived", template)


# ── instances ────────────────────────────────────────────────────────────────────────────────────


def instantiate(
    actor: User, template: Template, client: Client, *, name: str, values: Mapping[str, object], call_type: str = ""
) -> Made:
    """An agent of this client from the latest version, published when nothing is missing for it.

    Raises InvalidInput, whose `field` is a parameter's name or the agent's `name`.
    """
    name = agents.checked_name(name)
    version = latest_of(template)
    filled = documents.values_for(version, values)
    for field, sentence in filled.problems.items():
        raise InvalidInput(sentence, field)
    document = documents.rendered(version, filled.values)
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=client.pk)
        if client.archived_at:
            raise InvalidInput(f"{client.name} is archived. Restore the client first.", "client")
        agents.refuse_taken_name(client, name)
        kind = call_type or template.master.call_type
        agents.check_call_type(kind)
        agent = Agent.objects.create(
            client=client, name=name, call_type=kind, purpose=template.master.purpose, template=template,
            draft=document, draft_saved_at=timezone.now(), created_by=actor,
        )  # fmt: skip
        testing.bring_along(actor, template, version, agent, filled.values)
        problems = origins.problems_of(agent, document)
        if not problems:
            agents.put_version(actor, agent, document, note(version))
        audit.record(
            actor, "template.used", agent, data={"template": str(template), "version": version.number,
                                                 "published": not problems},
        )  # fmt: skip
    return Made(agent, tuple(problems))


def set_values(
    actor: User,
    agent: Agent,
    values: Mapping[str, object],
    *,
    choices: Mapping[str, str] | None = None,
    rule: Rule = "leave",
) -> tuple[Saved, Merged]:
    """Other values for the draft's parameters. What the instance says in its own words stays, where both changed:
    as `choices` and `rule` say. Callers hear it when the draft is published.

    Raises InvalidInput with the parameter's name as `field`.
    """
    with transaction.atomic():
        agent = agents.locked(agent.pk)
        origin = origins.required(agent.draft)
        filled = documents.values_for(origin.version, {**origin.values, **values})
        for field, sentence in filled.problems.items():
            raise InvalidInput(sentence, field)
        merged = origins.moved(origin, agent.draft, origin.version, filled.values, choices=choices, rule=rule)
        saved = agents.put_draft(agent, merged.document)
        audit.record(actor, "template.values_changed", agent, data={"names": sorted(values)})
    return saved, merged


def give_up(actor: User, agent: Agent, keys: Sequence[str]) -> Saved:
    """The template's own words again in the draft, at these places (`merge.Clash.key`)."""
    with transaction.atomic():
        agent = agents.locked(agent.pk)
        origin = origins.required(agent.draft)
        base = documents.rendered(origin.version, origin.values)
        document = without(base, origins.plain(agent.draft), keys) | {"origin": agent.draft["origin"]}
        saved = agents.put_draft(agent, document)
        audit.record(
            actor, "template.overrides_given_up", agent, data={"places": [key for key in keys if "\0" not in key][:20]}
        )
    return saved


def detach(actor: User, agent: Agent) -> None:
    """An agent of its own from now on: no version of the template is offered to it any more."""
    with transaction.atomic():
        agent = agents.locked(agent.pk)
        if agent.template_id is None:
            return
        label = str(agent.template)
        agent.template = None
        agent.save(update_fields=["template", "updated_at"])
        agents.put_draft(agent, {**agent.draft, "origin": None})
        audit.record(actor, "template.detached", agent, data={"template": label})


def latest_of(template: Template) -> TemplateVersion:
    """Raises InvalidInput for a template that can be used no more."""
    if template.archived_at:
        raise InvalidInput(f"{template.name} is archived. Bring it back first.")
    if template.latest is None:
        raise InvalidInput(f"{template.name} has no version yet.")
    return template.latest


def note(version: TemplateVersion) -> str:
    """What the list of an instance's versions says."""
    more = f": {version.notes}" if version.notes else ""
    return f"From template {version.template.name} v{version.number}{more}"


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _locked(template: Template) -> Template:
    rows = Template.objects.select_for_update(of=("self",)).select_related("latest", "master")
    return rows.get(pk=template.pk)


def _put_version(
    actor: User, template: Template, content: dict[str, Any], parameters: Parameters, notes: str
) -> TemplateVersion:
    last = template.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = TemplateVersion.objects.create(
        template=template,
        number=last + 1,
        content=content,
        parameters=document_of(parameters),
        notes=" ".join(notes.split())[: agents.LONGEST_NOTE],
        published_by=actor,
    )
    template.latest = version
    template.save(update_fields=["latest"])
    return version


def _refuse_archived(agent: Agent) -> None:
    if agent.archived_at:
        raise InvalidInput(f"{agent.name} is archived. Bring it back first.", "master")


def _free_name(name: str, besides: Template | None = None) -> str:
    name = agents.checked_name(name)
    others = Template.objects.filter(name__iexact=name, archived_at=None)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise InvalidInput(f"There is a template called “{name}” already.", "name")
    return name


def _described(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_DESCRIPTION:
        raise InvalidInput(f"Describe it in at most {LONGEST_DESCRIPTION:,} characters.", "description")
    return text
