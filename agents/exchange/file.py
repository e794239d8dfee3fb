"""The file of an agent: what it says and does, its tests, and nothing that is this agency's own.

Accounts are left out, with their ids: a choice keeps its vendor and its options. Tools, knowledge and colleagues are
names. A file is read with care: it came from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.content import AgentContent, Choice, read, refuse_oversized
from agents.errors import DraftRefused
from agents.flow.problems import words
from agents.models import Agent
from agents.simulate.shape import Scenario
from media_worker.contract.flow import KINDS
from voiceops.lib.errors import InvalidInput

FORMAT = "voiceops.agent"
VERSION = 1
LARGEST = 2_000_000
MOST_TESTS = 100
MOST_SAID = 8


class FileRefused(InvalidInput):
    """The file is no agent that this version can read. `problems` holds all that is wrong, in words."""

    def __init__(self, sentence: str, problems: Iterable[str] = ()) -> None:
        super().__init__(sentence, "file")
        self.problems = tuple(problems)[:MOST_SAID]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TestInFile(Model):
    __test__ = False

    name: str = Field(min_length=1, max_length=120)
    scenario: dict[str, Any]


class AgentFile(Model):
    """`agent_version` is the number of the version that was exported; none: the draft."""

    format: Literal["voiceops.agent"]
    version: int
    name: str = Field(min_length=1, max_length=120)
    call_type: str = Field(max_length=8)
    purpose: str = Field(default="", max_length=4_000)
    agent_version: int | None = None
    content: dict[str, Any]
    tests: tuple[TestInFile, ...] = Field(default=(), max_length=MOST_TESTS)


@dataclass(frozen=True)
class Read:
    """A file that can become an agent. `notes` say what of it could not be read and was left out."""

    file: AgentFile
    content: AgentContent
    tests: tuple[tuple[str, Scenario], ...]
    notes: tuple[str, ...]


def written(
    agent: Agent, document: dict[str, Any], tests: Iterable[tuple[str, dict[str, Any]]], version: int | None = None
) -> str:
    """The file of a draft (as it stands, complete or not) or of a version, as JSON."""
    content = read(document).content
    plain = _without_accounts(content).document() if content else _loosely(document)
    plain.pop("origin", None)
    file = {
        "format": FORMAT,
        "version": VERSION,
        "name": agent.name,
        "call_type": agent.call_type,
        "purpose": agent.purpose,
        "agent_version": version,
        "content": plain,
        "tests": [{"name": name, "scenario": scenario} for name, scenario in tests],
    }
    return json.dumps(file, ensure_ascii=False, indent=2)


def _without_accounts(content: AgentContent) -> AgentContent:
    def bare(choice: Choice | None) -> Choice | None:
        return choice.model_copy(update={"account": None}) if choice else None

    models = content.models
    update: dict[str, Any] = {name: bare(getattr(models, name)) for name in ("stt", "llm", "tts", "small", "s2s")}
    for name in ("stt_backups", "llm_backups", "tts_backups"):
        update[name] = tuple(bare(choice) for choice in getattr(models, name))
    return content.model_copy(update={"models": models.model_copy(update=update)})


def _loosely(document: dict[str, Any]) -> dict[str, Any]:
    """A draft that makes no sense as a whole: its models stay behind, for an account may lie anywhere in them."""
    return {key: value for key, value in document.items() if key not in ("origin", "models")}


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def read_file(data: bytes | str) -> Read:
    """Raises FileRefused with what is wrong, in words."""
    if len(data) > LARGEST:
        raise FileRefused(f"The file is too large: {len(data) / 1e6:.1f} MB, at most {LARGEST / 1e6:.0f} MB.")
    return read_document(_parsed(data))


def _parsed(data: bytes | str) -> Any:
    try:
        return json.loads(data, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise FileRefused(f"This is no file of an agent: line {error.lineno} is not JSON ({error.msg}).") from None
    except UnicodeDecodeError:
        raise FileRefused("This is no file of an agent: it is not text.") from None
    except (RecursionError, ValueError):
        raise FileRefused("The file is nested too deeply, or holds a number that is none.") from None


def _no_number(text: str) -> float:
    raise ValueError(text)


def read_document(document: Any) -> Read:
    """The same, of JSON that was read already."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileRefused("This is no file of an agent: it does not say so. Export one under Versions to see how.")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileRefused("The file does not say which version of the format it is.")
    if version > VERSION:
        raise FileRefused(
            f"The file is of a newer format ({version}); this VoiceOps reads {VERSION}. Update it, then import again."
        )
    _refuse_what_cannot_be_kept(document)
    try:
        file = AgentFile.model_validate(document)
    except ValidationError as error:
        said = [_told(one["loc"], one["type"]) for one in error.errors(include_url=False)]
        raise FileRefused(f"The file cannot be read. {said[0]}", said) from None
    if unknown := _unknown_kinds(file.content):
        raise FileRefused(
            f"The file has steps of a kind that this VoiceOps does not know: {', '.join(unknown)}. Update it first.",
        )
    reading = read({key: value for key, value in file.content.items() if key != "origin"})
    if reading.content is None:
        said = [str(problem) for problem in reading.blocking]
        raise FileRefused(f"What the agent does cannot be read. {said[0] if said else ''}".strip(), said)
    tests, notes = _tests(file)
    return Read(file, reading.content, tests, notes)


def _refuse_what_cannot_be_kept(document: dict[str, Any]) -> None:
    """What the agent does may be as large as a draft, and so may its tests, and the rest."""
    parts = ("content", "tests")
    rest = {key: value for key, value in document.items() if key not in parts}
    for part in (rest, *({key: document.get(key)} for key in parts)):
        try:
            refuse_oversized(part)
        except DraftRefused as error:
            raise FileRefused(error.sentence.replace("The draft", "The file", 1)) from None


def _unknown_kinds(content: dict[str, Any]) -> list[str]:
    flow = content.get("flow")
    nodes = flow.get("nodes") if isinstance(flow, dict) else None
    kinds = [node.get("type") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return sorted({f"“{words(kind)[:40]}”" for kind in kinds if isinstance(kind, str) and kind not in KINDS})[:5]


def _told(place: tuple[int | str, ...], kind: str) -> str:
    named = words(".".join(map(str, place)) or "it")[:80]
    if kind == "missing":
        return f"“{named}” is missing."
    return f"“{named}” is unknown." if kind == "extra_forbidden" else f"“{named}” is not as it should be."


def _tests(file: AgentFile) -> tuple[tuple[tuple[str, Scenario], ...], tuple[str, ...]]:
    found: list[tuple[str, Scenario]] = []
    notes: list[str] = []
    taken: set[str] = set()
    for test in file.tests:
        name = " ".join(test.name.split())
        try:
            scenario = Scenario.model_validate(test.scenario)
        except ValidationError:
            notes.append(f"The test “{name[:60]}” cannot be read and was left out.")
            continue
        if not name or not name.isprintable() or name.casefold() in taken:
            notes.append(f"A second test “{name[:60]}” was left out.")
            continue
        taken.add(name.casefold())
        found.append((name, scenario))
    return tuple(found), tuple(notes)
