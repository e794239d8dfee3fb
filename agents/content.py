"""What a draft and a version hold: the flow, who listens, thinks and speaks, turn taking and limits.

A draft is kept as its builder left it, even when it makes no sense yet: `read` says what is wrong and where. Only what
`read` finds no blocking problem in can be published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agents.checks import check_choices, check_fallbacks, check_one_model, check_routing
from agents.errors import DraftRefused
from agents.flow.check import check_flow, dangling
from agents.flow.problems import Path, Problem, explain
from agents.flow.references import Around, check_references
from media_worker.contract.flow import MOST_NODES, Flow, Name, NodeId
from media_worker.contract.spec import Fallbacks, Limits, Routing, Scalar, TurnTaking
from media_worker.providers.base import TalentName

BUILT_IN = "builtin"
TALENTS: tuple[TalentName, ...] = ("stt", "llm", "tts")
"""What every agent has. A speech-to-speech model may stand before the three, which then stand by."""
LARGEST_DRAFT = 1_000_000
DEEPEST_DRAFT = 20


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


Placed = tuple[TalentName, Path, Choice]


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

    def first(self) -> Iterator[Placed]:
        """Who a call begins with, each with its talent and its place in the document."""
        yield "stt", ("stt",), self.stt
        yield "llm", ("llm",), self.llm
        yield "tts", ("tts",), self.tts
        if self.small is not None:
            yield "llm", ("small",), self.small
        if self.s2s is not None:
            yield "s2s", ("s2s",), self.s2s

    def backups(self) -> Iterator[Placed]:
        """Who takes over, in order."""
        rows: tuple[tuple[TalentName, Backups], ...] = (
            ("stt", self.stt_backups),
            ("llm", self.llm_backups),
            ("tts", self.tts_backups),
        )
        for talent, choices in rows:
            for number, choice in enumerate(choices):
                yield talent, (f"{talent}_backups", number), choice

    def every(self) -> Iterator[Placed]:
        yield from self.first()
        yield from self.backups()


class Origin(Model):
    """The version of a template that a document was made from, and the values of its parameters.

    It lies in the document, so that a draft, a version and an old version that comes back each say what they rest on.
    """

    version: UUID
    number: int = Field(ge=1)
    values: dict[Name, Annotated[str, Field(max_length=5_000)]] = Field(default_factory=dict, max_length=100)


class AgentContent(Model):
    flow: Flow
    models: Choices = Choices()
    turns: TurnTaking = TurnTaking()
    limits: Limits = Limits()
    fallbacks: Fallbacks = Fallbacks()
    routing: Routing = Routing()
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")
    knowledge: tuple[Name, ...] = Field(default=(), max_length=20)
    """The knowledge bases of its client that it may read, by name."""
    layout: dict[NodeId, tuple[float, float]] = Field(default_factory=dict, max_length=MOST_NODES + 1)
    """Where the canvas shows each step (“start” is the beginning). Callers hear nothing of it."""
    origin: Origin | None = None
    """Kept by the house: who saves a draft cannot change it."""

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


def read(document: object, around: Around | None = None) -> Reading:
    """What a draft says, and everything that is wrong with it. Never raises.

    `around`: the tools, knowledge, agents and clips that there are (`agents.around`), to judge by name what the draft
    uses; without it those names are not judged.
    """
    if not isinstance(document, dict):
        return Reading(None, (Problem("Script", "It is empty."),))
    loose_ends = dangling(document)
    try:
        content = AgentContent.model_validate(document)
    except ValidationError as error:
        return Reading(None, (*explain(error, document, besides=bool(loose_ends)), *loose_ends))
    llm_free = content.models.llm.is_built_in
    found = [*check_flow(content.flow, llm_free=llm_free), *check_choices(content)]
    if around is not None:
        found += check_references(content.flow, around, content.knowledge)
    return Reading(
        content, (*found, *check_one_model(content), *check_fallbacks(content.fallbacks), *check_routing(content))
    )


def whole(document: object) -> dict[str, Any]:
    """The document with everything it leaves to defaults written out, for comparing; each part that makes no sense as it is.
    The canvas's layout and the template it came from are left out: they change nothing for callers."""
    raw: dict[str, Any] = document if isinstance(document, dict) else {}
    try:
        written = AgentContent.model_validate(raw).document()
    except ValidationError:
        written = {name: _written(name, raw[name]) if name in raw else part for name, part in _defaults().items()}
        written |= {name: value for name, value in raw.items() if name not in AgentContent.model_fields}
    for key in UNHEARD:
        written.pop(key, None)
    return written


UNHEARD = ("layout", "origin")


@cache
def _defaults() -> dict[str, Any]:
    """Every part of a document that nobody wrote anything into, but the flow, which has to be written."""
    parts = {name: field for name, field in AgentContent.model_fields.items() if not field.is_required()}
    held = {name: field.get_default(call_default_factory=True) for name, field in parts.items()}
    return {"flow": {}, **{name: _adapter(name).dump_python(value, mode="json") for name, value in held.items()}}


@cache
def _adapter(part: str) -> TypeAdapter[Any]:
    kind: Any = AgentContent.model_fields[part].annotation
    return TypeAdapter(kind)


def _written(part: str, value: object) -> Any:
    try:
        return _adapter(part).dump_python(_adapter(part).validate_python(value), mode="json")
    except ValidationError:
        return value


def with_origin_of(document: dict[str, Any], kept: object) -> dict[str, Any]:
    """The document with the origin of the one that it replaces: what pages and programs send along is not asked."""
    origin = kept.get("origin") if isinstance(kept, dict) else None
    return document if document.get("origin") == origin else {**document, "origin": origin}


def refuse_oversized(document: object) -> dict[str, Any]:
    """The document, when it may be kept as a draft. Raises DraftRefused otherwise."""
    if not isinstance(document, dict):
        raise DraftRefused("A draft has to be an object with a flow.")
    _refuse_what_cannot_be_kept(document)
    flow = document.get("flow")
    nodes = flow.get("nodes") if isinstance(flow, dict) else None
    if isinstance(nodes, list | tuple) and len(nodes) > MOST_NODES:
        raise DraftRefused(f"The draft has {len(nodes):,} steps; a flow has at most {MOST_NODES}.")
    try:
        size = len(json.dumps(document, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise DraftRefused("The draft holds something that cannot be stored.") from None
    if size > LARGEST_DRAFT:
        raise DraftRefused(
            f"The draft is too large: {size / 1e6:.1f} million characters, at most {LARGEST_DRAFT / 1e6:.0f} million."
        )
    return document


def _refuse_what_cannot_be_kept(document: object) -> None:
    """Nesting that nothing of ours needs, and characters that no database keeps. Raises DraftRefused."""
    waiting: list[tuple[object, int]] = [(document, 1)]
    while waiting:
        here, depth = waiting.pop()
        if isinstance(here, str):
            if "\0" in here or (not here.isascii() and _half_a_character(here)):
                raise DraftRefused("The draft holds a character that cannot be stored. Type the text anew.")
        elif isinstance(here, dict | list | tuple):
            if depth > DEEPEST_DRAFT:
                raise DraftRefused(f"The draft is nested too deeply: at most {DEEPEST_DRAFT} levels.")
            inner = [*here.keys(), *here.values()] if isinstance(here, dict) else here
            waiting.extend((item, depth + 1) for item in inner)


def _half_a_character(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
