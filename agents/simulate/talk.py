"""A conversation in writing with an agent's draft, or with one of its versions.

with talk(agent, hands, variables={"name": "Peter"}) as line:
    line.turn("opens")
    line.turn("says", "I would like to book a table").reply
    line.snapshot                       # resume=… goes on from here, also later and elsewhere
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from agents.accounts import pools
from agents.models import Agent, AgentVersion
from agents.simulate import door
from agents.simulate.exchange import Does, Exchange, exchange
from agents.simulate.hands import Hands
from agents.spec import build_spec, build_spec_for_draft
from media_worker.contract.events import KeyTrouble, Snapshot, Span
from media_worker.contract.spec import AudioFormat, CallSpec, Scalar
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import TextTurn
from tenants.usage.actions import Quantity, record

LONGEST_SAID = 1_000
AUDIO = AudioFormat()


@dataclass(frozen=True)
class Pretended:
    """What a spec needs to know of a call, where there is none."""

    id: uuid.UUID
    direction: str
    caller: str = ""
    called: str = ""


@dataclass
class Line:
    """`snapshot` is where the conversation stands: None before the greeting."""

    agent: Agent
    spec: CallSpec
    hands: Hands
    now: datetime | None = None
    snapshot: Snapshot | None = None
    room_within: float | None = None
    troubles: list[KeyTrouble] = field(default_factory=list)
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Tokens by kind of usage and vendor."""

    def clock(self) -> datetime:
        """The wall clock of this conversation: the one it was given, else the client's now."""
        return self.now or datetime.now(ZoneInfo(str(self.spec.variables.get("timezone") or "UTC")))

    def turn(self, does: Does, text: str = "") -> Exchange:
        """Blocks until the agent has answered. Raises Busy and PlatformError, as `door.take`."""
        started = time.monotonic()
        before = self.snapshot.variables if self.snapshot else self.spec.variables
        asked = TextTurn(
            spec=self.spec,
            resume=self.snapshot,
            said=text[:LONGEST_SAID] if does == "says" else "",
            digits=text if does == "presses" else "",
            silence=does == "silent",
            now=self.now,
            mocks=self.hands.mocks,
        )
        taken = door.take(asked, self.hands.answer, self.room_within)
        self.snapshot = taken.reply.snapshot
        for body in (event.body for event in taken.events):
            if isinstance(body, KeyTrouble):
                self.troubles.append(body)
            elif isinstance(body, Span) and body.stage == "llm":
                self.spent["llm_tokens_in", body.vendor] += body.tokens_in
                self.spent["llm_tokens_out", body.vendor] += body.tokens_out
        ms = int((time.monotonic() - started) * 1000)
        return exchange(does, text, taken.reply, taken.events, before, ms)

    def let_go(self) -> None:
        """The keys it held are free again, what was learnt of them is known to the agency's calls, and what a model took
        is in the usage."""
        call_id, client = self.spec.call_id, self.agent.client
        took = [
            Quantity(f"text:{call_id}:{kind}:{who}"[:120], kind, much, who) for (kind, who), much in self.spent.items()
        ]
        self.spent.clear()
        record(took, at=timezone.now(), client=client, agent_id=self.agent.pk)
        for trouble in self.troubles:
            pools.troubled(self.spec.call_id, trouble)
        self.troubles.clear()
        pools.release(self.spec.call_id)


def line(
    agent: Agent,
    *,
    version: AgentVersion | None = None,
    variables: Mapping[str, Scalar] | None = None,
    mocks: Mapping[str, ToolOutcome] | None = None,
    now: datetime | None = None,
    real: bool = False,
    resume: Snapshot | None = None,
) -> Line:
    """`mocks` go before the tools' own; only with `real` are tools used that have none. Whoever asks for a line has to
    `let_go` of it. Raises NotPublishable with what keeps the draft from answering, and
    ProviderAccountMissing."""
    direction = "outbound" if agent.call_type == Agent.CallType.OUTBOUND else "inbound"
    call = Pretended(uuid.uuid4(), direction)
    if version is not None:
        spec = build_spec(version=version, call=call, audio=AUDIO, variables=variables)
    else:
        spec = build_spec_for_draft(agent=agent, call=call, audio=AUDIO, variables=variables)
    return Line(agent, spec, Hands(agent, spec, mocks or {}, real), local(agent, now), resume)


@contextmanager
def talk(
    agent: Agent,
    *,
    version: AgentVersion | None = None,
    variables: Mapping[str, Scalar] | None = None,
    mocks: Mapping[str, ToolOutcome] | None = None,
    now: datetime | None = None,
    real: bool = False,
    resume: Snapshot | None = None,
) -> Iterator[Line]:
    """As `line`, and lets go of it."""
    one = line(agent, version=version, variables=variables, mocks=mocks, now=now, real=real, resume=resume)
    try:
        yield one
    finally:
        one.let_go()


def local(agent: Agent, moment: datetime | None) -> datetime | None:
    """A clock time without a zone is one of the client's."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(agent.client.timezone or "UTC"))
