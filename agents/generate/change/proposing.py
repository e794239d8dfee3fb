"""From a sentence to a change that can be looked at: the edits, and the difference they would make."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from agents import queries
from agents.accounts.queries import writer
from agents.flow.differences import Change
from agents.generate.change import asking
from agents.generate.change.operations import ChangeRefused, Operation, applied, operations
from agents.generate.change.understood import UNDERSTANDS, Draft, understood
from agents.models import Agent
from voiceops.lib.errors import InvalidInput, ProviderError

LONGEST_WISH = 2_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proposal:
    """Edits of the draft of this revision. `by` says who understood the sentence; `said` is a model's word about it."""

    edits: tuple[Operation, ...]
    changes: tuple[Change, ...]
    revision: int
    by: str
    said: str = ""
    note: str = ""

    def as_json(self) -> str:
        return operations.dump_json(self.edits).decode()


def propose(agent: Agent, sentence: str) -> Proposal:
    """What the sentence would change. Nothing is written. Raises ChangeRefused, whose sentence is for the builder."""
    sentence = sentence.strip()
    if not sentence:
        raise InvalidInput("Say what should be different.", "wish")
    if len(sentence) > LONGEST_WISH:
        raise InvalidInput(f"Say it in at most {LONGEST_WISH:,} characters.", "wish")
    document = agent.draft if isinstance(agent.draft, dict) else {}
    account, note = writer(), ""
    if account is not None:
        try:
            edits, said = asking.asked(account, document, sentence)
        except ProviderError as error:
            logger.warning("The model of account %s made no change: %s", account.pk, type(error).__name__)
            note = f"{account.label} could not do it. {error.sentence}"
        else:
            if not edits:
                raise ChangeRefused(said or "The language model saw nothing to change.")
            return _proposal(agent, document, edits, account.label, said)
    flow = document.get("flow")
    found = understood(sentence, Draft(flow, agent.client.name)) if isinstance(flow, dict) else []
    if not found:
        besides = "" if account is not None else " With a language model under Settings → Providers, any wish will do."
        raise ChangeRefused(f"{note} I do not understand that. Without a model I can {UNDERSTANDS}.{besides}".strip())
    return _proposal(agent, document, tuple(found), "", "", note)


def _proposal(
    agent: Agent, document: object, edits: tuple[Operation, ...], by: str, said: str, note: str = ""
) -> Proposal:
    assert isinstance(document, dict)
    changed = applied(document, edits)
    changes = queries.changes(document, changed)
    if not changes:
        raise ChangeRefused("It is like that already: nothing would change.")
    return Proposal(edits, tuple(changes), agent.draft_revision, by, said, note)
