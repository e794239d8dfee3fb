"""What a draft and a version hold: the flow, who listens, thinks and speaks, turn taking and limits.

A draft is kept as its builder left it, even when it makes no sense yet: `read` says what is wrong and where. Only what
`read` finds no blocking problem in can be published.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.errors import DraftRefused
from agents.flow.check import check_flow, dangling
from agents.flow.problems import Problem, explain
from media_worker.contract.flow import Flow
from media_worker.contract.spec import Fallbacks, Limits, Provider, Routing, Scalar, TurnTaking
from media_worker.providers.base import TalentName, validate_options
from media_worker.providers.registry import vendor as vendor_named

BUILT_IN = "builtin"
TALENTS: tuple[TalentName, ...] = ("stt", "llm", "tts")
"""What every agent has. A speech-to-speech model may stand before the three, which then stand by."""
LARGEST_DRAFT = 1_000_000


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Model):
    """Who does it: a vendor, the account that pays for it (none for the built-in), and how."""

    account: UUID | None = None
    vendor: str = Field(default=BUILT_IN, pattern=r"^[a-z][a-z0-9_]{0,39}$")
    options: dict[str, Scalar] = Field(default_factory=dict, max_length=60)

    @property
    def is_built_in(self) -> bool:
        return self.vendor == BUILT_IN


Backups = Annotated[tuple[Choice, ...], Field(max_length=5)]


class Choices(Model):
    """The ears, the mind and the voice, who takes over from each, and the model of the tier “small”."""

    stt: Choice = Choice()
    llm: Choice = Choice()
    tts: Choice = Choice()
    stt_backups: Backups = ()
    llm_backups: Backups = ()
    tts_backups: Backups = ()
    small: Choice | None = None
    s2s: Choice | None = None

    def of(self, talent: TalentName) -> Choice:
        """The first choice. Raises KeyError for a speech-to-speech model that was not chosen."""
        choices: dict[TalentName, Choice | None] = {"stt": self.stt, "llm": self.llm, "tts": self.tts, "s2s": self.s2s}
        choice = choices[talent]
        if choice is None:
            raise KeyError(talent)
        return choice


class AgentContent(Model):
    flow: Flow
    models: Choices = Choices()
    turns: TurnTaking = TurnTaking()
    limits: Limits = Limits()
    fallbacks: Fallbacks = Fallbacks()
    routing: Routing = Routing()
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")

    def document(self) -> dict[str, Any]:
        """As JSON holds it: the shape of `Agent.draft` and `AgentVersion.content`."""
        document: dict[str, Any] = self.model_dump(mode="json")
        return document


@dataclass(frozen=True)
class Reading:
    """A document as read. `content` is None when its shape is wrong; `problems` come in the document's order."""

    content: AgentContent | None
    problems: tuple[Problem, ...]

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.blocking)

    @property
    def hints(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if not problem.blocking)


def read(document: object) -> Reading:
    """What a draft says, and everything that is wrong with it. Never raises."""
    if not isinstance(document, dict):
        return Reading(None, (Problem("Script", "It is empty."),))
    loose_ends = dangling(document)
    try:
        content = AgentContent.model_validate(document)
    except ValidationError as error:
        return Reading(None, (*explain(error, document, besides=bool(loose_ends)), *loose_ends))
    llm_free = content.models.llm.is_built_in
    return Reading(content, (*check_flow(content.flow, llm_free=llm_free), *check_choices(content)))


def check_choices(content: AgentContent) -> list[Problem]:
    """Vendors and options, as far as they can be judged without the account."""
    problems = []
    for talent in TALENTS:
        choice, place = content.models.of(talent), NAMES[talent]
        path = ("models", talent)
        try:
            vendor = vendor_named(choice.vendor)
        except KeyError:
            problems.append(Problem(place, f"There is no vendor called “{choice.vendor}”.", path))
            continue
        declared = vendor.talent(talent)
        if declared is None:
            problems.append(Problem(place, f"{vendor.label} cannot do this.", path))
            continue
        if not choice.is_built_in and choice.account is None:
            problems.append(Problem(place, f"Choose an account with {vendor.label}.", (*path, "account")))
        account_errors = set(vendor.validate_account(Provider(vendor=vendor.name)))
        wrong = validate_options(vendor, Provider(vendor=vendor.name, options=choice.options), talent)
        problems += [Problem(place, sentence, path) for sentence in wrong if sentence not in account_errors]
        if declared.languages and content.language.split("-")[0] not in declared.languages:
            problems.append(Problem(place, f"{vendor.label} does not know this language.", path))
    return problems


NAMES: dict[TalentName, str] = {"stt": "Ears", "llm": "Mind", "tts": "Voice", "s2s": "Speech-to-speech"}


def refuse_oversized(document: object) -> dict[str, Any]:
    """The document, when it may be kept as a draft. Raises DraftRefused otherwise."""
    if not isinstance(document, dict):
        raise DraftRefused("A draft has to be an object with a flow.")
    try:
        size = len(json.dumps(document, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise DraftRefused("The draft holds something that cannot be stored.") from None
    if size > LARGEST_DRAFT:
        raise DraftRefused(
            f"The draft is too large: {size / 1e6:.1f} million characters, at most {LARGEST_DRAFT / 1e6:.0f} million."
        )
    return document
