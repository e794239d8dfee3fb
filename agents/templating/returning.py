"""Back to what an instance was before a roll-out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents import actions as agents
from agents.models import Agent, RollOut, RollOutItem
from agents.templating import actions
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import CustomerError, InvalidInput

State = RollOutItem.State


def roll_back(actor: User, item: RollOutItem, *, force: bool = False) -> None:
    """The instance as it was before: callers hear its version from then again, as a new one.

    Raises InvalidInput when it was not rolled out, or changed since and `force` is not given.
    """
    with transaction.atomic():
        rows = RollOutItem.objects.select_for_update(of=("self",))
        item = rows.select_related("roll_out__version__template", "before_version", "after_version").get(pk=item.pk)
        if item.state != State.DONE:
            raise InvalidInput("Only an instance that was rolled out can be rolled back.")
        agent = agents.locked(item.agent_id)
        changed = _changed_since(item, agent)
        if changed and not force:
            raise InvalidInput(f"{agent.name} was changed since: {changed}. Roll it back all the same to drop that.")
        if item.after_version and item.before_version:
            note = f"Back to before {actions.note(item.roll_out.version).partition(':')[0].lower()}"
            agents.put_version(actor, agent, item.before_version.content, note)
        agent.draft_before = agent.draft
        agents.put_draft(agent, item.before_draft or {}, "draft_before")
        item.state, item.changed_at = State.BACK, timezone.now()
        item.sentence = "It is as it was before." + (f" Dropped: {changed}." if changed else "")
        item.save(update_fields=["state", "sentence", "changed_at"])
        audit.record(
            actor,
            "template.rolled_back",
            agent,
            data={"version": item.roll_out.version.number, "forced": bool(changed)},
        )


@dataclass(frozen=True)
class Returned:
    """How many are as before, and a sentence for each that is not."""

    back: int
    refused: tuple[str, ...]


def roll_back_several(actor: User, roll_out: RollOut, agent_ids: Iterable[UUID], *, force: bool = False) -> Returned:
    """Those of the instances that were rolled out; each on its own, so that one that is refused holds up no other."""
    back, refused = 0, []
    items = roll_out.items.filter(agent__in=list(agent_ids), state=State.DONE).select_related("agent__client")
    for item in items:
        try:
            roll_back(actor, item, force=force)
            back += 1
        except CustomerError as error:
            refused.append(f"{item.agent.client}: {error.sentence}")
    return Returned(back, tuple(refused))


def _changed_since(item: RollOutItem, agent: Agent) -> str:
    found = []
    if item.after_version and agent.published_id != item.after_version_id:
        by = f" by {agent.published.published_by}" if agent.published and agent.published.published_by else ""
        found.append(f"version {agent.published.number if agent.published else 0} was published{by}")
    if agent.draft_revision != item.after_revision:
        found.append("its draft was edited")
    return " and ".join(found)
