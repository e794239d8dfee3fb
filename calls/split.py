"""Two versions on one number: a share of its callers hears another version than the published one, for comparing.

A caller always hears the same one: the share is drawn from the party's number, not from the call. Raising the share
moves callers to the other version only, lowering it moves them back only.
"""

from __future__ import annotations

from hashlib import blake2b

from agents.models import AgentVersion
from calls.models import PhoneNumber


def version_for(number: PhoneNumber, party: str, otherwise: str = "") -> AgentVersion | None:
    """The version that answers or places this call; None when nothing is published. `party` is the caller or the called;
    `otherwise`, such as the carrier's id of the call, stands in for a party that hides its number."""
    agent = number.agent
    if agent is None or agent.published is None:
        return None
    other = number.split_version
    if other is None or other.agent_id != agent.pk or other.pk == agent.published_id:
        return agent.published
    return other if _bucket(number, other, party or otherwise) < number.split_percent else agent.published


def _bucket(number: PhoneNumber, other: AgentVersion, party: str) -> int:
    """0 to 99, the same whenever it is asked."""
    drawn = blake2b(f"{number.pk}:{other.pk}:{party}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn) % 100
