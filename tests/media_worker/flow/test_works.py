"""Look-ups, waits, transfers and voicemail, done by hands that only write them down."""

from __future__ import annotations

import pytest

from media_worker.contract.flow import (
    Argument,
    Before,
    BranchNode,
    CollectNode,
    ConversationNode,
    Flow,
    KnowledgeNode,
    SayNode,
    Slot,
    ToolNode,
    TransferNode,
    VoicemailNode,
    WaitNode,
    When,
)
from media_worker.contract.tools import Parameter, ToolOutcome, ToolSpec
from media_worker.flow.reply import Reply
from media_worker.flow.work import LookUp, Silence, Transfer, Wait
from tests.media_worker.flow.conftest import FakeHands
from tests.media_worker.flow.works import BOOK, DONE, FAILED, FOUND, drive, flow

pytestmark = pytest.mark.unit

# ── knowledge ─────────────────────────────────────────────────────────────────────────────────────

ASKS = flow(
    ConversationNode(id="talk", say="Yes?", when=(When(when="known(last_said)", goto="look"),)),
    KnowledgeNode(id="look", bases=("prices",), say="Let me see.", next="more", unknown="person"),
    ConversationNode(id="more", say="Anything else?"),
    ConversationNode(id="person", say="Shall somebody call you?"),
)


async def test_the_best_passage_is_read_in_short(talk):
    call = talk(ASKS, knows=True)
    call.runner.opening()
    hands = FakeHands(knowledge=FOUND)
    said, _ = await drive(call, await call.runner.on_user_turn("what is a cleaning", None), hands)
    (work,) = hands.works
    assert isinstance(work, LookUp)
    assert (work.question, work.bases) == ("what is a cleaning", ("prices",))
    assert work.use.arguments == {"question": "what is a cleaning", "bases": "prices"}
    assert said[0] == "Let me see."
    assert said[1].startswith("A cleaning is ninety. It takes an hour.")
    assert said[1].endswith("It takes an hour. Anything else?")
    assert len(said[1]) < 450
    assert call.of("tool_used")[0].sources == FOUND.sources
    picked = talk(ASKS, knows=True)
    picked.runner.opening()
    best = FOUND.model_copy(update={"text": "Ninety, with a card."})
    reply = await picked.runner.on_user_turn("what is a cleaning", None)
    said, _ = await drive(picked, reply, FakeHands(knowledge=best))
    assert said[1] == "Ninety, with a card. Anything else?"


async def test_what_is_not_known_is_said_to_be_so(talk):
    call = talk(ASKS, knows=True)
    call.runner.opening()
    reply = await call.runner.on_user_turn("who are you", None)
    said, _ = await drive(call, reply, FakeHands(knowledge=ToolOutcome(ok=False)))
    assert said[-1] == "I do not know that, I am afraid. Shall somebody call you?"


async def test_a_model_answers_from_the_passages_and_the_flow_goes_on(talk):
    call = talk(ASKS, knows=True, llm=True)
    call.runner.opening()
    reply = await call.runner.on_user_turn("what is a cleaning", None)
    said, last = await drive(call, reply, FakeHands(knowledge=FOUND))
    assert said == ["Let me see.", ""]
    assert last.think
    prompt = call.runner.system_prompt()
    assert "Answer only from the passages below" in prompt
    assert "<passages>\nPrices: A cleaning is ninety." in prompt
    assert call.runner.tools() == []
    more = call.runner.thought()
    assert more is not None
    assert more.text == "Anything else?"
    assert call.runner.thought() is None


# ── waiting and leaving ───────────────────────────────────────────────────────────────────────────


async def test_a_wait_ends_with_its_time_or_with_the_callers_words(talk):
    of = flow(
        WaitNode(id="wait", say="Take your time.", seconds=20, next="late", heard="talk"),
        ConversationNode(id="talk", when=(When(when="last_said contains 'card'", goto="card"),)),
        SayNode(id="card", text="Your card, then.", next="bye"),
        SayNode(id="late", text="Too late.", next="bye"),
    )
    call = talk(of)
    opening = call.runner.opening()
    assert opening.work == Wait("wait", 20, True)
    assert call.runner.hears_now
    assert await call.say("I have my card") == "Your card, then. Goodbye."
    assert call.runner.worked(opening.work, ToolOutcome(ok=True)) == Reply("")

    call = talk(of)
    said, _ = await drive(call, call.runner.opening(), FakeHands(wait=ToolOutcome(ok=True)))
    assert said == ["Hello. Take your time.", "Too late. Goodbye."]


async def test_a_flow_that_only_waits_ends_at_last(talk):
    call = talk(flow(WaitNode(id="wait", say="Still there.", seconds=5, next="wait")))
    said, last = await drive(call, call.runner.opening(), FakeHands(wait=ToolOutcome(ok=True)))
    assert (last.outcome, len(said)) == ("flow_error", 101)


async def test_a_transfer_ends_the_call_or_goes_on(talk):
    of = flow(
        TransferNode(id="go", to="{{desk|+1 415 555 0123}}", failed="talk"), ConversationNode(id="talk", say="Well?")
    )
    call = talk(of)
    hands = FakeHands(transfer=ToolOutcome(ok=True))
    _, last = await drive(call, call.runner.opening(), hands)
    assert hands.works == [Transfer("go", "+1 415 555 0123")]
    assert (last.end, last.gone, last.outcome) == (True, True, "transferred")
    call = talk(of)
    said, last = await drive(call, call.runner.opening(), FakeHands(transfer=FAILED))
    assert said[-1] == "I could not put you through. Well?"
    assert not last.end
    alone = talk(flow(TransferNode(id="go", to="+14155550123")))
    said, last = await drive(alone, alone.runner.opening(), FakeHands(transfer=FAILED))
    assert (said[-1], last.end, last.outcome) == ("I could not put you through.", True, "transfer_failed")


async def test_a_voicemail_is_left_after_the_greeting(talk):
    call = talk(flow(VoicemailNode(id="box", text="Call us, {{name|please}}.", patience=12, outcome="left")))
    opening = call.runner.opening()
    assert (opening.text, opening.work) == ("", Silence("box", 12))
    assert call.runner.deaf
    said, last = await drive(call, opening, FakeHands(silence=ToolOutcome(ok=True)))
    assert said[-1] == "Call us, please."
    assert (last.end, last.outcome) == (True, "left")


# ── before the greeting ───────────────────────────────────────────────────────────────────────────

CRM = ToolSpec(name="crm", about="Who calls.", failure="-", parameters=(Parameter(name="phone"),), sets=("first_name",))


async def test_the_greeting_knows_what_was_looked_up_before_it(talk):
    of = Flow(
        greeting="Hello {{first_name|there}}.",
        start="talk",
        before=(
            Before(tool="crm", arguments=(Argument(name="phone", value="{{caller}}"),), deadline=0.1),
            Before(tool="nobody"),
        ),
        nodes=(ConversationNode(id="talk"),),
    )
    hands = FakeHands(crm=ToolOutcome(ok=True, variables={"first_name": "Dana"}))
    call = talk(of, tools=(CRM,), variables={"caller": "+1"})
    await call.drives(hands).before()
    assert call.runner.opening().text == "Hello Dana."
    assert hands.works[0].use.key == "before:0"
    assert call.of("tool_used")[0].by == "before"

    late = talk(of, tools=(CRM,), variables={"caller": "+1"})
    await late.drives(FakeHands()).before()
    assert late.runner.opening().text == "Hello there."
    assert talk(of, resume=call.snapshot(), tools=(CRM,)).runner.before() == []


async def test_what_is_said_while_a_tool_runs_is_neither_lost_nor_an_answer_to_what_comes_after(talk):
    of = flow(
        ToolNode(id="use", tool="book", arguments=(Argument(name="day", value="2026-12-01"),), next="ask"),
        CollectNode(
            id="ask",
            slots=(Slot(name="fits", type="yes_no", ask="Does it fit?"), Slot(name="mail", type="email", ask="Mail?")),
            next="bye",
        ),
    )
    call = talk(of, tools=(BOOK,))
    await drive(call, call.runner.opening(), FakeHands(book=DONE))
    assert call.runner.said_meanwhile("yes okay thank you", answered=True) is None
    assert "fits" not in call.runner.variables
    assert call.runner.said_meanwhile("my mail is dana at example dot com", answered=True) is None
    assert call.runner.variables["mail"] == "dana@example.com"
    assert await call.say("yes") == "Goodbye."


def test_a_branch_may_ask_how_it_went(talk):
    of = flow(
        BranchNode(id="how", cases=(When(when="outcome == 'failed'", goto="bye"),), otherwise="talk"),
        ConversationNode(id="talk", say="Well?"),
    )
    assert talk(of).runner.opening().text == "Hello. Well?"


async def test_a_model_answers_what_was_said_while_a_tool_ran_but_no_courtesy(talk):
    of = flow(
        ToolNode(id="use", tool="book", arguments=(Argument(name="day", value="2026-12-01"),), next="told"),
        ConversationNode(id="told", say="It is booked.", when=(When(when="last_said contains 'stop'", goto="bye"),)),
    )
    for said, thinks in (("okay thanks", False), ("and is there parking", True)):
        call = talk(of, tools=(BOOK,), llm=True)
        await drive(call, call.runner.opening(), FakeHands(book=DONE))
        answer = call.runner.said_meanwhile(said, answered=True)
        assert (answer is not None and answer.think) is thinks
    stopped = call.runner.said_meanwhile("stop it", answered=True)
    assert stopped is not None
    assert stopped.end
