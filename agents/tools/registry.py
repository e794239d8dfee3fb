"""The kinds of tools there are."""

from __future__ import annotations

from functools import lru_cache

from agents.tools.kinds.acts import EndCall, Remember, SearchKnowledge, SendDigits
from agents.tools.kinds.base import Kind
from agents.tools.kinds.calcom import Calcom
from agents.tools.kinds.google_calendar import GoogleCalendar
from agents.tools.kinds.http import Http
from agents.tools.kinds.hubspot import Hubspot
from agents.tools.kinds.mcp import Mcp
from agents.tools.kinds.salesforce import Salesforce
from agents.tools.kinds.sms import Sms
from agents.tools.kinds.transfer import Transfer
from agents.tools.kinds.webhook import Webhook

KINDS: tuple[type[Kind], ...] = (
    Http,
    Webhook,
    Mcp,
    GoogleCalendar,
    Calcom,
    Hubspot,
    Salesforce,
    Sms,
    Transfer,
    EndCall,
    SendDigits,
    Remember,
    SearchKnowledge,
)


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """By name, in the order of the list."""
    return {kind.name: kind() for kind in KINDS}


def kind(name: str) -> Kind:
    """Raises KeyError with a sentence."""
    try:
        return kinds()[name]
    except KeyError:
        raise KeyError(f"There is no kind of tool called “{name[:40]}”.") from None


def ready_kinds() -> list[Kind]:
    """What every agent has without anybody's doing."""
    return [one for one in kinds().values() if one.ready]


def configured_kinds() -> list[Kind]:
    """What people make tools of."""
    return [one for one in kinds().values() if not one.ready]
