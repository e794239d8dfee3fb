"""Every status is an icon, a word and a tone. One table, so that the same thing has the same word everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "warn", "bad", "live"]


@dataclass(frozen=True)
class Status:
    icon: str
    word: str
    tone: Tone = "plain"


STATUSES: dict[str, dict[str, Status]] = {
    "call": {
        "scheduled": Status(icon="calendar-clock", word="Scheduled"),
        "queued": Status(icon="clock", word="Waiting"),
        "dialing": Status(icon="phone-outgoing", word="Dialing", tone="live"),
        "ringing": Status(icon="bell-ring", word="Ringing", tone="live"),
        "in_progress": Status(icon="audio-lines", word="Live", tone="live"),
        "transferring": Status(icon="phone-forwarded", word="Transferring", tone="live"),
        "ended": Status(icon="circle-stop", word="Ended"),
    },
    "direction": {
        "inbound": Status(icon="phone-incoming", word="Inbound"),
        "outbound": Status(icon="phone-outgoing", word="Outbound"),
        "web": Status(icon="laptop", word="Browser"),
    },
    "fault": {
        "none": Status(icon="circle-check", word="No fault", tone="good"),
        "customer": Status(icon="settings-2", word="Setup", tone="warn"),
        "carrier": Status(icon="radio-tower", word="Carrier", tone="bad"),
        "provider": Status(icon="cpu", word="Model vendor", tone="bad"),
        "platform": Status(icon="server-crash", word="Platform", tone="bad"),
    },
    "agent": {
        "published": Status(icon="circle-check", word="Published", tone="good"),
        "changed": Status(icon="circle-dot", word="Unpublished changes", tone="warn"),
        "draft": Status(icon="pencil-line", word="Draft"),
        "archived": Status(icon="archive", word="Archived"),
    },
    "version": {
        "live": Status(icon="circle-check", word="Callers hear this", tone="good"),
        "split": Status(icon="split", word="Some callers hear this", tone="live"),
        "archived": Status(icon="archive", word="Replaced"),
    },
    "instance": {
        "current": Status(icon="circle-check", word="Up to date", tone="good"),
        "ahead": Status(icon="circle-check", word="Up to date", tone="good"),
        "behind": Status(icon="clock", word="New version", tone="live"),
        "clash": Status(icon="git-compare", word="Both changed", tone="warn"),
        "needs": Status(icon="pencil-line", word="Needs values", tone="warn"),
        "broken": Status(icon="circle-x", word="Cannot be published", tone="bad"),
        "archived": Status(icon="archive", word="Archived"),
    },
    "roll_out": {
        "waiting": Status(icon="clock", word="Waiting", tone="live"),
        "done": Status(icon="circle-check", word="Rolled out", tone="good"),
        "left": Status(icon="circle-pause", word="Left as it is", tone="warn"),
        "failed": Status(icon="circle-x", word="Failed", tone="bad"),
        "back": Status(icon="undo-2", word="Rolled back"),
    },
    "outcome": {
        "goal": Status(icon="circle-check", word="Goal reached", tone="good"),
        "other": Status(icon="circle-dot", word="Ended"),
        "missed": Status(icon="phone-missed", word="Not answered"),
    },
    "knowledge": {
        "ready": Status(icon="circle-check", word="Ready", tone="good"),
        "empty": Status(icon="circle-dashed", word="Nothing in it yet"),
        "reading": Status(icon="loader", word="Reading", tone="live"),
        "building": Status(icon="loader", word="Being indexed anew", tone="live"),
        "problems": Status(icon="triangle-alert", word="Problems", tone="warn"),
    },
    "document": {
        "waiting": Status(icon="clock", word="Waiting"),
        "reading": Status(icon="loader", word="Being read", tone="live"),
        "indexing": Status(icon="loader", word="Being indexed", tone="live"),
        "ready": Status(icon="circle-check", word="Ready", tone="good"),
        "failed": Status(icon="circle-x", word="Cannot be read", tone="bad"),
    },
    "trace": {
        "off": Status(icon="circle-off", word="Not connected"),
        "waiting": Status(icon="clock", word="Waits for a call"),
        "delivering": Status(icon="circle-check", word="Delivering", tone="good"),
        "failing": Status(icon="circle-alert", word="Failing", tone="bad"),
    },
    "account": {
        "active": Status(icon="circle-check", word="Works", tone="good"),
        "ok": Status(icon="circle-check", word="Works", tone="good"),
        "untested": Status(icon="circle-dashed", word="Not tried yet"),
        "partly": Status(icon="triangle-alert", word="Some keys fail", tone="warn"),
        "failed": Status(icon="circle-x", word="Fails", tone="bad"),
        "disabled": Status(icon="circle-pause", word="Off"),
    },
    "key": {
        "ok": Status(icon="circle-check", word="Works", tone="good"),
        "untested": Status(icon="circle-dashed", word="Not tried yet"),
        "cooling": Status(icon="clock", word="Cooling down", tone="warn"),
        "full": Status(icon="gauge", word="Full", tone="warn"),
        "refused": Status(icon="circle-x", word="Set aside", tone="bad"),
        "failed": Status(icon="circle-x", word="Fails", tone="bad"),
    },
    "person": {
        "active": Status(icon="circle-check", word="Active", tone="good"),
        "invited": Status(icon="mail", word="Invited", tone="warn"),
        "expired": Status(icon="clock-alert", word="Invitation expired", tone="warn"),
        "inactive": Status(icon="circle-pause", word="Off"),
    },
}


def status(kind: str, value: object) -> Status:
    """A value that the table does not know is shown as it is called, without a tone."""
    text = str(value)
    known = STATUSES.get(kind, {}).get(text)
    return known or Status(icon="circle-help", word=text.replace("_", " ").capitalize() or "Unknown")
