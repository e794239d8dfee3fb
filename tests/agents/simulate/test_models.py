"""A language model of the agency's own answers a try as it would answer on the phone: its keys, and who takes over."""

from __future__ import annotations

from typing import Any

import pytest

from agents.accounts import actions as accounts
from agents.accounts import keys
from agents.accounts.actions import AccountDraft
from agents.accounts.keys import KeyDraft
from agents.models import Agent, KeyLease, ProviderKey
from agents.simulate.talk import talk
from media_worker.pipeline.keys import KEYS
from tenants.usage.models import UsageRecord
from tests.agents.simulate.conftest import Media
from tests.fakes.vendors.openai_server import FakeOpenAI, call, say
from tests.world import World

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def nothing_known_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KEYS, "_until", {})


@pytest.fixture
def thinker(clinic: Agent, agency: World, models_server: FakeOpenAI, settings: Any) -> Agent:
    """The clinic's agent, which thinks with the agency's own server: its first key is refused, the second works."""
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    draft = AccountDraft("openai_compatible", "GPU", base_url=models_server.base_url, api_key="sk-wrong-key-0000")
    account = accounts.create(agency.alice, draft)
    keys.add(agency.alice, account, KeyDraft(alias="Good", secret="sk-right-key-1234"))
    chosen = {"account": str(account.pk), "vendor": "openai_compatible", "options": {"model": "m"}}
    clinic.draft["models"] = {**clinic.draft.get("models", {}), "llm": chosen}
    clinic.save()
    return clinic


def test_the_next_key_answers_and_the_refused_one_is_set_aside(
    media: Media, thinker: Agent, models_server: FakeOpenAI
) -> None:
    models_server.replies = [say("We take all insurances.")]
    with talk(thinker) as line:
        line.turn("opens")
        turn = line.turn("says", "do you take my insurance")
    assert turn.reply == "We take all insurances."
    assert turn.notes
    assert ProviderKey.objects.get(alias="Key 1").refused_at is not None
    assert not KeyLease.objects.exists()
    spent = UsageRecord.objects.filter(agent_id=thinker.pk, kind__startswith="llm_tokens")
    assert {row.kind for row in spent} == {"llm_tokens_in", "llm_tokens_out"}


def test_a_model_moves_the_conversation_by_its_tools(media: Media, thinker: Agent, models_server: FakeOpenAI) -> None:
    models_server.replies = [call("go_to", node="book")]
    with talk(thinker) as line:
        line.turn("opens")
        turn = line.turn("says", "could you squeeze us in tonight maybe")
        assert turn.reply == "For how many people?"
        assert turn.nodes == ("book",)
        assert line.turn("says", "three").outcome == "booked"
