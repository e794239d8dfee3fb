"""A call in words: the sentence at the head of its page. Client people read the same without jargon."""

from __future__ import annotations

from calls.models import Call
from calls.queries.outcomes import words
from calls.reasons import EndedReason, meaning
from voiceops.lib.format import duration, phone

PEOPLE = frozenset({Call.EndedBy.CALLER, Call.EndedBy.AGENT, Call.EndedBy.STAFF})
ANYBODY = frozenset(Call.EndedBy.values)
UNDER_WAY = {
    Call.Status.SCHEDULED: "scheduled",
    Call.Status.QUEUED: "waiting to be dialled",
    Call.Status.DIALING: "being dialled",
    Call.Status.RINGING: "ringing",
    Call.Status.IN_PROGRESS: "live now",
    Call.Status.TRANSFERRING: "being transferred",
}
SELF_EVIDENT = frozenset({EndedReason.CALLER_HANGUP, EndedReason.AGENT_HANGUP, EndedReason.STAFF_HANGUP})


def talked_seconds(call: Call) -> float | None:
    """From the answer to the end; None when nobody answered or it is not over."""
    if call.answered_at is None or call.ended_at is None:
        return None
    return max(0.0, (call.ended_at - call.answered_at).total_seconds())


def title(call: Call, country: str) -> str:
    """`Inbound from (415) 555-0133 to Bright Dental’s Front desk`"""
    agent = call.agent.name if call.agent else "no agent"
    desk = f"{call.client.name}’s {agent}" if call.client else agent
    if call.direction == Call.Direction.OUTBOUND:
        verb = "called" if call.status == Call.Status.ENDED else "calls"
        return f"{desk} {verb} {phone(call.called, country)}"
    if call.direction == Call.Direction.WEB:
        return f"From the browser to {desk}"
    return f"Inbound from {phone(call.caller, country)} to {desk}"


def ending(call: Call, internals: bool = True) -> str:
    """`ended by the caller after 2:14, goal reached`; of a call that is not over, what it is doing."""
    if call.status != Call.Status.ENDED:
        return UNDER_WAY.get(Call.Status(call.status), call.status)
    seconds = talked_seconds(call)
    who = (
        f"ended by {call.get_ended_by_display()}"
        if call.ended_by in (PEOPLE if not internals else ANYBODY)
        else "ended"
    )
    length = f"{who} after {duration(seconds)}" if seconds is not None else "not answered"
    return f"{length}, {words(call.outcome).lower()}" if call.outcome else length


def why(call: Call, internals: bool) -> str:
    """One or two sentences on why it ended, where the head does not say it already. Client people read nothing of vendors, carriers and machines."""
    if call.status != Call.Status.ENDED:
        return ""
    if not internals and call.fault != Call.Fault.NONE:
        return "A technical problem ended the call. It is being looked into."
    sentence = meaning(call.ended_reason).sentence
    detail = call.ended_detail.strip() if internals else ""
    if call.ended_reason in SELF_EVIDENT:
        return detail
    return f"{sentence} {detail}".strip() if detail != sentence else sentence
