"""Which tier answers a turn, and what a small model does that is not sure."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import Routing, RoutingRule
from media_worker.flow.routing import UNSURE_MARK, Doubt, Facts, route
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, call, say
from tests.media_worker.backups import agent, said, steps, vendor
from tests.media_worker.conftest import HOURS, calling, clip
from tests.media_worker.fakes import Vendors
from tests.media_worker.test_ladder_minds import QUESTION, hears

pytestmark = pytest.mark.unit

FACTS = Facts(node="talk", intent="hours", words=5, tools=False, answers=True)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({}, True),
        ({"nodes": ["talk"]}, True),
        ({"nodes": ["bye"]}, False),
        ({"intents": ["hours", "price"]}, True),
        ({"intents": ["price"]}, False),
        ({"min_words": 5, "max_words": 5}, True),
        ({"min_words": 6}, False),
        ({"max_words": 4}, False),
        ({"tools": False}, True),
        ({"tools": True}, False),
        ({"nodes": ["talk"], "max_words": 3}, False),
    ],
)
def test_every_condition_of_a_rule_has_to_hold(rule, holds):
    routing = Routing(rules=(RoutingRule(tier="small", **rule),))
    assert route(routing, FACTS, has_small=True).tier == ("small" if holds else "large")


def test_rules_are_followed_in_order_and_tell_why():
    routing = Routing(
        rules=(RoutingRule(tier="rules", intents=("hours",)), RoutingRule(tier="small", max_words=9)), default="large"
    )
    assert route(routing, FACTS, True) == route(routing, FACTS, False)
    assert route(routing, FACTS, True).why == "rule 1: intent hours"
    puzzled = Facts(node="talk", intent="hours", words=5, tools=False, answers=False)
    assert (route(routing, puzzled, True).tier, route(routing, puzzled, True).why) == ("small", "rule 2: 5 words")
    assert route(routing, puzzled, False).tier == "large"
    assert route(Routing(default="small"), FACTS, False).tier == "large"


@pytest.mark.parametrize(
    ("pieces", "spoken", "unsure"),
    [
        (["We", " are"], "We are", False),
        (["[", "uns", "ure]"], "", True),
        ([" [UNSURE] I do not know"], "", True),
        (["[clip:hours]"], "[clip:hours]", False),
        (["[un", "beatable] prices"], "[unbeatable] prices", False),
    ],
)
def test_the_word_of_doubt_is_never_spoken(pieces, spoken, unsure):
    doubt = Doubt()
    assert "".join(doubt.take(piece) for piece in pieces) == spoken
    assert doubt.unsure is unsure


def tiers(caller) -> list[tuple[str, str]]:
    return [(span.tier, span.why) for span in caller.of(told.Span) if span.stage == "llm" and span.turn]


async def test_each_turn_goes_to_the_tier_that_fits(workers):
    lines = ["what are your opening hours", "how much is it", "please tell me about everything that you do there"]
    from media_worker.pipeline.build import build_service

    scripted = Vendors(lines)

    def make(stage, provider, context):
        return build_service(stage, provider, context) if stage == "llm" else scripted(stage, provider, context)

    worker = await workers(make)
    async with FakeOpenAI() as large, FakeOpenAI() as small:
        large.usual_reply, small.usual_reply = say("A long story."), say("Ten euros.")
        routing = Routing(rules=(RoutingRule(tier="rules", intents=("hours",)), RoutingRule(tier="small", max_words=5)))
        what = agent({"llm": vendor(large), "small": vendor(small, "tiny")}, routing=routing)
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            for turn, answer in ((1, HOURS), (2, "Ten euros."), (3, "A long story.")):
                caller.say(clip(QUESTION))
                assert (await caller.until_heard(turn)).text == answer
    assert tiers(caller)[1:] == [("small", "rule 2: 4 words"), ("large", "default")]
    assert (len(large.requests("llm")), len(small.requests("llm"))) == (1, 1)
    assert steps(caller) == []


@pytest.mark.parametrize(
    ("reply", "fault", "why"),
    [
        (call("unsure"), None, "unsure"),
        (say(UNSURE_MARK), None, "unsure"),
        (say(""), None, "empty"),
        (say("never heard"), Fault("status", status=500), "server"),
    ],
    ids=["tool", "mark", "empty", "error"],
)
async def test_a_small_model_that_is_unsure_hands_its_turn_to_the_large_one(workers, reply, fault, why):
    worker = await workers(hears("how much is it"))
    async with FakeOpenAI() as large, FakeOpenAI() as small:
        large.usual_reply, small.usual_reply = say("Twelve euros, with tax."), reply
        small.faults["llm"] = [fault] if fault else []
        what = agent({"llm": vendor(large), "small": vendor(small)}, routing=Routing(default="small"))
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == "Twelve euros, with tax."
    assert said(caller, 1) == ["Twelve euros, with tax."]
    assert steps(caller) == [("llm", "escalated")]
    (asked_small, asked_large) = tiers(caller)
    assert asked_small == ("small", "default")
    assert asked_large[0] == "large"
    assert asked_large[1].startswith(f"escalated: {why}")
    assert "unsure" in str(small.requests("llm")[0].body["tools"])
    assert "unsure" not in str(large.requests("llm")[0].body)


async def test_without_escalation_a_small_model_is_not_told_to_doubt(workers):
    worker = await workers(hears("how much is it"))
    async with FakeOpenAI() as large, FakeOpenAI() as small:
        small.usual_reply = say("Ten euros.")
        routing = Routing(default="small", escalate=False)
        async with calling(worker, agent({"llm": vendor(large), "small": vendor(small)}, routing=routing)) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == "Ten euros."
    assert "unsure" not in str(small.requests("llm")[0].body)
