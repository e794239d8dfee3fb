"""What the panel “Try it” asks: a turn with the draft, and what may be chosen for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from agents.models import Agent, AgentVersion
from agents.simulate.exchange import Does, Exchange
from agents.simulate.hands import tools_of
from agents.simulate.judge import words
from agents.simulate.talk import talk
from media_worker.contract.events import Snapshot
from media_worker.contract.flow import Flow
from media_worker.contract.tools import Mocks, Scalar
from tenants.people.models import User
from voiceops.lib.schema import let_go_of_database


@dataclass(frozen=True)
class Turned:
    """`revision` is that of the draft which answered."""

    exchange: Exchange
    snapshot: Snapshot
    revision: int


def turn(
    actor: User,
    agent: Agent,
    does: Does,
    text: str = "",
    *,
    resume: Snapshot | None = None,
    version: AgentVersion | None = None,
    variables: Mapping[str, Scalar] | None = None,
    mocks: Mocks | None = None,
    now: datetime | None = None,
    real: bool = False,
) -> Turned:
    """Raises NotPublishable with what keeps the draft from answering, ProviderAccountMissing, Busy, PlatformError."""
    with talk(agent, version=version, variables=variables, mocks=mocks, now=now, real=real, resume=resume) as line:
        let_go_of_database()
        exchange = line.turn(does, text)
        assert line.snapshot is not None
        return Turned(exchange, line.snapshot, agent.draft_revision)


def offer(agent: Agent, version: AgentVersion | None = None) -> dict[str, Any]:
    """The variables that a call brings along, the tools that may be mocked, and the names of the steps."""
    document = version.content if version else agent.draft
    flow = document.get("flow") if isinstance(document, dict) else None
    try:
        read = Flow.model_validate(flow)
    except ValidationError:
        return {"revision": agent.draft_revision, "variables": [], "tools": [], "steps": {}}
    return {
        "revision": agent.draft_revision,
        "variables": [variable.model_dump(mode="json") for variable in read.variables],
        "tools": tools_of(agent, read),
        "steps": {node.id: words(node.id) for node in read.nodes},
    }
