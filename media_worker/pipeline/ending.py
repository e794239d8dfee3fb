"""Why a call ends. The first reason stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AGENT_HANGUP = "agent_hangup"
CALLER_HANGUP = "caller_hangup"
IDLE_TIMEOUT = "idle_timeout"
MAX_DURATION = "max_duration"
TRANSFERRED = "transferred"
PROVIDER_ERROR = "provider_error"
AGENT_UNUSABLE = "agent_unusable"
PLATFORM_ERROR = "platform_error"
DRAINED = "drained"
CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True)
class Ending:
    """`hangup`: the carrier has to be told to hang up; otherwise the line is gone, or another worker goes on."""

    reason: str
    ended_by: Literal["caller", "agent", "platform"] = "agent"
    outcome: str = ""
    detail: str = ""
    hangup: bool = True
