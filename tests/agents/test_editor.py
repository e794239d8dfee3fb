"""The tabs “Voice & models” and “Behaviour”: rows come and go, what was typed stays, and each problem lies at its place."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.urls import reverse

from agents import actions
from agents.accounts import actions as accounts
from agents.accounts.actions import AccountDraft
from agents.content import read, whole
from agents.models import Agent, ProviderAccount
from agents.queries import changes_since_published, state_of
from tests.agents.conftest import browser
from tests.agents.flow.scripts import as_posted
from tests.world import World

pytestmark = pytest.mark.db
JSON = {"accept": "application/json"}


@pytest.fixture
def account(agency: World) -> ProviderAccount:
    return accounts.create(agency.alice, AccountDraft("openai", "Main", api_key="sk-main-key-123456"))


class Tab:
    """Bob at one tab: it sends what the page's form holds, as a browser does."""

    def __init__(self, agency: World, agent: Agent, view: str) -> None:
        self.page, self.agent, self.where = browser(agency.bob), agent, reverse(view, args=[agent.pk])

    def fields(self) -> dict[str, str]:
        text = self.page.get(self.where).content.decode()
        form = text[text.index('<form class="draft"') : text.index("</form>", text.index('<form class="draft"'))]
        found = dict(re.findall(r'<input(?![^>]*type="(?:checkbox|radio)")[^>]*name="([^"]+)" value="([^"]*)"', form))
        for name in re.findall(r'<input[^>]*type="checkbox" name="([^"]+)" checked', form):
            found[name] = "on"
        found |= dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', form))
        for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(r'value="([^"]*)"', inner)
            found[name] = chosen[1] if chosen else ""
        found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))
        return {name: html.unescape(value) for name, value in found.items()}

    def send(self, **changed: str) -> dict[str, Any]:
        answer = self.page.post(self.where, {**self.fields(), **changed}, headers=JSON)
        assert answer.status_code == 200, answer.content
        self.agent.refresh_from_db()
        return dict(answer.json())


def test_a_form_that_is_sent_back_changes_nothing(front_desk: Agent, agency: World) -> None:
    for view in ("agent_voice", "agent_behaviour"):
        Tab(agency, front_desk, view).send()
        assert read(front_desk.draft).blocking == ()
        assert changes_since_published(front_desk) == []
        assert state_of(front_desk) == "published"


def test_backups_are_added_chosen_moved_and_removed(front_desk: Agent, account: ProviderAccount, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_voice")
    answer = tab.send(add="models.tts_backups")
    assert answer["open"] == "models.tts_backups.0"
    assert "models.tts_backups.0.account" in answer["body"]
    tab.send(**{"models.tts_backups.0.account": str(account.pk)})
    tab.send(**{"models.tts_backups.0.options.voice": "nova"})
    tab.send(add="models.tts_backups")
    assert [row["vendor"] for row in front_desk.draft["models"]["tts_backups"]] == ["openai", "builtin"]
    assert front_desk.draft["models"]["tts_backups"][0]["options"] == {"voice": "nova"}
    tab.send(down="models.tts_backups.0")
    assert [row["vendor"] for row in front_desk.draft["models"]["tts_backups"]] == ["builtin", "openai"]
    tab.send(remove="models.tts_backups.0")
    assert [row["account"] for row in front_desk.draft["models"]["tts_backups"]] == [str(account.pk)]
    actions.publish(agency.bob, front_desk)
    assert [(use.agent, use.needed) for use in accounts.used_by(account)] == [(front_desk, False)]
    shown = browser(agency.alice).get(reverse("provider", args=[account.pk])).content.decode()
    assert "As a backup" in shown
    assert "Agents have it as a backup. Their calls go on" in shown


def test_no_more_backups_than_a_call_takes(front_desk: Agent, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_voice")
    for _ in range(4):
        tab.send(add="models.stt_backups")
    assert 'value="models.stt_backups"' in tab.page.get(tab.where).content.decode()
    tab.send(add="models.stt_backups")
    assert 'name="add" value="models.stt_backups"' not in tab.page.get(tab.where).content.decode()


def test_the_small_model_is_chosen_and_left_again(front_desk: Agent, account: ProviderAccount, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_voice")
    tab.send(**{"models.small.account": str(account.pk)})
    tab.send(**{"models.small.options.model": "gpt-4.1-nano"})
    assert front_desk.draft["models"]["small"]["options"]["model"] == "gpt-4.1-nano"
    tab.send(**{"models.small.account": ""})
    assert front_desk.draft["models"]["small"] is None


def test_a_wrong_option_of_a_backup_is_shown_at_its_row(
    front_desk: Agent, account: ProviderAccount, agency: World
) -> None:
    tab = Tab(agency, front_desk, "agent_voice")
    tab.send(add="models.tts_backups")
    tab.send(**{"models.tts_backups.0.account": str(account.pk)})
    answer = tab.send(**{"models.tts_backups.0.options.speed": "nine"})
    assert front_desk.draft["models"]["tts_backups"][0]["options"]["speed"] == "nine"
    assert "Voice, backup 1" in answer["state"]
    row = answer["body"].split('id="models.tts_backups.0"')[1].split("</details>")[0]
    assert "Speed has to be a number." in row
    with pytest.raises(Exception, match="Voice, backup 1"):
        actions.publish(agency.bob, front_desk)


def test_an_archived_backup_keeps_the_draft_from_being_published(
    front_desk: Agent, account: ProviderAccount, agency: World
) -> None:
    tab = Tab(agency, front_desk, "agent_voice")
    tab.send(add="models.llm_backups")
    tab.send(**{"models.llm_backups.0.account": str(account.pk)})
    accounts.archive(agency.alice, account)
    with pytest.raises(Exception, match="Mind, backup 1: the chosen account was archived"):
        actions.publish(agency.bob, front_desk)


def test_fallbacks_are_kept_as_they_were_typed(front_desk: Agent, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_behaviour")
    tab.send(**{
        "fallbacks.reask": "Pardon?",
        "fallbacks.fillers": "One second.\n\nLet me look.",
        "fallbacks.filler_after": "1,2",
        "fallbacks.transfer_to": "+1 (415) 555-0123",
    })  # fmt: skip
    held = front_desk.draft["fallbacks"]
    assert (held["reask"], held["fillers"], held["filler_after"]) == ("Pardon?", ["One second.", "Let me look."], 1.2)
    assert held["transfer_to"] == "+14155550123"
    answer = tab.send(**{"fallbacks.transfer_to": "ask for Bob"})
    assert "ask for Bob" in tab.page.get(tab.where).content.decode()
    assert "Fallbacks, transfer" in answer["state"]


def test_manners_are_switched_off_and_on(front_desk: Agent, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_behaviour")
    fields = tab.fields()
    off = {name: value for name, value in fields.items() if name not in ("backchannels", "speculate", "smart_turn")}
    assert tab.page.post(tab.where, off | {"resume_after": "0"}, headers=JSON).status_code == 200
    front_desk.refresh_from_db()
    turns = front_desk.draft["turns"]
    assert (turns["backchannels"], turns["speculate"], turns["resume_after"]) == (False, False, 0)
    tab.send(backchannels="on", resume_after="1.5")
    assert (front_desk.draft["turns"]["backchannels"], front_desk.draft["turns"]["resume_after"]) == (True, 1.5)


def test_rules_are_written_read_in_words_and_follow_a_renamed_step(front_desk: Agent, agency: World) -> None:
    tab = Tab(agency, front_desk, "agent_behaviour")
    assert tab.send(add="routing.rules")["open"] == "routing.rules.0"
    tab.send(
        **{"routing.rules.0.max_words": "3", "routing.rules.0.nodes.booking": "on", "routing.rules.0.tools": "yes"}
    )
    (rule,) = front_desk.draft["routing"]["rules"]
    assert (rule["tier"], rule["nodes"], rule["max_words"], rule["tools"]) == ("rules", ["booking"], 3, True)
    shown = tab.page.get(tab.where).content.decode()
    assert "at Booking, up to 3 words, where the step uses tools" in shown

    script = reverse("agent", args=[front_desk.pk])
    posted = {k: "Make a date" if k.endswith("title") and v == "Booking" else v for k, v in as_posted(front_desk.draft)}
    answer = tab.page.post(script, posted | {"revision": str(front_desk.draft_revision)}, headers=JSON)
    assert answer.status_code == 200
    front_desk.refresh_from_db()
    assert front_desk.draft["routing"]["rules"][0]["nodes"] == ["make_a_date"]
    assert read(front_desk.draft).problems == ()
    tab.send(remove="routing.rules.0")
    assert front_desk.draft["routing"]["rules"] == []


def test_turn_taking_at_a_step_is_saved_with_the_script(front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    own = {"interruptible": "no", "min_words": "2", "patience": "1,5"}
    posted = dict(as_posted(front_desk.draft)) | {f"flow.nodes.1.turns.{name}": text for name, text in own.items()}
    revision = {"revision": str(front_desk.draft_revision)}
    assert page.post(where, posted | revision, headers=JSON).status_code == 200
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["nodes"][1]["turns"] == {"interruptible": False, "min_words": 2, "patience": 1.5}
    assert "Its own" in page.get(f"{where}?open=1").content.decode()
    revision = {"revision": str(front_desk.draft_revision)}
    answer = page.post(where, posted | revision | {"flow.nodes.1.turns.patience": "ages"}, headers=JSON)
    assert "“Added patience (seconds)” has to be a number" in answer.json()["state"]


def test_what_was_published_before_a_setting_existed_is_no_change(front_desk: Agent) -> None:
    assert front_desk.published is not None
    old = {name: part for name, part in front_desk.draft.items() if name not in ("fallbacks", "routing")}
    front_desk.published.content = old
    assert whole(old) == whole(front_desk.draft)
    assert state_of(front_desk) == "published"
    assert changes_since_published(front_desk) == []


def test_ruined_choices_and_rules_still_open(front_desk: Agent, agency: World) -> None:
    ruins: list[dict[str, object]] = [
        {"models": {"stt_backups": 3, "tts_backups": [1, None], "small": "x", "s2s": []}, "routing": {"rules": [2]}},
        {"fallbacks": {"fillers": 4, "reasks": None}, "routing": {"rules": {"a": 1}, "default": None}, "flow": {"nodes": [3]}},
    ]  # fmt: skip
    for ruin in ruins:
        Agent.objects.filter(pk=front_desk.pk).update(draft=ruin)
        for view in ("agent", "agent_voice", "agent_behaviour", "publish_agent", "compare_versions"):
            assert browser(agency.bob).get(reverse(view, args=[front_desk.pk])).status_code == 200, (view, ruin)
