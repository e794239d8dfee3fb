"""What is wrong with a draft, said with its place: “Step “booking”, question 3: the question is empty.”"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agents.flow.declared import Declared, Path, declared_at
from media_worker.contract.flow import KINDS, Flow, Name
from media_worker.contract.flow.graph import Clock

_TABS = {
    "models": "agent_voice",
    "language": "agent_voice",
    "turns": "agent_behaviour",
    "limits": "agent_behaviour",
    "fallbacks": "agent_behaviour",
    "routing": "agent_behaviour",
}
_MOST = 50


@dataclass(frozen=True)
class Problem:
    """`path` leads to the field in the document. A problem that does not block is a hint."""

    place: str
    sentence: str
    path: Path = ()
    blocking: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence[:1].lower()}{self.sentence[1:]}"

    @property
    def tab(self) -> str:
        """The editor's tab where it is mended, by the name of its page."""
        return _TABS.get(str(self.path[0]) if self.path else "", "agent")

    @property
    def anchor(self) -> str:
        """The path as a form names its field."""
        return ".".join(str(part) for part in self.path)


def words(name: object) -> str:
    """An id as people read it: `opening_hours` → opening hours."""
    return " ".join(str(name).split("_"))


_PLACES = {
    "language": "Language",
    "turns": "Behaviour",
    "limits": "Limits",
    "models": "Voice & models",
    "fallbacks": "Fallbacks",
    "routing": "Routing",
    "knowledge": "Knowledge",
    "layout": "Canvas",
}
_BACKUPS = {"stt_backups": "ears, backup", "llm_backups": "mind, backup", "tts_backups": "voice, backup"}
_FIELDS = {
    "idle_prompts": "the lines for when nobody speaks",
    "idle_goodbye": "the goodbye when nobody speaks",
    "max_duration": "the longest call",
    "idle_after": "the patience with silence",
    "account": "the account",
    "options": "the options",
    "least_confidence": "the least confidence of the ears",
    "reasks": "the number of tries before a backup listens",
    "filler_after": "the wait before it fills a pause",
    "fillers": "the lines while the model thinks",
    "next_model_after": "the wait before the next model is asked",
    "apology": "what it says when all else failed",
    "transfer_to": "the number that takes the call",
    "resume_after": "the wait after a noise",
    "min_words": "the least number of words",
    "max_words": "the largest number of words",
    "patience": "the added patience",
    "tier": "who answers",
    "rules": "the rules",
    "llm_backups": "the backups of the mind",
    "stt_backups": "the backups of the ears",
    "tts_backups": "the backups of the voice",
}
"""Outside the flow, whose fields are declared with their titles."""


def place_of(path: Sequence[str | int], document: object) -> str:
    """The place of a path in words, as far as the document can be followed."""
    sentence = ", ".join(_flow_parts(path, document) if path[:1] == ("flow",) else _other_parts(path)) or "Script"
    return sentence[:1].upper() + sentence[1:]


class Places:
    """Places of a flow that was read, in words. Its raw form is made once, and only if something is wrong."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._raw: dict[str, Any] | None = None

    def __call__(self, path: Path) -> str:
        if self._raw is None:
            self._raw = {"flow": self._flow.model_dump(mode="json")}
        return place_of(path, self._raw)


def _flow_parts(path: Sequence[str | int], document: object) -> list[str]:
    parts: list[str] = []
    here: Any = document
    for number, key in enumerate(path):
        here = _inside(here, key)
        before = path[number - 1] if number else ""
        if isinstance(key, int) and before == "nodes" and number == 2:
            name = here.get("id") if isinstance(here, dict) else None
            parts.append(f"Step “{words(name)}”" if name else f"Step {key + 1}")
        elif isinstance(key, int):
            declared = declared_at(path[:number], document)
            if declared is None:
                continue
            name = here.get("name") if declared.said_by_name and isinstance(here, dict) else None
            row = declared.row if declared.adds else "line" if declared.model is None else "row"
            parts.append(f"{row} “{words(name)}”" if name and isinstance(name, str) else f"{row} {key + 1}")
        elif number == 1 and key == "intents":
            parts.append("Everywhere")
        elif number == 1 and (declared := declared_at(path[:2], document)) is not None and not declared.adds:
            parts.append(declared.title)
    return parts


def _inside(here: Any, key: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(key)
    if isinstance(here, list | tuple) and isinstance(key, int) and 0 <= key < len(here):
        return here[key]
    return None


def _other_parts(path: Sequence[str | int]) -> list[str]:
    parts: list[str] = []
    for number, key in enumerate(path):
        before = path[number - 1] if number else ""
        if isinstance(key, int):
            if before == "rules":
                parts.append(f"rule {key + 1}")
            elif before in _BACKUPS:
                parts.append(f"{_BACKUPS[str(before)]} {key + 1}")
            elif before in ("idle_prompts", "fillers"):
                parts.append(f"line {key + 1}")
        elif key in _PLACES and number < 2:
            parts.append(_PLACES[key])
    return parts


def explain(error: ValidationError, document: object, *, besides: bool = False) -> list[Problem]:
    """A validation error as problems. `besides`: dangling references are reported elsewhere, with better places."""
    problems = []
    for item in error.errors(include_url=False)[:_MOST]:
        path = _plain(item["loc"])
        if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
            continue  # its entries are wrong, and each of them says so itself
        if item["type"] == "value_error":
            sentence = str(item["ctx"]["error"]) if "ctx" in item else str(item["msg"])
            if besides and sentence.startswith("The flow points"):
                continue
            problems.append(Problem(place_of(path, document), sentence, path))
            continue
        problems.append(Problem(place_of(path, document), _sentence(item, path, document), path))
    return problems


def _plain(loc: Sequence[str | int]) -> Path:
    """The location without the tags of the union of kinds: nodes, 3, collect, slots → nodes, 3, slots."""
    return tuple(part for i, part in enumerate(loc) if not (part in KINDS and i > 1 and loc[i - 2] == "nodes"))


def _pattern(kind: Any) -> str:
    """The pattern of an annotated text of the contract."""
    return next(str(one.pattern) for one in kind.__metadata__[0].metadata if getattr(one, "pattern", None))


_PATTERNS = {
    _pattern(Name): "may hold small letters, digits and underscores only, beginning with a letter, at most 40",
    _pattern(Clock): "has to be a time of day such as 09:00",
}


def _called(path: Path, document: object) -> str:
    """The field in words: “Question”, as its form calls it."""
    declared = declared_at(path, document)
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    if declared is not None and (declared.name == named or declared.model is None):
        return f"“{declared.title}”"
    if path[:2] == ("flow", "nodes") and named == "nodes":
        return "The steps"
    if named == "type":
        return "The kind"
    return _FIELDS.get(named, f"“{words(named)}”" if named else "this")


def _not_as_declared(declared: Declared | None) -> str:
    about = declared.about.rstrip(".") if declared else ""
    return f"is not written as it has to be{': ' + about[:1].lower() + about[1:] if about else ''}"


def _sentence(item: Any, path: Path, document: object) -> str:
    kind, context = str(item["type"]), item.get("ctx", {})
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    what = _called(path, document)
    if kind in ("missing", "string_too_short") or item.get("input") in ("", None):
        said = "is missing"
    elif kind == "string_too_long":
        said = f"is too long: {len(str(item['input'])):,} characters, at most {context['max_length']:,}"
    elif kind == "too_short":
        said = "needs at least one entry" if what.startswith("“") else "need at least one entry"
    elif kind == "too_long":
        said = "has too many entries" if what.startswith("“") else "are too many"
        said = f"{said}: at most {context['max_length']:,}"
    elif kind == "string_pattern_mismatch":
        said = _PATTERNS.get(str(context.get("pattern"))) or _not_as_declared(declared_at(path, document))
    elif kind in ("greater_than_equal", "greater_than"):
        said = f"has to be at least {context.get('ge', context.get('gt'))}"
    elif kind in ("less_than_equal", "less_than"):
        said = f"may be at most {context.get('le', context.get('lt'))}"
    elif kind == "extra_forbidden":
        return f"There is a setting “{words(named)}” that this version does not know."
    elif kind in ("int_parsing", "float_parsing", "int_type", "float_type", "int_from_float"):
        said = "has to be a number"
    elif kind in ("union_tag_invalid", "union_tag_not_found", "literal_error"):
        said = "is none of the kinds that exist" if named == "type" or kind.startswith("union") else "is not a choice"
    else:
        said = "cannot be read"
    if what.startswith("“") and place_of(path, document).endswith(what[1:-1]):
        what = "It"
    return f"{what[:1].upper()}{what[1:]} {said}."
