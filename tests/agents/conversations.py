"""Talking to an agent without sound: the flow's own runner, a fixed clock, and what both sides said."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from agents.content import AgentContent
from media_worker.contract.spec import AgentSpec, CallSpec, Scalar
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.runner import FlowRunner, Reply

NOW = datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 (the caller's wall clock)


@dataclass
class Talk:
    """`said` is the agent's side. `ended` holds the outcome once the agent hung up."""

    runner: FlowRunner
    said: list[str] = field(default_factory=list)
    ended: str = ""
    fallbacks: int = 0

    @property
    def variables(self) -> dict[str, Scalar]:
        return self.runner.variables

    def begin(self) -> Talk:
        self.follow(self.runner.opening())
        return self

    def caller(self, text: str) -> str:
        assert not self.ended, f"the agent hung up before {text!r}"
        reply = asyncio.run(self.runner.on_user_turn(text, 0.9))
        assert reply is not None
        return self.follow(reply)

    def follow(self, reply: Reply) -> str:
        """The reply and what comes after its work: nobody picks up a transfer, a machine's greeting is soon over."""
        texts = []
        while True:
            texts.append(reply.text)
            self.fallbacks += reply.fallback
            self.ended = reply.outcome if reply.end else ""
            if reply.work is None:
                break
            failed = reply.work.kind in ("transfer", "tool", "knowledge")
            reply = self.runner.worked(reply.work, ToolOutcome(ok=not failed))
        self.said.append(" ".join(text for text in texts if text))
        return self.said[-1]


def ring(content: AgentContent, now: datetime = NOW, **variables: Scalar) -> Talk:
    spec = CallSpec(
        call_id=uuid.uuid4(),
        agency="alice",
        direction="inbound",
        agent=AgentSpec(id=uuid.uuid4(), version=1, name="Front desk", flow=content.flow),
        variables=variables,
    )
    return Talk(FlowRunner(spec, None, lambda event: None, now=lambda: now)).begin()
