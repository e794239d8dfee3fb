"""What a step of a flow takes without a language model, at 200 nodes; and an expression.

turn        a caller's turn, from words to reply: the topic is matched among ten and those everywhere, a rule is asked, a
            value is kept, and the call goes on through a branch, a set and a line to the next conversation
step        the same, divided by the nodes it went through
expression  conditions as builders write them, of three to eight comparisons and calls, already compiled

Times are of the processor, so that what else runs on the machine is not in them: nothing here waits for anything.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from bench.meter import percentile
from bench.processes import load
from media_worker.contract.events import NodeEntered
from media_worker.contract.expressions import Surroundings, compiled
from media_worker.contract.flow import (
    Assign,
    BranchNode,
    ConversationNode,
    EndNode,
    Extract,
    Flow,
    Hours,
    Intent,
    Opening,
    SayNode,
    SetNode,
    When,
)
from media_worker.contract.spec import AgentSpec, CallSpec, Scalar
from media_worker.flow.runner import FlowRunner

NODES = 200
TURNS = 2_000
STEP_MS = 1.0
EXPRESSION_US = 50.0
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
WISHES = ("opening hours", "prices", "parking", "a refund", "an invoice", "a booking", "my order", "a job", "a doctor")

EXPRESSIONS = (
    "guests > 4 and (vip or city == 'Berlin')",
    "open() and weekday() in ['monday', 'tuesday', 'friday'] and hour() >= 9 and not (hour() > 17)",
    "lower(trim(last_said)) contains 'refund' and default(order, 'none') matches 'AB-####' and len(order) == 7",
    "days_until(day) <= 14 and days_until(day) > 0 and round(price * guests * 1.19, 2) < 500 and starts(caller, '+49')",
)
VARIABLES: dict[str, Scalar] = {
    "guests": "6", "vip": False, "city": "berlin", "order": "AB-1234", "day": "2026-11-28", "price": 12.5,
    "caller": "+4930123456", "last_said": "I would like a Refund please",
}  # fmt: skip


def flow() -> Flow:
    """Fifty rounds of a conversation, a branch, a set and a line."""
    nodes: list[ConversationNode | BranchNode | SetNode | SayNode | EndNode] = []
    for number in range(NODES // 4):
        following = f"talk{(number + 1) % (NODES // 4)}"
        topics = (
            Intent(name=f"wish{n}", examples=(f"I want to know about {wish}", f"tell me about {wish}"), answer="Well.")
            for n, wish in enumerate(WISHES)
        )
        on = Intent(name="go_on", examples=("please go on", "next one"), answer="Sure.", goto=f"branch{number}")
        nodes += [
            ConversationNode(
                id=f"talk{number}",
                say="Anything else about {{topic|that}}?",
                intents=(*topics, on),
                when=(When(when="last_said contains 'stop it'", goto="bye"),),
                extract=(Extract(name="day", type="date"),),
            ),
            BranchNode(
                id=f"branch{number}",
                cases=(When(when=EXPRESSIONS[3] + " and false", goto="bye"), When(when="n >= 0", goto=f"set{number}")),
                otherwise=f"set{number}",
            ),
            SetNode(
                id=f"set{number}",
                values=(Assign(name="n", value="default(n, 0) + 1"), Assign(name="topic", value="'round ' + n")),
                next=f"say{number}",
            ),
            SayNode(id=f"say{number}", text="That was {{topic}} of {{agent_name}}.", next=following),
        ]
    everywhere = (Intent(name="person", examples=("I want to speak to a person",), goto="bye"),)
    return Flow(greeting="Hello.", start="talk0", nodes=(*nodes[:-1], nodes[-1], EndNode(id="bye")), intents=everywhere)


def measured(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each."""
    taken = []
    for _ in range(times):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return taken


async def _turns() -> tuple[list[float], int]:
    """Milliseconds of each turn, and how many nodes were entered."""
    entered = 0

    def emit(body: object) -> None:
        nonlocal entered
        entered += isinstance(body, NodeEntered)

    agent = AgentSpec(id=uuid4(), version=1, name="Bench", flow=flow())
    spec = CallSpec(call_id=uuid4(), agency="bench", direction="inbound", agent=agent, variables=dict(VARIABLES))
    runner = FlowRunner(spec, None, emit, lambda: NOW)
    runner.opening()
    taken, entered = [], 0
    for _ in range(TURNS):
        began = time.thread_time()
        reply = await runner.on_user_turn("please go on with the next one, next Friday would be fine", 0.9)
        taken.append((time.thread_time() - began) * 1000)
        assert reply is not None, "the built-in engine answers"
        assert not reply.end, "the flow never ends"
    return taken, entered


def main() -> int:
    turns, entered = asyncio.run(_turns())
    steps = [taken / (entered / len(turns)) for taken in turns]
    hours = Hours(openings=tuple(Opening(day=day, begin="09:00", end="17:00") for day in ("mon", "tue", "sat")))
    at = Surroundings(lambda: NOW, hours)
    micros: list[float] = []
    for text in EXPRESSIONS:
        expression = compiled(text)
        micros += [seconds * 1e6 for seconds in measured(lambda e=expression: e.holds(VARIABLES, at), 5_000)]  # type: ignore[misc]
    missed = percentile(steps, 99) > STEP_MS or percentile(micros, 99) > EXPRESSION_US
    print(f"  flow of {NODES} nodes, {len(turns)} turns through {entered} nodes; load {load()}")
    print(f"  turn        p50 {percentile(turns, 50):.3f} ms, p99 {percentile(turns, 99):.3f} ms")
    print(f"  step        p50 {percentile(steps, 50):.3f} ms, p99 {percentile(steps, 99):.3f} ms; aim {STEP_MS:g} ms")
    print(
        f"  expression  p50 {percentile(micros, 50):.1f} µs, p99 {percentile(micros, 99):.1f} µs; aim {EXPRESSION_US:g} µs"
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
