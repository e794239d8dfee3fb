"""Nodes that decide, choose, keep and hand over, without a sound and without anything outside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from media_worker.contract.events import HandedOver
from media_worker.contract.flow import (
    Assign,
    BranchNode,
    CollectNode,
    ConversationNode,
    Decision,
    EndNode,
    Extract,
    Flow,
    HandoverNode,
    Hours,
    Intent,
    MenuNode,
    Opening,
    Option,
    SayNode,
    SetNode,
    Slot,
    Variable,
    When,
)
from media_worker.contract.spec import Clip, Colleague
from media_worker.flow.reply import Line
from media_worker.flow.runner import FlowRunner
from tests.media_worker.flow.conftest import spec

pytestmark = pytest.mark.unit

BYE = EndNode(id="bye", text="Goodbye.", outcome="done")


def flow(*nodes, start: str = "", **more) -> Flow:
    return Flow(greeting="Hello.", start=start or nodes[0].id, nodes=(*nodes, BYE), **more)


def changed(of: Flow, **first) -> Flow:
    """The same with another first node."""
    document = of.model_dump()
    return Flow.model_validate(document | {"nodes": [document["nodes"][0] | first, *document["nodes"][1:]]})


# ── branch and set ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"vip": True}, "Hello. Welcome back. Goodbye."),
        ({"vip": "no", "guests": 9}, "Hello. A big party. Goodbye."),
        ({}, "Hello. Nice to meet you. Goodbye."),
    ],
)
def test_a_branch_goes_the_first_way_that_holds(talk, variables, said):
    call = talk(
        flow(
            BranchNode(
                id="who", cases=(When(when="vip", goto="known"), When(when="guests > 4", goto="big")), otherwise="new"
            ),
            SayNode(id="known", text="Welcome back.", next="bye"),
            SayNode(id="big", text="A big party.", next="bye"),
            SayNode(id="new", text="Nice to meet you.", next="bye"),
        ),
        variables=variables,
    )
    assert call.runner.opening().text == said


@pytest.mark.parametrize(("hour", "said"), [(10, "We are open."), (20, "We are closed.")])
def test_a_branch_looks_at_the_clock_of_the_clients_zone_and_at_business_hours(hour, said):
    hours = Hours(openings=(Opening(day="sat", begin="09:00", end="17:00"),))
    branch = BranchNode(id="when", cases=(When(when="open()", goto="yes"),), otherwise="no")
    of = spec(
        flow(
            branch,
            SayNode(id="yes", text="We are open.", next="bye"),
            SayNode(id="no", text="We are closed.", next="bye"),
            hours=hours,
        )
    )
    runner = FlowRunner(of, None, lambda event: None, lambda: datetime(2026, 11, 21, hour, tzinfo=UTC))
    assert runner.opening().text == f"Hello. {said} Goodbye."


def test_set_keeps_values_in_order_and_remembers_which_a_caller_said(talk):
    call = talk(
        flow(
            SetNode(
                id="set",
                values=(
                    Assign(name="total", value="guests * price"),
                    Assign(name="twice", value="total * 2"),
                    Assign(name="copy", value="last_said"),
                ),
                next="say",
            ),
            SayNode(id="say", text="That is {{total}}, twice is {{twice}}.", next="bye"),
        ),
        variables={"guests": "3", "price": 20},
    )
    assert call.runner.opening().text == "Hello. That is 60, twice is 120. Goodbye."
    assert "copy" in str(call.runner.state()["heard"])
    assert "total" not in str(call.runner.state()["heard"])


def test_a_value_that_holds_braces_is_data_and_is_never_filled_again(talk):
    call = talk(
        flow(
            SetNode(id="set", values=(Assign(name="copy", value="evil"),), next="say"),
            SayNode(id="say", text="You said {{copy}}.", next="bye"),
        ),
        variables={"evil": "{{secret}}", "secret": "the key"},
    )
    assert call.runner.opening().text == "Hello. You said {{secret}}. Goodbye."


def test_what_a_call_should_have_brought_along_has_its_default(talk):
    variables = (Variable(name="first_name", default="friend"), Variable(name="city"))
    call = talk(flow(SayNode(id="say", text="Dear {{first_name}} of {{city|here}}.", next="bye"), variables=variables))
    assert call.runner.opening().text == "Hello. Dear friend of here. Goodbye."
    call = talk(
        flow(SayNode(id="say", text="Dear {{first_name}}.", next="bye"), variables=variables),
        variables={"first_name": "Dana"},
    )
    assert call.runner.opening().text == "Hello. Dear Dana. Goodbye."


def test_a_circle_without_listening_ends_in_bounded_time(talk):
    call = talk(
        flow(
            SetNode(id="one", values=(Assign(name="n", value="default(n, 0) + 1"),), next="two"),
            BranchNode(id="two", cases=(When(when="n < 0", goto="bye"),), otherwise="one"),
        )
    )
    reply = call.runner.opening()
    assert (reply.end, reply.outcome) == (True, "flow_error")
    assert call.of("fault")[0].fatal
    assert len(call.of("node_entered")) <= 101


# ── say ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_clip_is_said_by_its_mark_and_read_by_its_words(talk):
    clip = Clip(id="hours", words="We are open  from nine.", sha256="0" * 64, seconds=2)
    of = flow(
        SayNode(id="say", text="Never said.", clip="hours", next="two"),
        SayNode(id="two", text="And.", clip="gone", next="bye"),
    )
    reply = talk(of, clips=(clip,)).runner.opening()
    assert reply.text == "Hello. We are open from nine. And. Goodbye."
    assert Line("We are open from nine.", "hours") in reply.lines
    assert reply.lines[1].marked == "[clip:hours|We are open from nine.]"


def test_a_step_may_have_a_voice_of_its_own(talk):
    of = flow(
        SayNode(id="say", text="I am another.", voice="carol", next="talk"),
        ConversationNode(id="talk", say="Hm?", voice="dave"),
    )
    call = talk(of)
    assert [(line.text, line.voice) for line in call.runner.opening().lines] == [
        ("Hello. I am another.", "carol"),
        ("Hm?", "dave"),
    ]
    assert call.runner.voice == "dave"


# ── menu ──────────────────────────────────────────────────────────────────────────────────────────

MENU = MenuNode(
    id="menu",
    text="Press one for sales, two for support.",
    options=(
        Option(digit="1", name="sales", examples=("I want to buy something",), goto="sold"),
        Option(digit="2", name="support", goto="help"),
        Option(digit="#", name="again", goto="menu"),
    ),
    attempts=2,
    give_up="bye",
)
MENUS = flow(
    MENU,
    SayNode(id="sold", text="Sales, as you chose {{choice}}.", next="bye"),
    SayNode(id="help", text="Support.", next="bye"),
    intents=(Intent(name="goodbye", examples=("goodbye",), goto="bye"),),
)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("1", "Sales, as you chose sales. Goodbye."),
        ("one", "Sales, as you chose sales. Goodbye."),
        ("option two please", "Support. Goodbye."),
        ("number two", "Support. Goodbye."),
        ("support", "Support. Goodbye."),
        ("I would like to buy something", "Sales, as you chose sales. Goodbye."),
        ("#", "Press one for sales, two for support."),
        ("hash", "Press one for sales, two for support."),
        ("goodbye", "Goodbye."),
        ("7", "Sorry. Press one for sales, two for support."),
        ("what did you say", "Press one for sales, two for support."),
    ],
)
async def test_a_choice_is_pressed_or_said(talk, heard, said):
    call = talk(MENUS)
    assert call.runner.opening().text == "Hello. Press one for sales, two for support."
    assert call.runner.keys == {"1", "2", "#"}
    assert await call.say(heard) == said


async def test_a_menu_gives_up_after_its_tries(talk):
    call = talk(MENUS)
    call.runner.opening()
    assert (await call.say("purple")).startswith("Sorry.")
    assert await call.say("", 0.0) == "Goodbye."
    call = talk(changed(MENUS, give_up=None))
    call.runner.opening()
    for _ in range(5):
        assert (await call.say("purple")).startswith("Sorry. Press one")


# ── questions ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_filled_form_goes_by_rule(talk):
    form = CollectNode(
        id="form",
        slots=(Slot(name="guests", type="number", ask="How many?"),),
        when=(When(when="guests > 8", goto="big"),),
        next="small",
    )
    of = flow(
        form, SayNode(id="big", text="We will call you.", next="bye"), SayNode(id="small", text="See you.", next="bye")
    )
    for said, answer in (("twelve people", "We will call you. Goodbye."), ("two", "See you. Goodbye.")):
        call = talk(of)
        call.runner.opening()
        assert await call.say(said) == answer


@pytest.mark.parametrize(
    ("pattern", "said", "kept"),
    [
        ("AB-####", "a b dash one two three four", "AB-1234"),
        ("AB-####", "it's AB 1234", "AB-1234"),
        ("AB-####", "alpha bravo twelve thirty four", "AB-1234"),
        ("@@###", "x as in xray y one double two", "XY122"),
        ("######", "my code is 123 456", "123456"),
        ("??-??", "a 1 b 2", "A1-B2"),
        ("AB-####", "one two three four", None),
        ("####", "I do not know", None),
        ("", "k 7 4 z", "K74Z"),
    ],
)
async def test_a_code_is_heard_by_its_pattern(talk, pattern, said, kept):
    form = CollectNode(
        id="form", slots=(Slot(name="code", type="code", ask="Your code?", pattern=pattern),), next="bye"
    )
    call = talk(flow(form))
    call.runner.opening()
    await call.say(said)
    assert call.runner.variables.get("code") == kept


# ── conversation ──────────────────────────────────────────────────────────────────────────────────

TALK = flow(
    ConversationNode(
        id="talk",
        say="How can I help?",
        when=(When(when="last_said contains 'refund'", goto="refund"), When(when="city == 'berlin'", goto="berlin")),
        intents=(
            Intent(name="hours", examples=("when are you open",), answer="Nine to five."),
            Intent(name="refunds", examples=("I want a refund",), goto="bye"),
            Intent(name="cancel", examples=("I want to cancel my appointment",), goto="bye"),
        ),
        decisions=(Decision(when="the caller is angry", goto="angry"), Decision(when="they give up", goto="bye")),
        extract=(
            Extract(name="city", type="choice", choices=("berlin", "hamburg"), about="where they are"),
            Extract(name="day", type="date"),
        ),
    ),
    SayNode(id="refund", text="About refunds.", next="bye"),
    SayNode(id="berlin", text="We are in Berlin, too.", next="bye"),
    SayNode(id="angry", text="I am sorry.", next="bye"),
)


async def test_rules_open_a_way_before_topics_do(talk):
    call = talk(TALK)
    call.runner.opening()
    assert await call.say("I want a refund") == "About refunds. Goodbye."


async def test_with_a_model_rules_and_plain_topics_need_no_round_of_it(talk):
    for said, answer in (
        ("I want my refund now", "About refunds. Goodbye."),
        ("I want to cancel my appointment", "Goodbye."),
    ):
        call = talk(TALK, llm=True)
        call.runner.opening()
        assert await call.say(said) == answer
    call = talk(TALK, llm=True)
    call.runner.opening()
    assert await call.runner.on_user_turn("when are you open", None) is None
    assert await call.runner.on_user_turn("tomorrow I will be near you", None) is None
    assert call.runner.variables["day"] == "2026-11-22"


async def test_a_model_decides_in_the_builders_words_and_keeps_what_comes_up(talk):
    call = talk(TALK, llm=True)
    call.runner.opening()
    tools = {tool.name: tool for tool in call.runner.tools()}
    assert "- angry: when the caller is angry" in tools["go_to"].description
    assert tools["go_to"].parameters["properties"]["node"]["enum"] == ["angry", "bye"]
    assert tools["set_slot"].parameters["properties"]["name"]["enum"] == ["city", "day"]
    kept = await call.runner.on_tool_call("set_slot", {"name": "city", "value": "Berlin"})
    assert kept.reply is not None
    assert kept.reply.text == "We are in Berlin, too. Goodbye."


async def test_a_step_says_who_answers(talk):
    call = talk(changed(TALK, tier="rules"), llm=True)
    call.runner.opening()
    assert await call.say("when are you open") == "Nine to five."
    assert await call.runner.on_user_turn("tell me a story about the sea", None) is None


# ── handing over ──────────────────────────────────────────────────────────────────────────────────

BOOKING = Colleague(
    name="Booking desk",
    version=3,
    voice="carol",
    flow=Flow(
        greeting="Booking desk here.",
        prompt="You book.",
        start="form",
        nodes=(
            CollectNode(id="form", slots=(Slot(name="day", type="date", ask="Which day, {{name}}?"),), next="back"),
            HandoverNode(id="back", agent="Bella", say="Back to the desk.", failed="form"),
        ),
    ),
)
FRONT = flow(
    ConversationNode(
        id="talk",
        say="How can I help?",
        intents=(
            Intent(name="book", examples=("book an appointment",), goto="over"),
            Intent(name="nobody", examples=("nobody please",), goto="gone"),
        ),
    ),
    HandoverNode(id="over", agent="booking desk", say="One moment.", greet=True),
    HandoverNode(id="gone", agent="Nobody", failed="talk"),
)


async def test_another_agent_goes_on_with_all_that_is_known(talk):
    call = talk(FRONT, colleagues=(BOOKING,), variables={"name": "Dana"})
    call.runner.opening()
    assert await call.say("book an appointment") == "One moment. Booking desk here. Which day, Dana?"
    assert call.of("handed_over") == [HandedOver(agent="Booking desk", version=3)]
    assert call.runner.voice == "carol"

    resumed = talk(FRONT, resume=call.snapshot(), colleagues=(BOOKING,))
    assert "Which day, Dana?" in resumed.runner.opening().text
    assert await resumed.say("tomorrow") == "Back to the desk. How can I help?"
    assert resumed.runner.variables["day"] == "2026-11-22"
    assert resumed.runner.voice == ""


async def test_a_model_gets_the_other_agents_instructions(talk):
    call = talk(FRONT, colleagues=(BOOKING,), llm=True)
    call.runner.opening()
    assert "You are Bella" in call.runner.system_prompt()
    await call.say("book an appointment")
    prompt = call.runner.system_prompt()
    assert "You are Booking desk" in prompt
    assert "search_knowledge" not in [tool.name for tool in call.runner.tools()]
    assert "You book." in prompt


async def test_an_agent_who_is_not_there_is_no_dead_end(talk):
    call = talk(FRONT, colleagues=(BOOKING,))
    call.runner.opening()
    assert await call.say("nobody please") == "How can I help?"
    assert "no agent called Nobody" in call.of("fault")[0].message
