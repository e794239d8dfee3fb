from __future__ import annotations

import copy
import logging
import uuid
from dataclasses import dataclass, field

import pytest

from agents import actions
from agents.accounts import actions as accounts
from agents.accounts import keys
from agents.accounts.actions import AccountDraft
from agents.accounts.keys import KeyDraft
from agents.errors import NotPublishable, ProviderAccountMissing
from agents.models import Agent, AgentVersion, ProviderAccount
from agents.spec import build_spec, build_spec_for_draft
from media_worker.contract.spec import AudioFormat, CallSpec
from tests.world import World

pytestmark = pytest.mark.db
KEY = "sk-very-secret-key-98765"


@dataclass
class Ringing:
    """A call as far as a spec needs one."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    direction: str = "inbound"
    caller: str = "+14155550123"
    called: str = "+14155550100"


@pytest.fixture
def account(agency: World) -> ProviderAccount:
    return accounts.create(agency.alice, AccountDraft("openai", "Main", api_key=KEY, account={"project": "p1"}))


@pytest.fixture
def version(front_desk: Agent, account: ProviderAccount, agency: World) -> AgentVersion:
    document = copy.deepcopy(front_desk.draft)
    document["models"]["llm"] = {"account": str(account.pk), "vendor": "openai", "options": {"temperature": 0.2}}
    actions.save_draft(agency.bob, front_desk, document, front_desk.draft_revision)
    return actions.publish(agency.bob, front_desk)


def test_a_spec_holds_all_that_a_call_needs(version: AgentVersion) -> None:
    call = Ringing()
    spec = build_spec(version=version, call=call, audio=AudioFormat(), variables={"contact_name": "Bob"})
    assert spec.call_id == call.id
    assert spec.agency == "alice"
    assert (spec.agent.version, spec.agent.name) == (2, "Front desk")
    assert spec.variables["contact_name"] == "Bob"
    assert spec.variables["client_name"] == "Bright Dental"
    assert spec.variables["timezone"] == "UTC"
    llm = spec.agent.providers.llm
    assert (llm.vendor, llm.options, llm.account) == ("openai", {"temperature": 0.2}, {"project": "p1"})
    assert llm.api_key is not None
    assert llm.api_key.get_secret_value() == KEY
    assert spec.agent.providers.stt.vendor == "builtin"
    assert CallSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_spec_does_not_show_its_key(version: AgentVersion, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        spec = build_spec(version=version, call=Ringing(), audio=AudioFormat())
        logging.getLogger("test").info("%s %r %s", spec, spec, spec.model_dump())
    assert KEY not in caplog.text
    assert KEY not in repr(spec)
    assert KEY not in f"{spec}"


def test_a_spec_keeps_its_key_when_the_account_changes(
    version: AgentVersion, account: ProviderAccount, agency: World
) -> None:
    spec = build_spec(version=version, call=Ringing(), audio=AudioFormat())
    keys.change(agency.alice, account.keys.get(), KeyDraft("Key 1", "sk-another-key-000"))
    assert spec.agent.providers.llm.api_key is not None
    assert spec.agent.providers.llm.api_key.get_secret_value() == KEY


def test_an_archived_account_is_a_clear_error(version: AgentVersion, account: ProviderAccount, agency: World) -> None:
    accounts.archive(agency.alice, account)
    with pytest.raises(ProviderAccountMissing, match="Mind: the provider account"):
        build_spec(version=version, call=Ringing(), audio=AudioFormat())


def test_the_draft_is_tried_as_the_version_to_come(front_desk: Agent, agency: World) -> None:
    front_desk.draft["flow"]["greeting"] = "This is the draft."
    spec = build_spec_for_draft(agent=front_desk, call=Ringing(direction="web"), audio=AudioFormat())
    assert spec.agent.version == 2
    assert spec.agent.flow.greeting == "This is the draft."
    front_desk.draft["flow"]["greeting"] = ""
    with pytest.raises(NotPublishable, match="Greeting"):
        build_spec_for_draft(agent=front_desk, call=Ringing(direction="web"), audio=AudioFormat())


def test_backups_the_small_model_and_their_keys_come_along(
    front_desk: Agent, account: ProviderAccount, agency: World
) -> None:
    other = accounts.create(agency.alice, AccountDraft("openai", "Other", api_key="sk-of-the-other-account"))
    document = copy.deepcopy(front_desk.draft)
    choice = {"account": str(account.pk), "vendor": "openai", "options": {}}
    backup = {**choice, "account": str(other.pk)}
    document["models"] |= {"llm": choice, "small": choice, "llm_backups": [backup, {"vendor": "builtin"}]}
    actions.save_draft(agency.bob, front_desk, document, front_desk.draft_revision)
    version = actions.publish(agency.bob, front_desk)
    faults: list[str] = []
    got = build_spec(version=version, call=Ringing(), audio=AudioFormat(), faults=faults).agent.providers
    assert got.small is not None
    assert got.small.key == got.llm.key == str(account.keys.get().pk)
    assert [backup.vendor for backup in got.llm_backups] == ["openai", "builtin"]
    assert (got.llm_backups[0].alias, got.llm.alias) == ("Key 1", "Key 1")
    assert faults == []
    assert other.keys.get().leases.count() == 0, "a backup is held when it is needed"
    assert account.keys.get().leases.count() == 1

    accounts.archive(agency.alice, other)
    got = build_spec(version=version, call=Ringing(), audio=AudioFormat(), faults=faults).agent.providers
    assert [backup.vendor for backup in got.llm_backups] == ["builtin"]
    assert "goes on without one that should help out" in faults[0]
