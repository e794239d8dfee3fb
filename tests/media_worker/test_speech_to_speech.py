"""Calls in which one model hears, thinks and speaks: the same flow, tools, books and ends as any other call."""

from __future__ import annotations

from typing import Any

import pytest

from media_worker.contract import events as told
from media_worker.contract.flow import ConversationNode, Flow, Intent, MenuNode, Option, ToolNode
from media_worker.contract.spec import AudioFormat, CallSpec, PoolKey, Provider
from media_worker.contract.tools import ToolOutcome, ToolSpec
from media_worker.contract.wire import Dtmf
from tests.fakes.vendors.openai_server import call, say
from tests.fakes.vendors.realtime_server import FakeRealtime, Fault
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Vendors

pytestmark = pytest.mark.unit

KEY = "sk-realtime"
LONG = "We are open from nine to five on weekdays. " * 4


@pytest.fixture
async def server():
    async with FakeRealtime(key=KEY) as running:
        yield running


def spoken(server: FakeRealtime, key: str = KEY, keys: tuple[PoolKey, ...] = (), **changes: Any) -> CallSpec:
    """Alice's clinic, answered by a speech-to-speech model; the built-in ears, mind and voice stand by."""
    call_spec = spec(**changes)
    s2s = Provider(vendor="openai", base_url=server.base_url, api_key=key, keys=keys, key=keys[0].id if keys else "")
    providers = call_spec.agent.providers.model_copy(update={"s2s": s2s})
    return call_spec.model_copy(update={"agent": call_spec.agent.model_copy(update={"providers": providers})})


async def test_a_caller_is_heard_answered_and_seen_off_by_one_model(workers, server):
    server.heard = ["what are your opening hours", "goodbye then"]
    server.replies = [say(HOURS), call("end_call")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
        caller.say(clip("slt_goodbye"))
        await caller.over.wait()
    assert answer.text == HOURS
    assert [line for line in caller.transcript() if line[1]] == [
        ("agent", GREETING),
        ("user", "what are your opening hours"),
        ("agent", HOURS),
        ("user", "goodbye then"),
        ("agent", caller.transcript()[-1][1]),
    ]
    assert caller.finished is not None
    assert (caller.finished.reason, [r.action for r in caller.requests]) == ("agent_hangup", ["hangup"])


async def test_the_key_and_the_telephones_own_sound_go_to_the_vendor(workers, server):
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert server.headers[0]["model"] == "gpt-realtime"
    session = server.sessions[0]
    assert session["audio"]["input"]["turn_detection"] is None
    assert session["audio"]["input"]["format"]["type"] == session["audio"]["output"]["format"]["type"] == "audio/pcmu"
    assert "Clinic" in session["instructions"]
    assert {tool["name"] for tool in session["tools"]} >= {"end_call"}
    assert 1.0 < server.seconds_heard[0] < 4.0  # the question and the half second before it, not the greeting's time


async def test_a_browser_is_heard_at_its_own_rate(workers, server):
    worker = await workers()
    wide = AudioFormat(codec="pcm_s16le", rate=16000)
    async with calling(worker, spoken(server, audio=wide)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours", 16000))
        assert (await caller.until_heard(1)).text == server.usual_reply.text
    assert server.sessions[0]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert 1.0 < server.seconds_heard[0] < 4.0


async def test_an_interruption_stops_the_sound_and_tells_the_model_what_was_heard(workers, server):
    server.replies = [say(LONG)]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: any(turn == 1 for turn, _ in caller.speaking))
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        cut = await caller.until_heard(1)
        await caller.until(lambda: ("agent", server.usual_reply.text) in caller.transcript())
    truncated = (await server.until("conversation.item.truncate"))[0]
    assert cut.interrupted
    assert LONG.startswith(cut.text)
    assert cut.unheard
    heard = (cut.ended_ms - cut.started_ms) / 1000
    assert 0 < truncated["audio_end_ms"] / 1000 <= heard + 0.5
    assert caller.clears


async def test_tools_move_the_flow_and_a_tool_that_does_not_exist_is_answered(workers, server):
    server.replies = [call("order_pizza", size="large"), say("I cannot do that, sorry.")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
    outputs = [
        e["item"] for e in server.sent("conversation.item.create") if e["item"]["type"] == "function_call_output"
    ]
    assert len(outputs) == 1
    assert answer.text == "I cannot do that, sorry."


async def test_a_model_that_calls_tools_for_ever_is_stopped(workers, server):
    server.usual_reply = call("order_pizza")
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
    assert answer.text == "Sorry, could you say that again?"
    assert [body.why for body in caller.of(told.Fallback)] == ["too_many_tools"]


@pytest.mark.parametrize("fault", [Fault("cut"), Fault("error"), Fault("failed"), Fault("silence")])
async def test_when_the_model_fails_the_others_go_on_with_the_call(workers, server, fault):
    server.faults = [None, fault]
    worker = await workers(Vendors(["what are your opening hours"]))
    what = spoken(server)
    quick = what.agent.fallbacks.model_copy(update={"next_model_after": 1.0})
    what = what.model_copy(update={"agent": what.agent.model_copy(update={"fallbacks": quick})})
    async with calling(worker, what) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: caller.of(told.Fallback))
        await caller.until(lambda: ("agent", HOURS) in caller.transcript())
    [step] = caller.of(told.Fallback)
    assert (step.step, step.stage, step.vendor) == ("next_model", "s2s", "builtin")
    assert caller.snapshots[-1].media["s2s"] == "off"


async def test_a_refused_key_is_told_and_the_next_one_serves(workers, server):
    worker = await workers()
    keys = (PoolKey(id="k1", alias="old", secret="sk-revoked"), PoolKey(id="k2", alias="new", secret=KEY))
    async with calling(worker, spoken(server, key="sk-revoked", keys=keys)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
    [trouble] = caller.of(told.KeyTrouble)
    assert (trouble.key, trouble.what) == ("k1", "refused")
    assert [span.key for span in caller.of(told.Span) if span.stage == "s2s"] == ["new"]
    async with calling(worker, spoken(server, key="sk-revoked", keys=keys)) as caller:
        await caller.until_heard(0)
    assert not caller.of(told.KeyTrouble)  # the agency's next call in this worker begins with the key that works


async def test_a_vendor_that_takes_no_calls_leaves_the_greeting_to_the_others(workers, server):
    server.refuse_with = 429
    worker = await workers(Vendors([]))
    keys = (PoolKey(id="k1", alias="only", secret=KEY),)
    async with calling(worker, spoken(server, keys=keys)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
    [trouble] = caller.of(told.KeyTrouble)
    assert (trouble.what, trouble.retry_after) == ("rate_limited", 7.0)


async def test_messages_that_cannot_be_read_are_passed_over(workers, server):
    server.faults = [Fault("garbage")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
    assert not caller.of(told.Fallback)


async def test_keys_pressed_are_a_turn(workers, server):
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        for digit in "42#":
            await caller.send(Dtmf(digit=digit).model_dump_json())
        assert (await caller.until_heard(1)).text == server.usual_reply.text
    texts = [e["item"]["content"][0]["text"] for e in server.sent("conversation.item.create")]
    assert texts == ["42"]


async def test_another_worker_goes_on_with_the_same_model(workers, server):
    worker = await workers()
    what = spoken(server)
    async with calling(worker, what) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
        last = caller.snapshots[-1]
    async with calling(worker, what, resume=last) as caller:
        assert "short break" in (await caller.until_heard(1)).text
    said = [e["item"]["content"][0]["text"] for e in server.sent("conversation.item.create")]
    assert server.usual_heard in said
    assert server.usual_reply.text in said


async def test_steps_that_do_something_are_driven_as_in_any_call(workers, server):
    server.heard = ["book me in please", "what does it cost"]
    server.replies = [call("go_to", node="book"), call("search_knowledge", question="price"), say("Ninety.")]
    call_spec = spoken(server)
    flow = Flow(
        greeting=GREETING,
        start="talk",
        nodes=(
            ConversationNode(id="talk", intents=(Intent(name="book", goto="book"),)),
            ToolNode(id="book", tool="book", next="told"),
            ConversationNode(id="told", say="It is booked for {{at}}.", knowledge=True),
        ),
    )
    tool = ToolSpec(name="book", about="Books.", waiting="Let me look.", failure="It failed.")
    agent = call_spec.agent.model_copy(update={"flow": flow, "tools": (tool,), "knows": True})
    worker = await workers()
    async with calling(worker, call_spec.model_copy(update={"agent": agent})) as caller:
        caller.outcomes["book"] = ToolOutcome(ok=True, variables={"at": "nine"})
        caller.outcomes["knowledge"] = ToolOutcome(ok=True, text="A cleaning is ninety.")
        await caller.until_heard(0)
        caller.say(clip("slt_yes"))
        await caller.until(lambda: ("agent", "It is booked for nine.") in caller.transcript())
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: ("agent", "Ninety.") in caller.transcript())
    assert ("agent", "Let me look.") in caller.transcript()
    assert [(used.tool, used.by) for used in caller.of(told.ToolUsed)] == [("book", "flow"), ("knowledge", "model")]


async def test_a_menu_is_pressed_or_told_to_the_model(workers, server):
    server.heard = ["support please"]
    server.replies = [call("go_to", node="help")]
    call_spec = spoken(server)
    menu = MenuNode(
        id="menu",
        text="Sales is one, support is two.",
        options=(Option(digit="1", name="sales", goto="sold"), Option(digit="2", name="support", goto="help")),
    )
    nodes = (
        menu,
        ConversationNode(id="sold", say="Sales here."),
        ConversationNode(id="help", say="Support here."),
    )
    agent = call_spec.agent.model_copy(update={"flow": Flow(greeting=GREETING, start="menu", nodes=nodes)})
    worker = await workers()
    async with calling(worker, call_spec.model_copy(update={"agent": agent})) as caller:
        await caller.until_heard(0)
        await caller.send(Dtmf(digit="1").model_dump_json())
        await caller.until(lambda: ("agent", "Sales here.") in caller.transcript())
    async with calling(worker, call_spec.model_copy(update={"agent": agent})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_yes"))
        await caller.until(lambda: ("agent", "Support here.") in caller.transcript())
    told_model = [session["instructions"] for session in server.sessions]
    assert any("- support (“support”) Then use go_to help." in instructions for instructions in told_model)
