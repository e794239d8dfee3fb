"""`use`: the one doorway to a tool, for calls, turns in writing, tests and the test button.

It never raises: whatever goes wrong is an outcome with `ok=False` and a sentence for the language model.
"""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone
from pydantic import ValidationError

from agents.models import Tool
from agents.tools.arguments import settled
from agents.tools.kinds.base import Caller, Exchange, Job, Kind, Operation, ToolFailed
from agents.tools.queries import Offered, offered
from agents.tools.remembering import once
from media_worker.contract.tools import LONGEST_OUTCOME, Parameter, Scalar, ToolOutcome, UseTool
from tenants.clients.models import Client
from tenants.usage import actions as usage
from voiceops.lib.errors import VoiceOpsError
from voiceops.lib.schema import let_go_of_database

logger = logging.getLogger(__name__)

TOOL_USES = "tool_uses"
LONGEST_VARIABLE = 2_000
BROKEN = "The tool could not be used: something failed inside VoiceOps."


@dataclass(frozen=True)
class Tried:
    """What a use looked like from outside. `exchanges` hold no secret."""

    outcome: ToolOutcome
    exchanges: tuple[Exchange, ...] = ()
    arguments: Mapping[str, Scalar] | None = None


def use(asked: UseTool, caller: Caller, mocks: Mapping[str, ToolOutcome] | None = None) -> ToolOutcome:
    """Blocks for the tool's own seconds at most. A tool that is mocked reaches nothing and is not remembered."""
    began = time.monotonic()
    if mocks and asked.tool in mocks:
        return mocks[asked.tool].model_copy(update={"mocked": True})
    try:
        outcome = _used(asked, caller)
    except Exception as error:
        outcome = _failed(error)
    return outcome.model_copy(update={"ms": round((time.monotonic() - began) * 1000)})


def try_out(one: Offered, arguments: Mapping[str, Scalar], caller: Caller) -> Tried:
    """For the test button: a real use that is not remembered, and all that went over the wire."""
    job: Job[Any, Any] | None = None
    began = time.monotonic()
    try:
        job = _job(one, one.parameters, arguments, caller)
        let_go_of_database()
        outcome = _kept(one.operation, one.kind.run(job))
    except Exception as error:
        outcome = _failed(error)
    outcome = outcome.model_copy(update={"ms": round((time.monotonic() - began) * 1000)})
    return Tried(outcome, tuple(job.exchanges) if job else (), job.arguments if job else None)


def _used(asked: UseTool, caller: Caller) -> ToolOutcome:
    one = offered(caller.client_id).get(asked.tool)
    if one is None:
        raise ToolFailed(f"There is no tool called “{asked.tool}” any more.")
    if one.problem or one.tool is None:
        raise ToolFailed(one.problem or "This is done by the call itself.")
    job = _job(one, one.parameters, asked.arguments, caller)

    def work() -> ToolOutcome:
        try:
            return _kept(one.operation, one.kind.run(job))
        except Exception as error:
            return _failed(error)

    if caller.call_id is None:
        let_go_of_database()
        return work()
    outcome = once(caller.call_id, asked.key, asked.tool, one.tool.seconds, one.operation.safe, work)
    _count(one.tool, one.kind, asked, caller, outcome)
    return outcome


def _job(one: Offered, parameters: tuple[Parameter, ...], given: Mapping[str, Scalar], caller: Caller) -> Job[Any, Any]:
    assert one.tool is not None
    return job_of(one.kind, one.tool, one.operation.name, settled(parameters, given, caller), caller)


def job_of(kind: Kind, tool: Tool, operation: str, arguments: Mapping[str, Scalar], caller: Caller) -> Job[Any, Any]:
    """Raises ToolFailed for settings that do not fit any more."""
    try:
        config = kind.Config.model_validate(tool.config)
        secrets = kind.Secrets.model_validate(tool.secrets or {})
    except ValidationError:
        raise ToolFailed("The tool's settings do not fit this release. Open it and save it again.") from None
    return Job(config, secrets, operation, arguments, caller, time.monotonic() + tool.seconds)


def _kept(operation: Operation, outcome: ToolOutcome) -> ToolOutcome:
    """Only the variables that the operation declared, none longer than a flow can hold."""
    variables = {
        name: value[:LONGEST_VARIABLE] if isinstance(value, str) else value
        for name, value in outcome.variables.items()
        if name in operation.sets
    }
    return outcome.model_copy(update={"variables": variables})


def _failed(error: Exception) -> ToolOutcome:
    if isinstance(error, VoiceOpsError):
        return ToolOutcome(ok=False, text=error.sentence[:LONGEST_OUTCOME], status=getattr(error, "status", None))
    place = traceback.extract_tb(error.__traceback__)[-1]  # not its words: they may hold what was said
    logger.error("A tool failed inside VoiceOps: %s at %s:%s", type(error).__name__, place.filename, place.lineno)
    return ToolOutcome(ok=False, text=BROKEN)


def _count(tool: Tool, kind: Kind, asked: UseTool, caller: Caller, outcome: ToolOutcome) -> None:
    """The outcome is what matters: a count that cannot be written changes nothing about it."""
    assert caller.call_id is not None
    now = timezone.now()
    try:
        digest = hashlib.sha256(asked.key.encode()).hexdigest()[:24]
        quantity = usage.Quantity(f"tool:{caller.call_id}:{digest}", TOOL_USES, 1, vendor=kind.name)
        client = Client.objects.get(pk=caller.client_id)
        new = usage.record([quantity], at=now, client=client, agent_id=caller.agent_id, call_id=caller.call_id)
        if new:
            Tool.objects.filter(pk=tool.pk).update(
                used=F("used") + 1,
                failed=F("failed") + (0 if outcome.ok else 1),
                last_error="" if outcome.ok else outcome.text[:300],
                last_used_at=now,
            )
    except Exception as error:
        logger.exception("The use of a tool could not be counted: %s", type(error).__name__)
