"""What is wrong with a draft, said with its place: “Step “booking”, question 3: the question is empty.”"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

Path = tuple[str | int, ...]

_TABS = {
    "models": "agent_voice",
    "language": "agent_voice",
    "turns": "agent_behaviour",
    "limits": "agent_behaviour",
    "fallbacks": "agent_behaviour",
    "routing": "agent_behaviour",
}
_TYPES = ("conversation", "collect", "say", "end")
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
    "greeting": "Greeting",
    "prompt": "Instructions",
    "goals": "Goals",
    "start": "First step",
    "language": "Language",
    "turns": "Behaviour",
    "limits": "Limits",
    "models": "Voice & models",
    "fallbacks": "Fallbacks",
    "routing": "Routing",
}
_BACKUPS = {"stt_backups": "ears, backup", "llm_backups": "mind, backup", "tts_backups": "voice, backup"}
_FIELDS = {
    "ask": "the question",
    "reask": "the question when asked again",
    "say": "what it says first",
    "text": "what it says",
    "answer": "the answer",
    "examples": "the examples",
    "choices": "the choices",
    "fallback": "the lines for when it did not understand",
    "prompt": "the instructions",
    "name": "the name",
    "id": "the name of the step",
    "done": "what it says when all is known",
    "goto": "where it goes then",
    "next": "where it goes then",
    "give_up": "where it goes when it gives up",
    "fallback_goto": "where it goes when it gives up",
    "slots": "the questions",
    "intents": "the topics",
    "type": "the kind",
    "outcome": "the outcome",
    "attempts": "the number of attempts",
    "greeting": "the greeting",
    "goals": "the goals",
    "nodes": "the steps",
    "idle_prompts": "the lines for when nobody speaks",
    "idle_goodbye": "the goodbye when nobody speaks",
    "max_duration": "the longest call",
    "idle_after": "the patience with silence",
    "account": "the account",
    "options": "the options",
    "start": "the first step",
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


def place_of(path: Sequence[str | int], document: object) -> str:
    """The place of a path in words, as far as the document can be followed."""
    parts: list[str] = []
    here: Any = document
    for number, key in enumerate(path):
        try:
            here = here[key]
        except (KeyError, IndexError, TypeError):
            here = None
        parent = path[number - 1] if number else ""
        if isinstance(key, int):
            if parent == "nodes":
                name = here.get("id") if isinstance(here, dict) else None
                parts.append(f"Step “{words(name)}”" if name else f"Step {key + 1}")
            elif parent == "slots":
                parts.append(f"question {key + 1}")
            elif parent == "intents":
                name = here.get("name") if isinstance(here, dict) else None
                parts.append(f"topic “{words(name)}”" if name else f"topic {key + 1}")
            elif parent == "rules":
                parts.append(f"rule {key + 1}")
            elif parent in _BACKUPS:
                parts.append(f"{_BACKUPS[str(parent)]} {key + 1}")
            elif parent in ("examples", "choices", "fallback", "goals", "idle_prompts", "fillers"):
                parts.append(f"line {key + 1}")
        elif (key in _PLACES and number < 2) or (key == "intents" and number == 1):
            parts.append(_PLACES.get(str(key), "Everywhere"))
    sentence = ", ".join(parts) or "Script"
    return sentence[:1].upper() + sentence[1:]


def explain(error: ValidationError, document: object, *, besides: bool = False) -> list[Problem]:
    """A validation error as problems. `besides`: dangling references are reported elsewhere, with better places."""
    problems = []
    for item in error.errors(include_url=False)[:_MOST]:
        path = _plain(item["loc"])
        if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
            continue  # its entries are wrong, and each of them says so itself
        if item["type"] == "value_error":
            sentence = str(item["ctx"]["error"]) if "ctx" in item else str(item["msg"])
            if besides and "point" in sentence:
                continue
            problems.append(Problem(place_of(path, document), sentence, path))
            continue
        problems.append(Problem(place_of(path, document), _sentence(item, path), path))
    return problems


def _plain(loc: Sequence[str | int]) -> Path:
    """The location without the tags of the unions: nodes, 3, collect, slots → nodes, 3, slots."""
    return tuple(part for i, part in enumerate(loc) if not (part in _TYPES and i and isinstance(loc[i - 1], int)))


def _sentence(item: Any, path: Path) -> str:
    kind, context = str(item["type"]), item.get("ctx", {})
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    what = _FIELDS.get(named, f"“{words(named)}”" if named else "this")
    if kind in ("missing", "string_too_short") or item.get("input") in ("", None):
        said = "is missing"
    elif kind == "string_too_long":
        said = f"is too long: {len(str(item['input'])):,} characters, at most {context['max_length']:,}"
    elif kind == "too_short":
        said = "need at least one entry" if named.endswith("s") else "needs at least one entry"
    elif kind == "too_long":
        said = f"are too many: at most {context['max_length']:,}"
    elif kind == "string_pattern_mismatch":
        said = "may hold small letters, digits and underscores only, beginning with a letter, at most 40"
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
    return f"{what[:1].upper()}{what[1:]} {said}."
