"""Why a call ended: a small, stable vocabulary that pages, filters and outgoing events share.

Each reason says who is at fault unless it is known better, who ended the call, and a sentence for the call's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.models import Call

By = Call.EndedBy
Fault = Call.Fault


class EndedReason(StrEnum):
    # it went as it should
    CALLER_HANGUP = "caller_hangup"
    AGENT_HANGUP = "agent_hangup"
    TRANSFERRED = "transferred"
    STAFF_HANGUP = "staff_hangup"
    IDLE_TIMEOUT = "idle_timeout"
    MAX_DURATION = "max_duration"
    # nobody was reached
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALLEE_CANCELED = "canceled"
    CALLER_GAVE_UP = "caller_gave_up"
    # the setup does not allow it
    NUMBER_UNKNOWN = "number_unknown"
    NO_AGENT = "no_agent"
    AGENT_NOT_PUBLISHED = "agent_not_published"
    AGENT_UNUSABLE = "agent_unusable"
    CLIENT_CAP_REACHED = "client_cap_reached"
    CLIENT_ARCHIVED = "client_archived"
    DESTINATION_REFUSED = "destination_refused"
    # the carrier
    CARRIER_REFUSED = "carrier_refused"
    CARRIER_FAILED = "carrier_failed"
    CARRIER_UNREACHABLE = "carrier_unreachable"
    CARRIER_CONNECTION_LOST = "carrier_connection_lost"
    DIAL_OUTCOME_UNKNOWN = "dial_outcome_unknown"
    MEDIA_NEVER_STARTED = "media_never_started"
    TRANSFER_FAILED = "transfer_failed"
    # a vendor of models
    PROVIDER_ERROR = "provider_error"
    # ourselves
    BUSY_NO_CAPACITY = "busy_no_capacity"
    NO_WORKER = "no_worker"
    WORKER_LOST = "worker_lost"
    BRIDGE_LOST = "bridge_lost"
    PLATFORM_ERROR = "platform_error"


@dataclass(frozen=True)
class Meaning:
    """`label` for lists and filters, `sentence` for the call's page, `spoken` for a caller who is still there."""

    label: str
    sentence: str
    by: str
    fault: str = Fault.NONE
    spoken: str = ""


SORRY = "Sorry, we can not take your call right now. Please try again later. Goodbye."
BUSY_NOW = "All our lines are busy at the moment. Please call again in a few minutes. Goodbye."

R = EndedReason
MEANINGS: dict[EndedReason, Meaning] = {
    R.CALLER_HANGUP: Meaning("Caller hung up", "The caller hung up.", By.CALLER),
    R.AGENT_HANGUP: Meaning("Agent said goodbye", "The agent said goodbye and hung up.", By.AGENT),
    R.TRANSFERRED: Meaning("Transferred", "The agent passed the call on to another number.", By.AGENT),
    R.STAFF_HANGUP: Meaning("Ended by staff", "Somebody of the agency ended the call.", By.STAFF),
    R.IDLE_TIMEOUT: Meaning("Silence", "Nothing was heard from the caller, so the call was ended.", By.PLATFORM),
    R.MAX_DURATION: Meaning("Time limit", "The call reached the agent's longest duration.", By.PLATFORM),
    R.NO_ANSWER: Meaning("No answer", "Nobody picked up.", By.CARRIER),
    R.BUSY: Meaning("Busy", "The line was busy.", By.CARRIER),
    R.CALLEE_CANCELED: Meaning("Canceled", "The call was canceled before anybody picked up.", By.CARRIER),
    R.CALLER_GAVE_UP: Meaning("Caller gave up", "The caller hung up before the agent was connected.", By.CALLER),
    R.NUMBER_UNKNOWN: Meaning(
        "Unknown number",
        "The number that was called is not set up here. Add it under Numbers.",
        By.PLATFORM,
        Fault.CUSTOMER,
        "Sorry, this number is not in service. Goodbye.",
    ),
    R.NO_AGENT: Meaning(
        "No agent", "No agent answers this number. Choose one under Numbers.", By.PLATFORM, Fault.CUSTOMER, SORRY
    ),
    R.AGENT_NOT_PUBLISHED: Meaning(
        "Agent not published", "The agent has no published version. Publish it.", By.PLATFORM, Fault.CUSTOMER, SORRY
    ),
    R.AGENT_UNUSABLE: Meaning(
        "Agent unusable", "The agent cannot take calls as it is set up.", By.PLATFORM, Fault.CUSTOMER, SORRY
    ),
    R.CLIENT_CAP_REACHED: Meaning(
        "Client's limit", "The client's limit of calls or minutes was reached.", By.PLATFORM, Fault.CUSTOMER, BUSY_NOW
    ),
    R.CLIENT_ARCHIVED: Meaning(
        "Client archived", "The client this number belongs to is archived.", By.PLATFORM, Fault.CUSTOMER, SORRY
    ),
    R.DESTINATION_REFUSED: Meaning(
        "Number not allowed", "The number may not be called from here.", By.PLATFORM, Fault.CUSTOMER
    ),
    R.CARRIER_REFUSED: Meaning(
        "Carrier refused", "The carrier did not accept the call.", By.CARRIER, Fault.CARRIER, SORRY
    ),
    R.CARRIER_FAILED: Meaning("Carrier failed", "The carrier could not connect the call.", By.CARRIER, Fault.CARRIER),
    R.CARRIER_UNREACHABLE: Meaning(
        "Carrier unreachable", "The carrier could not be reached. Nothing was dialled.", By.PLATFORM, Fault.CARRIER
    ),
    R.CARRIER_CONNECTION_LOST: Meaning(
        "Line lost", "The line to the caller was lost and did not come back.", By.CARRIER, Fault.CARRIER
    ),
    R.DIAL_OUTCOME_UNKNOWN: Meaning(
        "Outcome unknown",
        "The carrier did not say whether it placed the call, and does not list it. It was not dialled again.",
        By.PLATFORM,
        Fault.CARRIER,
    ),
    R.MEDIA_NEVER_STARTED: Meaning(
        "Audio never started", "The call was answered, but its audio never started.", By.PLATFORM, Fault.CARRIER, SORRY
    ),
    R.TRANSFER_FAILED: Meaning("Transfer failed", "The call could not be passed on.", By.CARRIER, Fault.CARRIER, SORRY),
    R.PROVIDER_ERROR: Meaning(
        "Model vendor failed",
        "A vendor of speech or language models failed and none could step in.",
        By.PLATFORM,
        Fault.PROVIDER,
        SORRY,
    ),
    R.BUSY_NO_CAPACITY: Meaning("No capacity", "Every media worker was full.", By.PLATFORM, Fault.PLATFORM, BUSY_NOW),
    R.NO_WORKER: Meaning("No media worker", "No media worker could be reached.", By.PLATFORM, Fault.PLATFORM, SORRY),
    R.WORKER_LOST: Meaning(
        "Media worker lost",
        "The media worker was lost during the call and no other could go on with it.",
        By.PLATFORM,
        Fault.PLATFORM,
        "",  # the bridge has said it itself
    ),
    R.BRIDGE_LOST: Meaning(
        "Connection process lost",
        "The process that held the line died during the call.",
        By.PLATFORM,
        Fault.PLATFORM,
        SORRY,
    ),
    R.PLATFORM_ERROR: Meaning("Platform error", "Something of ours failed.", By.PLATFORM, Fault.PLATFORM, SORRY),
}


def meaning(reason: str) -> Meaning:
    """What a stored reason means; a value nobody knows reads as itself."""
    try:
        return MEANINGS[EndedReason(reason)]
    except ValueError:
        return Meaning(reason.replace("_", " ").capitalize(), "", By.PLATFORM)
