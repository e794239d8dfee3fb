"""Making a change that was looked at."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from agents import around
from agents.actions import Saved, locked, put_draft
from agents.content import with_origin_of
from agents.errors import DraftConflict
from agents.generate.change.operations import Operation, applied
from agents.models import Agent
from tenants.audit import actions as audit
from tenants.people.models import User


def change(actor: User, agent: Agent, edits: Sequence[Operation], revision: int) -> Saved:
    """Make edits of the draft of this revision. The draft before is kept: `undo_restore` brings it back.

    Raises DraftConflict when somebody saved in between, ChangeRefused when the edits do not fit.
    """
    with transaction.atomic():
        agent = locked(agent.pk)
        if revision != agent.draft_revision:
            raise DraftConflict(agent.draft_revision)
        before = agent.draft if isinstance(agent.draft, dict) else {}
        document = with_origin_of(applied(before, edits), before)
        content = around.reading(agent, document).content
        agent.draft_before = agent.draft
        saved = put_draft(agent, content.document() if content else document, "draft_before")
        audit.record(actor, "agent.draft_changed", agent, data={"revision": saved.revision, "edits": len(edits)})
    return saved
