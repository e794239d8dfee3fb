"""Tools of Bella Dental, and a flow that is driven with hands that only write down what they are asked."""

from __future__ import annotations

from media_worker.contract.flow import EndNode, Flow
from media_worker.contract.tools import Parameter, Source, ToolOutcome, ToolSpec
from media_worker.flow.reply import Reply
from tests.media_worker.flow.conftest import FakeHands

BOOK = ToolSpec(
    name="book",
    about="Books an appointment.",
    waiting="Let me look.",
    failure="I could not book that.",
    parameters=(
        Parameter(name="day", type="date", about="which day"),
        Parameter(name="guests", type="number", required=False),
        Parameter(name="room", choices=("small", "large"), required=False),
    ),
    sets=("number",),
)
PAY = ToolSpec(
    name="pay",
    about="Takes a payment.",
    failure="That did not work.",
    parameters=(
        Parameter(name="amount", type="number", trusted=True, source="variable", value="price"),
        Parameter(name="to", trusted=True, source="fixed", value="{{account|ours}}"),
    ),
)
DONE = ToolOutcome(ok=True, text="Booked.", variables={"number": "A7"}, status=200)
FAILED = ToolOutcome(ok=False, text="The calendar answered 500.", status=500)
FOUND = ToolOutcome(
    ok=True,
    sources=(
        Source(document="Prices", text="A cleaning is ninety. " + "It takes an hour. " * 40, score=0.8),
        Source(document="Other", text="Nothing of use.", score=0.2),
    ),
)
BYE = EndNode(id="bye", text="Goodbye.", outcome="done")


def flow(*nodes, **more) -> Flow:
    return Flow(greeting="Hello.", start=nodes[0].id, nodes=(*nodes, BYE), **more)


async def drive(call, reply: Reply | None, hands: FakeHands) -> tuple[list[str], Reply]:
    """What was said, and the last reply."""
    said: list[str] = []

    async def speak(one: Reply) -> None:
        said.append(one.text)

    assert reply is not None
    return said, await call.drives(hands).go(reply, speak)
