"""What could differ from client to client in an agent: found in what it says, for the builder to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import phonenumbers

from agents.generate.facts import read_facts
from agents.models import Agent
from agents.templating.holes import texts_of, with_holes
from agents.templating.hours import hours_text, read_hours
from agents.templating.parameters import Parameter
from agents.templating.places import is_free_text
from media_worker.contract.flow import Hours
from media_worker.providers.registry import vendor as vendor_named
from voiceops.lib.errors import InvalidInput

MOST_NUMBERS = 4


@dataclass(frozen=True)
class Proposal:
    """`places` is how many texts would hold it. `wise`: it is found, so it is ticked."""

    parameter: Parameter
    places: int

    @property
    def wise(self) -> bool:
        return self.places > 0


def proposals(agent: Agent, document: dict[str, Any]) -> list[Proposal]:
    """Business name, opening hours, numbers, address, services and voice, as far as the agent says them."""
    return [Proposal(parameter, places(document, parameter)) for parameter in _found(agent, document)]


def places(document: dict[str, Any], parameter: Parameter) -> int:
    """In how many texts the parameter would stand."""
    hole = re.compile(rf"\[\[{parameter.name}[\]|]")
    return sum(1 for _, text in texts_of(with_holes(document, (parameter,))) if hole.search(text))


def _found(agent: Agent, document: dict[str, Any]) -> Iterator[Parameter]:
    facts = read_facts(agent.purpose, agent.client.name)
    words = "\n".join(text for path, text in texts_of(document) if is_free_text(path))
    name = agent.client.name if agent.client.name in words else facts.business
    yield Parameter(name="business_name", label="Business name", stands_for=name, help="As callers know the business.")
    yield _hours(document, facts.hours if facts.hours in words else "")
    for number, found in enumerate(dict.fromkeys(_numbers(words)), start=1):
        if number > MOST_NUMBERS:
            break
        suffix = "" if number == 1 else f"_{number}"
        label = "Phone number" if number == 1 else f"Phone number {number}"
        yield Parameter(name=f"phone{suffix}", label=label, kind="phone", stands_for=found)
    for key, label in (("address", "Address"), ("services", "Services"), ("phone", "Phone, as it is said")):
        text = facts.known().get(key, "")
        if text and text in words:
            yield Parameter(name=key if key != "phone" else "phone_said", label=label, stands_for=text[:200])
    voice = voice_of(document)
    yield Parameter(
        name="voice", label="Voice", kind="voice", default=voice, stands_for=voice, help="As its vendor calls it."
    )


def _hours(document: dict[str, Any], said_as: str) -> Parameter:
    hours = Hours.model_validate(document.get("flow", {}).get("hours") or {})
    try:
        default = hours_text(hours if hours.openings or not said_as else read_hours(said_as))
    except InvalidInput:
        default = hours_text(hours)
    return Parameter(
        name="hours",
        label="Opening hours",
        kind="hours",
        default=default,
        stands_for=said_as,
        help="A line for each group of days, such as Mon-Fri 08:00-17:00.",
    )


def _numbers(words: str) -> Iterator[str]:
    for match in phonenumbers.PhoneNumberMatcher(words[:200_000], "US", max_tries=200):
        yield phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)


def voice_of(document: dict[str, Any]) -> str:
    """The voice that speaks, or its vendor's own when none is chosen."""
    tts = document.get("models", {}).get("tts", {})
    chosen = tts.get("options", {}).get("voice")
    if isinstance(chosen, str) and chosen:
        return chosen
    try:
        declared = vendor_named(str(tts.get("vendor", ""))).tts
    except KeyError:
        return ""
    fields = declared.options if declared else ()
    return next((str(field.default) for field in fields if field.name == "voice" and field.default), "")
