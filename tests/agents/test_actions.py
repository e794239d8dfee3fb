from __future__ import annotations

import copy
from typing import Any

import pytest

from agents import actions, queries
from agents.accounts import actions as accounts
from agents.accounts.actions import AccountDraft
from agents.content import AgentContent
from agents.demo import WANTED, create_demo_agents
from agents.errors import DraftConflict, DraftRefused, NotPublishable
from agents.models import Agent
from tenants.audit.models import AuditEvent
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


def greeted(agent: Agent, greeting: str) -> dict[str, Any]:
    draft: dict[str, Any] = copy.deepcopy(agent.draft)
    draft["flow"]["greeting"] = greeting
    return draft


def audited(agent: Agent) -> list[str]:
    rows = AuditEvent.objects.filter(object_id=str(agent.pk)).order_by("seq")
    return list(rows.values_list("action", flat=True))


def test_a_new_agent_is_published_at_once(front_desk: Agent, agency: World) -> None:
    assert front_desk.published is not None
    assert front_desk.published.number == 1
    assert front_desk.published.published_by == agency.alice
    assert front_desk.draft == front_desk.published.content
    assert queries.state_of(front_desk) == "published"
    AgentContent.model_validate(front_desk.published.content)
    assert audited(front_desk) == ["agent.created"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "FRONT desk"}, "name"),
        ({"call_type": "telepathy"}, "call_type"),
        ({"purpose": "word " * 10_000}, "purpose"),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_field(
    front_desk: Agent, agency: World, changed: dict[str, str], field: str
) -> None:
    wanted: dict[str, Any] = {"name": "Second", "call_type": "inbound", "purpose": "Front desk", **changed}
    with pytest.raises(InvalidInput) as refused:
        actions.create(agency.alice, agency.bright_dental, **wanted)
    assert refused.value.field == field
    assert Agent.objects.count() == 1


def test_a_draft_that_makes_no_sense_is_kept_and_cannot_be_published(front_desk: Agent, agency: World) -> None:
    nonsense = {"flow": {"greeting": 7, "nodes": [{"type": "collect"}]}, "note": "mine"}
    saved = actions.save_draft(agency.bob, front_desk, nonsense, front_desk.draft_revision)
    front_desk.refresh_from_db()
    assert front_desk.draft == nonsense
    assert saved.reading.blocking
    with pytest.raises(NotPublishable, match="Not published"):
        actions.publish(agency.bob, front_desk)
    assert front_desk.versions.count() == 1


def test_two_people_who_edit_do_not_overwrite_each_other(front_desk: Agent, agency: World) -> None:
    seen = front_desk.draft_revision
    saved = actions.save_draft(agency.alice, front_desk, greeted(front_desk, "Alice says hello."), seen)
    with pytest.raises(DraftConflict) as conflict:
        actions.save_draft(agency.bob, front_desk, greeted(front_desk, "Bob says hello."), seen)
    assert conflict.value.revision == saved.revision
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Alice says hello."
    actions.save_draft(agency.bob, front_desk, greeted(front_desk, "Bob says hello."), conflict.value.revision)
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Bob says hello."


def test_saving_the_same_again_is_no_conflict(front_desk: Agent, agency: World) -> None:
    document = greeted(front_desk, "Hello.")
    first = actions.save_draft(agency.bob, front_desk, document, front_desk.draft_revision)
    again = actions.save_draft(agency.bob, front_desk, document, 1)
    assert again.revision == first.revision


def test_an_hour_of_typing_is_one_line_in_the_audit_log(front_desk: Agent, agency: World) -> None:
    revision = front_desk.draft_revision
    for number in range(5):
        revision = actions.save_draft(agency.bob, front_desk, greeted(front_desk, f"Hi {number}."), revision).revision
    assert audited(front_desk) == ["agent.created", "agent.draft_changed"]


def test_a_draft_that_cannot_be_stored_is_refused(front_desk: Agent, agency: World) -> None:
    impossibles: list[object] = [[], "text", {"flow": "a" * 2_000_000}]
    for impossible in impossibles:
        with pytest.raises(DraftRefused):
            actions.save_draft(agency.bob, front_desk, impossible, front_desk.draft_revision)


def test_publishing_makes_a_version_that_never_changes(front_desk: Agent, agency: World) -> None:
    first = front_desk.published
    saved = actions.save_draft(agency.bob, front_desk, greeted(front_desk, "New."), front_desk.draft_revision)
    front_desk.refresh_from_db()
    assert queries.state_of(front_desk) == "changed"
    second = actions.publish(agency.bob, front_desk, revision=saved.revision, notes=" New \n greeting ")
    front_desk.refresh_from_db()
    assert front_desk.published == second
    assert (second.number, second.notes) == (2, "New greeting")
    assert first is not None
    assert front_desk.versions.get(number=1).content == first.content
    with pytest.raises(InvalidInput, match="Nothing has changed since version 2"):
        actions.publish(agency.bob, front_desk)
    with pytest.raises(DraftConflict):
        actions.publish(agency.bob, front_desk, revision=1)


def test_a_restored_version_replaces_the_draft_and_can_be_undone(front_desk: Agent, agency: World) -> None:
    mine = greeted(front_desk, "Unpublished work.")
    actions.save_draft(agency.bob, front_desk, mine, front_desk.draft_revision)
    actions.restore(agency.bob, front_desk, front_desk.versions.get(number=1))
    front_desk.refresh_from_db()
    assert front_desk.draft == front_desk.versions.get(number=1).content
    actions.undo_restore(agency.bob, front_desk)
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Unpublished work."
    with pytest.raises(InvalidInput):
        actions.undo_restore(agency.bob, front_desk)


def test_rolling_back_leaves_the_draft_alone(front_desk: Agent, agency: World) -> None:
    saved = actions.save_draft(agency.bob, front_desk, greeted(front_desk, "Two."), front_desk.draft_revision)
    actions.publish(agency.bob, front_desk)
    actions.save_draft(agency.bob, front_desk, greeted(front_desk, "Three."), saved.revision)
    third = actions.roll_back(agency.bob, front_desk, front_desk.versions.get(number=1))
    front_desk.refresh_from_db()
    assert third.number == 3
    assert third.content == front_desk.versions.get(number=1).content
    assert front_desk.draft["flow"]["greeting"] == "Three."


def test_an_archived_agent_frees_its_name(front_desk: Agent, agency: World) -> None:
    actions.archive(agency.alice, front_desk)
    actions.create(agency.alice, agency.bright_dental, name="Front desk", call_type="both", purpose="")
    with pytest.raises(InvalidInput, match="already"):
        actions.unarchive(agency.alice, front_desk)


def test_an_agent_whose_account_is_archived_cannot_be_published(front_desk: Agent, agency: World) -> None:
    draft = AccountDraft("openai", "Main", api_key="sk-test-key-123456")
    account = accounts.create(agency.alice, draft)
    document = copy.deepcopy(front_desk.draft)
    document["models"]["llm"] = {"account": str(account.pk), "vendor": "openai", "options": {}}
    actions.save_draft(agency.bob, front_desk, document, front_desk.draft_revision)
    actions.publish(agency.bob, front_desk)
    assert accounts.used_by(account) == [accounts.Use(front_desk, needed=True)]
    accounts.archive(agency.alice, account)
    front_desk.refresh_from_db()
    document["flow"]["greeting"] = "Hello."
    actions.save_draft(agency.bob, front_desk, document, front_desk.draft_revision)
    with pytest.raises(NotPublishable, match="archived or removed"):
        actions.publish(agency.bob, front_desk)


def test_the_demo_gets_its_agents_once(agency: World) -> None:
    clients = {"Bright Dental": agency.bright_dental, "Northside Auto": agency.corner_garage}
    made = create_demo_agents(clients, agency.alice)
    again = create_demo_agents(clients, agency.alice)
    assert made == again
    assert len(made) == len(WANTED) == Agent.objects.count()
