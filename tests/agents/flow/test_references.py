"""What a flow names has to be there: tools, knowledge, other agents, clips. And tools are given what they take."""

from __future__ import annotations

from typing import Any

import pytest

from agents.flow.references import Around
from media_worker.contract.tools import Parameter, ToolSpec
from tests.agents.flow.scripts import asks, script, told

pytestmark = pytest.mark.unit

ORDER = ToolSpec(
    name="find_order",
    label="Find an order",
    about="Looks an order up.",
    failure="I cannot look that up now.",
    parameters=(
        Parameter(name="number"),
        Parameter(name="note", required=False),
        Parameter(name="shop", source="fixed", value="main"),
        Parameter(name="refund_to", trusted=True, required=False),
    ),
    sets=("status",),
)
GOODBYE = ToolSpec(name="hang_up", about="Ends the call.", act="end_call", failure="Sorry.")
AROUND = Around(
    tools={"find_order": ORDER, "hang_up": GOODBYE},
    bases=frozenset({"prices", "secrets"}),
    agents=frozenset({"Front desk", "Bookings"}),
    clips=frozenset({"welcome"}),
    itself="Front desk",
)


def use(ident: str = "look", tool: str = "find_order", **arguments: str) -> dict[str, Any]:
    given = [{"name": name, "value": value} for name, value in arguments.items()]
    return {"id": ident, "type": "tool", "tool": tool, "arguments": given, "next": "bye"}


def wrong(*nodes: dict[str, Any], knowledge: tuple[str, ...] = (), around: Around = AROUND, **flow: Any) -> list[str]:
    return told({**script(*nodes, **flow), "knowledge": list(knowledge)}, around)


def test_names_that_exist_are_fine() -> None:
    nodes = [
        {"id": "say", "type": "say", "text": "Hello.", "clip": "welcome", "next": "look"},
        {**use(number="{{last_said}}"), "next": "know"},
        {"id": "know", "type": "knowledge", "bases": ["prices"], "next": "hand"},
        {"id": "hand", "type": "handover", "agent": "Bookings", "failed": "bye"},
    ]
    assert wrong(*nodes, knowledge=("prices",), greeting="{{status}}") == []


def test_names_that_do_not_exist_are_said_at_their_steps() -> None:
    nodes = [
        {"id": "say", "type": "say", "text": "Hello.", "clip": "gone", "next": "look"},
        {**use(tool="levitate"), "next": "know"},
        {"id": "know", "type": "knowledge", "bases": ["gossip", "secrets"], "next": "hand"},
        {"id": "hand", "type": "handover", "agent": "Nobody", "failed": "again"},
        {"id": "again", "type": "handover", "agent": "Front desk", "failed": "talk"},
        {"id": "talk", "type": "conversation", "tools": ["fly"], "fallback_goto": "bye"},
    ]
    assert wrong(*nodes, knowledge=("myths",), before=[{"tool": "guess"}]) == [
        "Look-up 1: there is no tool called “guess”.",
        "Step “say”: there is no recorded clip called “gone”.",
        "Step “look”: there is no tool called “levitate”.",
        "Step “know”: this client has no knowledge called “gossip”.",
        "Step “know”: the agent may not read “secrets”: allow it under Knowledge.",
        "Step “hand”: this client has no agent called “Nobody”.",
        "Step “again”: it would hand the call over to itself.",
        "Step “talk”: there is no tool called “fly”.",
        "Knowledge: this client has no knowledge called “myths”.",
    ]


def test_what_is_not_known_is_not_judged() -> None:
    assert wrong(use(tool="levitate"), around=Around(), greeting="{{status}}") == []


def test_a_tool_is_given_what_it_takes() -> None:
    assert wrong(use()) == ["Step “look”: “Find an order” needs “number”, and this step does not give it."]
    assert wrong(use(number="1", colour="red", shop="other")) == [
        "Step “look”, argument “colour”: “Find an order” takes no “colour”; it takes number, note, shop, refund_to.",
        "(hint) Step “look”, argument “shop”: “shop” is fixed where the tool is set up, so what stands here is not used.",
    ]
    assert wrong(use(number=" ")) == [
        "Step “look”, argument “number”: “Find an order” needs “number”, and nothing is given."
    ]


def test_a_caller_does_not_choose_where_the_money_goes() -> None:
    ask = asks({"name": "account"}, then="copy")
    copy = {"id": "copy", "type": "set", "values": [{"name": "target", "value": 'account + ""'}], "next": "look"}
    for said in ("{{account}}", "{{target}}", "X{{last_said}}"):
        found = wrong(ask, copy, use(number="1", refund_to=said))
        assert len(found) == 1
        assert "“refund_to” may not come from what callers say" in found[0]
    assert wrong(use(number="1", refund_to="{{iban}}"), variables=[{"name": "iban"}]) == []
    (found,) = wrong({"id": "talk", "type": "conversation", "tools": ["find_order"], "fallback_goto": "bye"})
    assert "“Find an order” lets the model fill “refund_to”" in found


def test_what_a_step_does_not_give_comes_from_the_variable_of_that_name() -> None:
    assert wrong(asks({"name": "number"}, then="look"), use()) == []
    assert wrong(asks({"name": "refund_to"}, then="look"), use(number="1")) == [
        "Step “look”: “refund_to” may not come from what callers say, and {{refund_to}} does."
    ]


def test_a_tool_that_is_set_up_with_what_callers_say_is_not_trusted_either() -> None:
    parameter = Parameter(name="to", trusted=True, source="fixed", value="{{wanted}}")
    send = ToolSpec(name="send", label="Send", about="Sends.", failure="Sorry.", parameters=(parameter,))
    around = Around(tools={"send": send})
    for node in (use(tool="send"), {"id": "look", "type": "conversation", "tools": ["send"], "fallback_goto": "bye"}):
        (found,) = wrong(asks({"name": "wanted"}, then="look"), node, around=around)
        assert "“to” may not come from what callers say, and {{wanted}} does" in found
        assert wrong(node, around=around, variables=[{"name": "wanted"}]) == []


def test_what_a_model_remembers_is_what_a_caller_said() -> None:
    remember = ToolSpec(name="remember", about="Keeps.", act="remember", failure="Sorry.", sets=("noted",))
    around = Around(tools={"find_order": ORDER, "remember": remember})
    talk = {"id": "talk", "type": "conversation", "tools": ["remember"], "fallback_goto": "look"}
    (found,) = wrong(talk, use(number="1", refund_to="{{noted}}"), around=around)
    assert "“refund_to” may not come from what callers say" in found


def test_a_look_up_before_the_greeting_knows_nothing_of_the_call_yet() -> None:
    before = [{"tool": "find_order", "arguments": [{"name": "number", "value": "{{order}}"}]}, {"tool": "hang_up"}]
    assert wrong(asks({"name": "order"}), before=before) == [
        "(hint) Look-up 1, argument “number”: {{order}} is not known yet before the greeting.",
        "Look-up 2: “hang_up” cannot be used before the greeting: it finds nothing out.",
    ]


def test_a_variable_that_no_tool_in_use_fills_is_missing() -> None:
    assert wrong(use(number="1"), greeting="{{status}} {{colour}}") == [
        "(hint) Greeting: nothing fills {{colour}}; it is left out unless the call brings it along."
    ]
