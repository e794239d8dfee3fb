"""From “what should it do?” to a working agent.

`builtin`  a template of `library/`, chosen by its words and filled with what the description says; always the same
`facts`    business, hours, address, phone, services and answers, as they stand in a description
`model`    the agency's own language model, when one is set up
`change`   “Change it: …”: a sentence becomes edits of a draft, shown before they are applied
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.content import AgentContent
from agents.simulate.shape import Scenario

LONGEST_PURPOSE = 4_000


@dataclass(frozen=True)
class Request:
    """What the builder typed, and what is known anyway. `business` is the client's name; `template` one that was chosen."""

    purpose: str
    business: str
    call_type: str = "inbound"
    agent_name: str = ""
    region: str = "US"
    template: str = ""


@dataclass(frozen=True)
class Example:
    """A test of the agent, with its name for people."""

    name: str
    scenario: Scenario


@dataclass(frozen=True)
class Generated:
    """A working agent and how it came about. `notes` are sentences for the builder, `tests` hold for it as it is."""

    content: AgentContent
    template: str
    label: str
    summary: str
    notes: tuple[str, ...] = ()
    found: dict[str, str] = field(default_factory=dict)
    tests: tuple[Example, ...] = ()
