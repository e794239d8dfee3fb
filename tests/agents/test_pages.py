from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django_tenants.utils import schema_context

from agents import actions
from agents.flow.outline import outline
from agents.models import Agent
from calls.models import CarrierAccount, PhoneNumber
from tests.agents.conftest import browser
from tests.agents.flow.scripts import as_posted
from tests.world import RIVAL_HOST, World

pytestmark = pytest.mark.db

READING = ("agent_voice", "agent_behaviour", "agent_versions", "compare_versions")
BUILDING = ("publish_agent", "agent_details")


def test_builders_open_every_tab(front_desk: Agent, agency: World) -> None:
    for person in (agency.alice, agency.bob):
        page = browser(person)
        for view in ("agent", *READING, *BUILDING):
            answer = page.get(reverse(view, args=[front_desk.pk]))
            assert answer.status_code == 200, view
        assert page.get(reverse("agents")).status_code == 200
        assert page.get(reverse("new_agent")).status_code == 200


def test_a_client_sees_their_own_agent_without_internals(front_desk: Agent, agency: World) -> None:
    page = browser(agency.dana)
    assert "Front desk" in page.get(reverse("agents")).content.decode()
    shown = page.get(reverse("agent", args=[front_desk.pk])).content.decode()
    assert "This is the virtual assistant" in shown
    assert front_desk.draft["flow"]["prompt"] not in shown
    for word in ("Built in", "Instructions", "pocketsphinx", "espeak", 'name="flow'):
        assert word not in shown
    for view in (*READING, *BUILDING):
        assert page.get(reverse(view, args=[front_desk.pk])).status_code == 404, view
    assert page.get(reverse("new_agent")).status_code == 404
    assert page.post(reverse("agent", args=[front_desk.pk]), {"flow.greeting": "Mine"}).status_code in (200, 404, 405)
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] != "Mine"


def test_another_client_and_a_stranger_find_nothing(front_desk: Agent, agency: World) -> None:
    where = reverse("agent", args=[front_desk.pk])
    erin = browser(agency.erin)
    assert erin.get(where).status_code == 404
    assert "Front desk" not in erin.get(reverse("agents")).content.decode()
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    for view in ("agent", *READING, *BUILDING):
        assert charlie.get(reverse(view, args=[front_desk.pk])).status_code == 404
    assert browser(None).get(where).status_code == 302


def test_the_fields_of_a_step_are_for_those_who_see_internals(front_desk: Agent, agency: World) -> None:
    first = front_desk.draft["flow"]["nodes"][0]["id"]
    where = reverse("agent_step", args=[front_desk.pk, 0])
    shown = browser(agency.bob).get(f"{where}?id={first}")
    assert shown.status_code == 200
    assert f'name="flow.nodes.0.id" value="{first}"' in shown.content.decode()
    assert browser(agency.bob).get(f"{where}?id=elsewhere").status_code == 404
    assert browser(agency.bob).get(reverse("agent_step", args=[front_desk.pk, 9999])).status_code == 404
    for person in (agency.dana, agency.erin):
        assert browser(person).get(where).status_code == 404
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    assert charlie.get(where).status_code == 404
    assert browser(None).get(where).status_code == 302


def test_a_save_from_the_page_keeps_folded_steps_and_says_what_is_wrong_by_field(
    front_desk: Agent, agency: World
) -> None:
    before = front_desk.draft["flow"]["nodes"]
    place = next(number for number, node in enumerate(before) if node["type"] == "end")
    posted = dict(as_posted(front_desk.draft, [place])) | {f"flow.nodes.{place}.title": "Last words"}
    posted |= {f"flow.nodes.{place}.text": "Bye {{", "revision": str(front_desk.draft_revision)}
    answer = browser(agency.bob).post(
        reverse("agent", args=[front_desk.pk]), posted, headers={"accept": "application/json"}
    )
    told = answer.json()
    assert told["renamed"] == {before[place]["id"]: "last_words"}
    assert [one["at"] for one in told["problems"]] == [f"flow.nodes.{place}.text"]
    front_desk.refresh_from_db()
    after = front_desk.draft["flow"]["nodes"]
    assert after[place]["id"] == "last_words"
    assert len(after) == len(before)
    assert [node for node in after if node["type"] == "collect"] == [
        {**node, **{key: "last_words" for key, value in node.items() if value == before[place]["id"]}}
        for node in before
        if node["type"] == "collect"
    ]


def test_comparing_shows_words_that_went_and_came(front_desk: Agent, agency: World) -> None:
    draft = front_desk.draft
    draft["flow"]["greeting"] = draft["flow"]["greeting"].replace("virtual", "<b>friendly</b>")
    Agent.objects.filter(pk=front_desk.pk).update(draft=draft)
    shown = browser(agency.bob).get(reverse("compare_versions", args=[front_desk.pk])).content.decode()
    assert "<del>virtual</del><ins>&lt;b&gt;friendly&lt;/b&gt;</ins>" in shown
    assert "1 difference" in shown
    for wrong in ("a=9", "b=x", "a=²", "b=99999999999"):
        assert (
            browser(agency.bob).get(f"{reverse('compare_versions', args=[front_desk.pk])}?{wrong}").status_code == 404
        )


def test_a_page_of_two_hundred_steps_holds_their_summaries_only(front_desk: Agent, agency: World) -> None:
    nodes = [{"id": f"line_{i}", "type": "say", "text": "Hello.", "next": f"line_{i + 1}"} for i in range(199)]
    flow = {"greeting": "Hi.", "start": "line_0", "nodes": [*nodes, {"id": "line_199", "type": "end", "text": "Bye."}]}
    Agent.objects.filter(pk=front_desk.pk).update(draft={"flow": flow})
    shown = browser(agency.bob).get(reverse("agent", args=[front_desk.pk])).content.decode()
    assert shown.count("data-step=") == 200
    assert "data-step-id" not in shown
    assert len(shown) < 500_000
    step = browser(agency.bob).get(reverse("agent_step", args=[front_desk.pk, 7])).content.decode()
    assert step.count("<option") < 10


@pytest.mark.parametrize("view", ["archive_agent", "unarchive_agent", "undo_restore", "publish_agent"])
def test_only_builders_change_agents(front_desk: Agent, agency: World, view: str) -> None:
    assert browser(agency.dana).post(reverse(view, args=[front_desk.pk])).status_code == 404
    assert browser(agency.erin).post(reverse(view, args=[front_desk.pk])).status_code == 404


def test_a_new_agent_in_three_fields(agency: World) -> None:
    page = browser(agency.bob)
    fields = {
        "call_type": "inbound",
        "client": str(agency.bright_dental.pk),
        "name": "Reception",
        "purpose": "Books appointments. Open Monday to Friday, 8 am to 5 pm. <script>alert(1)</script>",
    }
    answer = page.post(reverse("new_agent"), fields, follow=True)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "Made from" in shown
    assert "Monday to Friday, 8 am to 5 pm" in shown
    assert "<script>alert" not in shown
    assert Agent.objects.get(name="Reception").published is not None


def test_what_was_typed_stays_when_a_new_agent_is_refused(agency: World) -> None:
    fields = {"call_type": "inbound", "client": str(agency.bright_dental.pk), "name": "", "purpose": "Sell the moon"}
    answer = browser(agency.bob).post(reverse("new_agent"), fields)
    assert answer.status_code == 422
    assert "Sell the moon" in answer.content.decode()


def test_nobody_makes_an_agent_for_a_client_they_cannot_see(agency: World) -> None:
    fields = {"call_type": "inbound", "client": "00000000-0000-0000-0000-000000000000", "name": "X", "purpose": ""}
    assert browser(agency.bob).post(reverse("new_agent"), fields).status_code == 422
    assert not Agent.objects.exists()


def script(agent: Agent, **changed: str) -> dict[str, str]:
    return {**dict(as_posted(agent.draft)), "revision": str(agent.draft_revision), **changed}


def test_the_script_saves_itself(front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    posted = script(front_desk, **{"flow.greeting": "Good day."})
    answer = page.post(where, posted, headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "Unpublished changes" in answer.json()["badge"]
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Good day."
    again = page.post(where, posted | {"flow.greeting": ""}, headers={"accept": "application/json"})
    assert again.status_code == 409
    assert "Somebody else changed" in again.json()["error"]
    revision = re.search(r'name="revision" value="(\d+)"', again.json()["state"])
    assert revision is not None
    assert revision[1] == posted["revision"], "a conflict must not arm the next save"
    forced = page.post(
        where,
        posted | {"flow.greeting": "", "force": str(front_desk.draft_revision)},
        headers={"accept": "application/json"},
    )
    assert forced.status_code == 200
    assert "to mend before publishing" in forced.json()["state"]


def test_a_page_whose_answer_was_lost_is_no_stranger_to_itself(front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    mine = script(front_desk, page="one")
    headers = {"accept": "application/json"}
    assert page.post(where, mine | {"flow.greeting": "First."}, headers=headers).status_code == 200
    assert page.post(where, mine | {"flow.greeting": "Second."}, headers=headers).status_code == 200
    assert page.post(where, mine | {"flow.greeting": "Third.", "page": "two"}, headers=headers).status_code == 409
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Second."


def test_a_script_of_many_steps_opens_and_saves(front_desk: Agent, agency: World) -> None:
    more = [{"id": f"s{n}", "type": "say", "text": "Hm.", "next": "goodbye"} for n in range(200)]
    flow = front_desk.draft["flow"] | {"nodes": [*front_desk.draft["flow"]["nodes"], *more]}
    actions.save_draft(agency.bob, front_desk, front_desk.draft | {"flow": flow}, front_desk.draft_revision)
    front_desk.refresh_from_db()
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    shown = page.get(where).content
    assert b'id="goto-options"' in shown
    assert len(shown) < 1_500_000
    answer = page.post(where, script(front_desk, **{"flow.greeting": "Hi."}), headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "body" not in answer.json()


def test_rows_are_added_and_removed_through_the_form(front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    steps = len(front_desk.draft["flow"]["nodes"])
    answer = page.post(where, script(front_desk, add="flow.nodes:say"), headers={"accept": "application/json"})
    assert answer.json()["open"] == f"flow.nodes.{steps}"
    assert f"flow.nodes.{steps}.text" in answer.json()["body"]
    front_desk.refresh_from_db()
    assert len(front_desk.draft["flow"]["nodes"]) == steps + 1
    page.post(where, script(front_desk, remove=f"flow.nodes.{steps}"))
    front_desk.refresh_from_db()
    assert len(front_desk.draft["flow"]["nodes"]) == steps


def test_voice_and_behaviour_save_themselves(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    voice = {
        "revision": str(front_desk.draft_revision),
        "language": "en",
        "models.tts.account": "builtin",
        "models.tts.vendor": "builtin",
        "models.tts.options.speed": "170",
    }
    answer = page.post(reverse("agent_voice", args=[front_desk.pk]), voice, headers={"accept": "application/json"})
    assert answer.status_code == 200
    front_desk.refresh_from_db()
    assert front_desk.draft["models"]["tts"]["options"] == {"speed": 170}
    manners = {
        "revision": str(front_desk.draft_revision),
        "pace": "patient",
        "pace_before": "natural",
        "interruption": "words",
        "smart_turn": "on",
        "minutes": "2,5",
        "idle_after": "6",
        "idle_prompts": "Hello?\n\nStill there?",
        "idle_goodbye": "Bye.",
    }
    where = reverse("agent_behaviour", args=[front_desk.pk])
    assert page.post(where, manners, headers={"accept": "application/json"}).status_code == 200
    front_desk.refresh_from_db()
    draft = front_desk.draft
    assert draft["turns"]["speech_timeout"] == 0.8
    assert draft["turns"]["min_words"] == 2
    assert draft["limits"] == {
        "max_duration": 150,
        "idle_after": 6.0,
        "idle_prompts": ["Hello?", "Still there?"],
        "idle_goodbye": "Bye.",
    }
    manners |= {"revision": str(front_desk.draft_revision), "minutes": "for ever"}
    answer = page.post(where, manners, headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "The longest call has to be a number" in answer.json()["state"]


def test_a_draft_in_ruins_still_opens_everywhere(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    ruins: list[dict[str, object]] = [
        {},
        {"flow": None, "models": [], "turns": 3, "limits": "x"},
        {"flow": {"nodes": [1, None, {"slots": [2], "intents": "x", "id": 7}], "intents": {}, "goals": 3}},
        {"flow": {}, "models": {"stt": {"vendor": "gone", "account": "x"}}, "limits": {"idle_prompts": 3}},
    ]
    for ruin in ruins:
        Agent.objects.filter(pk=front_desk.pk).update(draft=ruin)
        assert outline(ruin) is not None
        for view in ("agent", *READING, *BUILDING):
            assert page.get(reverse(view, args=[front_desk.pk])).status_code == 200, (view, ruin)
        assert page.get(reverse("agents")).status_code == 200


def test_publishing_asks_first_and_says_what_changes(front_desk: Agent, agency: World) -> None:
    page, where = browser(agency.bob), reverse("publish_agent", args=[front_desk.pk])
    assert "Nothing has changed" in page.get(where).content.decode()
    draft = front_desk.draft | {"flow": front_desk.draft["flow"] | {"greeting": "Good <b>day</b>."}}
    saved = actions.save_draft(agency.bob, front_desk, draft, front_desk.draft_revision)
    shown = page.get(where).content.decode()
    assert "Good &lt;b&gt;day&lt;/b&gt;." in shown
    stale = page.post(where, {"revision": str(saved.revision - 1), "notes": ""})
    assert stale.status_code == 422
    assert page.post(where, {"revision": str(saved.revision), "notes": "Politer"}).status_code == 302
    front_desk.refresh_from_db()
    assert front_desk.published is not None
    assert front_desk.published.number == 2


def test_the_list_counts_calls_and_shows_numbers(front_desk: Agent, agency: World) -> None:
    account = CarrierAccount.objects.create(carrier="twilio", label="T", account_sid="AC1", auth_token="t" * 32)
    PhoneNumber.objects.create(
        number="+14155550100", account=account, client=agency.bright_dental, agent=front_desk, label=""
    )
    for test in (False, False, True):
        front_desk.calls.create(
            client=agency.bright_dental, carrier="twilio", direction="inbound", status="ringing", test=test
        )
    shown = browser(agency.alice).get(reverse("agents")).content.decode()
    assert "(415) 555-0100" in shown
    assert re.search(r'data-label="Calls in 7 days">2<', shown)
