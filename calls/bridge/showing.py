"""What of a call's events the browser that talks gets to see.

A draft is tried by its builders: they see all. A published agent is talked to by client people as well, who get the
conversation and how long answers took, and nothing of steps, tools, values, vendors or faults.
"""

from __future__ import annotations

from media_worker.contract.events import AgentTurn, CallEvent, Digit, Interrupted, Latency, OnWire, UserTurn

_CONVERSATION = (UserTurn, AgentTurn, Interrupted, OnWire, Digit)
_NAMELESS = {"stt_vendor": "", "llm_vendor": "", "tts_vendor": ""}


def shown(event: CallEvent, *, draft: bool) -> CallEvent | None:
    """The event as it may be shown; None for one that may not."""
    if draft or isinstance(event.body, _CONVERSATION):
        return event
    if isinstance(event.body, Latency):
        return event.model_copy(update={"body": event.body.model_copy(update=_NAMELESS)})
    return None
