"""A worker asks for a tool in the midst of a call: the host uses it, once, and keeps nothing else waiting."""

from __future__ import annotations

import asyncio
import copy
import secrets
from typing import Any

import pytest

from agents import actions as agents
from agents.models import Tool, ToolUse
from agents.tools import actions
from agents.tools.actions import ToolDraft
from calls.models import CallEvent
from media_worker.contract import wire
from media_worker.contract.events import HandedOver, ToolUsed
from media_worker.contract.tools import ToolOutcome, UseTool
from tenants.people.models import User
from tests.calls.bridge.conftest import Stage
from tests.fakes.tool_server import ToolServer

pytestmark = pytest.mark.live


async def with_tool(stage: Stage, url: str, **config: Any) -> str:
    """A tool of the client's, which the published agent's conversations may use."""
    name = f"book_{secrets.token_hex(3)}"
    settings = {"url": url, "method": "POST", **config}

    def make() -> None:
        failure = "I cannot book just now."
        draft = ToolDraft("http", name, "Book", failure, stage.agent.client_id, config=settings, seconds=10)
        alice = User.objects.get(email="alice@alice.example")
        actions.create(alice, draft)
        stage.agent.refresh_from_db()
        document = copy.deepcopy(stage.agent.draft)
        for node in document["flow"]["nodes"]:
            if node["type"] == "conversation":
                node["tools"] = [name]
        agents.save_draft(alice, stage.agent, document, stage.agent.draft_revision)
        agents.publish(alice, stage.agent, anyway=True)

    await stage.read(make)
    return name


async def ask(session: Any, number: int, name: str, key: str = "1.1", **arguments: Any) -> None:
    use = UseTool(tool=name, arguments=arguments, key=key, turn=1)
    await session.send(wire.Request(id=number, action="tool", use=use))


async def told(session: Any, number: int) -> ToolOutcome:
    answer: wire.Response = await session.next(wire.Response)
    assert answer.id == number
    assert answer.outcome is not None
    return answer.outcome


async def test_a_tool_is_used_and_shown_on_the_calls_page(stage: Stage) -> None:
    with ToolServer() as shop:
        config = {"parameters": [{"name": "order"}], "mapping": [{"name": "state", "path": "order.state"}]}
        name = await with_tool(stage, f"{shop.url}/orders/{{{{order}}}}", **config)
        trunk = stage.trunk()
        async with stage.worker() as worker:
            _, stream = await trunk.talk()
            async with stream:
                session = await worker.ready()
                spec = next(tool for tool in session.start.spec.agent.tools if tool.name == name)
                assert (spec.failure, spec.sets) == ("I cannot book just now.", ("state",))
                await ask(session, 3, name, order="7")
                outcome = await told(session, 3)
                assert (outcome.ok, outcome.status, outcome.variables) == (True, 200, {"state": "shipped"})
                await ask(session, 4, "something_else", key="1.2")
                assert not (await told(session, 4)).ok
                question = UseTool(tool="knowledge", arguments={"question": "When are you open?"}, key="1.3")
                await session.send(wire.Request(id=5, action="knowledge", use=question))
                assert "nothing to look things up in" in (await told(session, 5)).text
                await session.tell(
                    ToolUsed(turn=1, node="front", tool=name, by="model", arguments={"order": "7"}, ok=True, status=200,
                             text=outcome.text, variables=outcome.variables, started_ms=10, ended_ms=90)
                )  # fmt: skip
                await session.tell(HandedOver(agent="Billing", version=3))
                await session.finish("agent_hangup")
        call = await stage.ended(trunk)
    assert len(shop.asked) == 1

    def shown() -> dict[str, Any]:
        return {event.kind: event.data for event in CallEvent.objects.filter(call=call)}

    events = await stage.read(shown)
    assert events["tool_used"]["variables"] == {"state": "shipped"}
    assert events["handed_over"]["agent"] == "Billing"

    def counted() -> tuple[int, str]:
        return Tool.objects.get(name=name).used, ToolUse.objects.get(call_id=call.pk).tool

    assert await stage.read(counted) == (1, name)


async def test_the_next_worker_asks_again_and_nothing_is_done_twice(stage: Stage) -> None:
    with ToolServer() as shop:
        name = await with_tool(stage, f"{shop.url}/held", mapping=[{"name": "booked", "path": "booked"}])
        trunk = stage.trunk()
        async with stage.worker() as one, stage.worker(1) as two:
            _, stream = await trunk.talk()
            async with stream:
                first = asyncio.create_task(one.ready())
                second = asyncio.create_task(two.ready())
                done, waiting = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
                session = done.pop().result()
                await ask(session, 1, name)
                assert await asyncio.to_thread(shop.began.wait, 10)
                session.die()
                session = await waiting.pop()
                await ask(session, 9, name)
                await session.send(wire.Request(id=10, action="clip", arguments={"sha256": "0" * 64, "offset": 0}))
                answer: wire.Response = await session.next(wire.Response)
                assert answer.id == 10  # the tool still waits; this did not
                shop.held.set()
                assert (await told(session, 9)).variables == {"booked": "A-7"}
                await session.finish("agent_hangup")
        await stage.ended(trunk)
    assert len(shop.asked) == 1
