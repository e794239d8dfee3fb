"""A worker that takes over a live call goes on exactly where the other was lost."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.events import Message, Snapshot
from media_worker.contract.wire import CALLER
from media_worker.pipeline.brain import BACK
from media_worker.pipeline.codec import pcm_to_mulaw
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit

ASKED = "what are your opening hours"


def lost(**changes: object) -> Snapshot:
    """The caller asked for the opening hours, as the last worker had it."""
    said = (Message(role="assistant", text=GREETING), Message(role="user", text=ASKED))
    return Snapshot(**({"turn": 1, "seq": 9, "at_ms": 9000, "node": "talk", "messages": said} | changes))


async def test_a_reply_that_was_cut_short_is_said_to_its_end_and_not_answered_again(workers):
    first, rest = HOURS.split(". ", 1)
    heard = (*lost().messages, Message(role="assistant", text=f"{first}."))
    vendors = Vendors([], [Answer(["This answer is one too many."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True), resume=lost(messages=heard, unsaid=rest), elapsed_ms=9000) as caller:
        await caller.until(lambda: len(caller.of(told.AgentTurn)) == 2, 30)
    assert [(turn.turn, turn.text) for turn in caller.of(told.AgentTurn)] == [(1, f"{first}."), (1, f"{BACK} {rest}")]
    assert [message.text for message in caller.snapshots[-1].messages] == [
        GREETING,
        ASKED,
        f"{first}.",
        f"{BACK} {rest}",
    ]


async def test_while_a_reply_is_heard_the_snapshot_holds_what_is_left_of_it(workers):
    worker = await workers(Vendors([ASKED]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
    left = [snapshot.unsaid for snapshot in caller.snapshots if snapshot.turn == 1]
    sentences = [f"{one.rstrip('.')}." for one in HOURS.split(". ")]
    assert left[:4] == ["", HOURS, " ".join(sentences[1:]), sentences[2]]
    assert left[-1] == ""


async def test_a_caller_in_the_midst_of_a_sentence_is_heard_out_first(workers):
    worker = await workers(Vendors(["what are your opening hours"]))
    question = clip("slt_what_are_your_opening_hours")
    half = len(question) // 4 * 2
    async with calling(worker, spec(), resume=lost(messages=()), elapsed_ms=9000) as caller:
        await caller.send(bytes([CALLER]) + pcm_to_mulaw(question[:half]))
        caller.say(question[half:])
        await caller.until_heard(2)
    assert [(turn.turn, turn.text) for turn in caller.of(told.UserTurn)] == [(2, ASKED)]
    assert [(turn.turn, turn.text) for turn in caller.of(told.AgentTurn)] == [(2, HOURS)]


async def test_after_a_handover_between_two_turns_nothing_is_said(workers):
    worker = await workers(Vendors(["what are your opening hours"]))
    answered = (*lost().messages, Message(role="assistant", text=HOURS))
    async with calling(worker, spec(), resume=lost(messages=answered), elapsed_ms=9000, unnoticed=True) as caller:
        await caller.ready.wait()
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(2)
    assert [turn.turn for turn in caller.of(told.AgentTurn)] == [2]
