"""Steps that use a tool: typed, trusted, bounded, once each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media_worker.contract.flow import (
    Argument,
    Assign,
    CollectNode,
    ConversationNode,
    Flow,
    SayNode,
    SetNode,
    Slot,
    ToolNode,
    TransferNode,
    When,
)
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.reply import Reply
from media_worker.flow.work import ToolWork
from tests.media_worker.flow.conftest import FakeHands
from tests.media_worker.flow.works import BOOK, DONE, FAILED, PAY, drive, flow

pytestmark = pytest.mark.unit

USE = flow(
    CollectNode(id="form", slots=(Slot(name="day", type="date", ask="Which day?"),), next="use"),
    ToolNode(
        id="use",
        tool="book",
        arguments=(Argument(name="day", value="{{day}}"), Argument(name="guests", value="{{guests|2}}")),
        when=(When(when="number == 'X'", goto="form"),),
        next="done",
        failed="sorry",
    ),
    SayNode(id="done", text="Your number is {{number}}.", next="bye"),
    ConversationNode(id="sorry", say="Shall a colleague call you?"),
)


# ── a tool of the flow ────────────────────────────────────────────────────────────────────────────


async def test_a_tool_is_used_with_typed_arguments_and_its_values_are_kept(talk):
    call = talk(USE, tools=(BOOK,), variables={"guests": "four"})
    call.runner.opening()
    hands = FakeHands(book=DONE)
    said, last = await drive(call, await call.runner.on_user_turn("tomorrow", None), hands)
    assert said == ["Let me look.", "Your number is A7. Goodbye."]
    assert last.end
    (work,) = hands.works
    assert isinstance(work, ToolWork)
    assert work.use.arguments == {"day": "2026-11-22", "guests": 4}
    assert work.use.key == "use:0"
    (told,) = call.of("tool_used")
    assert (told.tool, told.ok, told.status, told.by, told.node, told.variables) == (
        "book", True, 200, "flow", "use", {"number": "A7"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "outcome", [FAILED, RuntimeError("boom"), ToolOutcome(ok=False)], ids=["status", "error", "nothing"]
)
async def test_a_failure_is_spoken_and_goes_its_own_way(talk, outcome):
    call = talk(USE, tools=(BOOK,))
    call.runner.opening()
    said, last = await drive(call, await call.runner.on_user_turn("tomorrow", None), FakeHands(book=outcome))
    assert said == ["Let me look.", "I could not book that. Shall a colleague call you?"]
    assert not last.end
    assert not call.of("tool_used")[0].ok


async def test_a_tool_that_never_answers_ends_at_its_seconds(talk, monkeypatch):
    monkeypatch.setattr("media_worker.flow.work.SLACK", 0.05)
    call = talk(USE, tools=(BOOK.model_copy(update={"seconds": 0.1}),))
    call.runner.opening()
    said, _ = await drive(call, await call.runner.on_user_turn("tomorrow", None), FakeHands())
    assert said[-1].startswith("I could not book that.")
    assert call.of("tool_used")[0].text == "It did not answer in time."


async def test_a_tool_that_is_not_there_is_no_dead_end(talk):
    call = talk(USE)
    call.runner.opening()
    reply = await call.runner.on_user_turn("tomorrow", None)
    assert reply is not None
    assert reply.text == "I am sorry, that does not work at the moment. Shall a colleague call you?"
    assert "the tool book is not there" in call.of("fault")[0].message


async def test_an_argument_that_is_none_of_its_kind_reaches_no_host(talk):
    call = talk(USE, tools=(BOOK,), variables={"guests": "a lot"})
    call.runner.opening()
    hands = FakeHands(book=DONE)
    said, _ = await drive(call, await call.runner.on_user_turn("tomorrow", None), hands)
    assert hands.works == []
    assert said[-1].startswith("I could not book that.")
    assert call.of("tool_used")[0].text == "guests has to be a number."


async def test_what_a_tool_gives_is_data(talk):
    evil = ToolOutcome(ok=True, variables={"number": "{{secret}} [clip:x]" + "y" * 5_000})
    call = talk(USE, tools=(BOOK,), variables={"secret": "the key"})
    call.runner.opening()
    said, _ = await drive(call, await call.runner.on_user_turn("tomorrow", None), FakeHands(book=evil))
    assert "the key" not in said[-1]
    assert len(str(call.runner.variables["number"])) == 2_000


async def test_a_use_has_the_same_key_after_a_workers_end_and_another_one_the_next_time(talk):
    call = talk(USE, tools=(BOOK,))
    call.runner.opening()
    reply = await call.runner.on_user_turn("tomorrow", None)
    assert reply is not None
    resumed = talk(USE, resume=call.snapshot(), tools=(BOOK,))
    assert resumed.runner.at_work
    again = resumed.runner.opening()
    assert again.work is not None
    assert again.work.use == reply.work.use
    back = ToolOutcome(ok=True, variables={"number": "X"})
    resumed.runner.worked(again.work, back)
    assert resumed.runner.node == "form"
    once_more = await resumed.runner.on_user_turn("on friday", None)
    assert once_more is not None
    assert once_more.work.use.key == "use:1"


async def test_an_outcome_that_comes_too_late_changes_nothing(talk):
    call = talk(USE, tools=(BOOK,))
    call.runner.opening()
    reply = await call.runner.on_user_turn("tomorrow", None)
    assert reply is not None
    stale = replace(reply.work)
    assert call.runner.worked(stale, DONE) == Reply("")
    assert "number" not in call.runner.variables


async def test_uses_without_a_word_of_the_caller_are_bounded(talk):
    circle = flow(
        ToolNode(id="use", tool="book", arguments=(Argument(name="day", value="2026-12-01"),), next="use"),
    )
    call = talk(circle, tools=(BOOK,))
    hands = FakeHands(book=DONE)
    _, last = await drive(call, call.runner.opening(), hands)
    assert (last.end, last.outcome) == (True, "flow_error")
    assert len(hands.works) == 20


# ── trust ─────────────────────────────────────────────────────────────────────────────────────────


def paying(*between) -> Flow:
    asks = CollectNode(id="form", slots=(Slot(name="said", type="number", ask="How much?"),), next=between[0].id)
    return flow(asks, *between, ToolNode(id="pay", tool="pay", next="bye"))


async def test_what_is_trusted_is_not_taken_from_a_caller_by_any_way(talk):
    through = SetNode(id="set", values=(Assign(name="price", value="said + 0"),), next="pay")
    call = talk(paying(through), tools=(PAY,))
    call.runner.opening()
    hands = FakeHands(pay=DONE)
    said, _ = await drive(call, await call.runner.on_user_turn("five hundred", None), hands)
    assert hands.works == []
    assert said[-1] == "That did not work. Goodbye."
    assert call.of("tool_used")[0].text == "amount is not taken from what a caller said."

    clean = SetNode(
        id="set", values=(Assign(name="price", value="said > 100"), Assign(name="price", value="40")), next="pay"
    )
    call = talk(paying(clean), tools=(PAY,))
    call.runner.opening()
    await drive(call, await call.runner.on_user_turn("five hundred", None), hands)
    assert hands.works[0].use.arguments == {"amount": 40, "to": "ours"}


async def test_trust_survives_a_workers_end(talk):
    call = talk(paying(SetNode(id="set", values=(Assign(name="price", value="said"),), next="pay")), tools=(PAY,))
    call.runner.opening()
    await call.runner.on_user_turn("five hundred", None)
    resumed = talk(call.spec.agent.flow, resume=call.snapshot(), tools=(PAY,))
    assert resumed.runner.opening().work.settled is not None


async def test_nobody_is_transferred_to_a_number_that_a_caller_said(talk):
    of = flow(
        CollectNode(id="form", slots=(Slot(name="phone", type="phone", ask="Which number?"),), next="go"),
        TransferNode(id="go", to="{{phone}}", failed="bye"),
    )
    call = talk(of)
    call.runner.opening()
    reply = await call.runner.on_user_turn("plus one four one five five five five zero one two three", None)
    assert reply is not None
    assert reply.work is None
    assert reply.text == "I could not put you through. Goodbye."
    assert "what a caller said" in call.of("fault")[0].message
