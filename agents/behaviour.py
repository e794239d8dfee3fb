"""Turn taking, fallbacks and limits as people speak of them, and as the media plane needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media_worker.contract.spec import Fallbacks, Limits, TurnTaking


@dataclass(frozen=True)
class Pace:
    """How long the agent waits before it takes the turn. Times in seconds."""

    key: str
    label: str
    about: str
    values: Mapping[str, float]


PACES = (
    Pace(
        "quick",
        "Quick",
        "Answers at once; may cut in on slow speakers",
        {"vad_stop": 0.2, "speech_timeout": 0.2, "smart_turn_deadline": 0.8},
    ),
    Pace(
        "natural",
        "Natural",
        "Waits until a sentence sounds finished",
        {"vad_stop": 0.2, "speech_timeout": 0.4, "smart_turn_deadline": 1.2},
    ),
    Pace(
        "patient",
        "Patient",
        "Leaves time to think, for numbers and older callers",
        {"vad_stop": 0.4, "speech_timeout": 0.8, "smart_turn_deadline": 2.5},
    ),
)
INTERRUPTIONS = (
    ("any", "Any word", "The agent stops as soon as somebody speaks"),
    ("words", "Two words or more", "A cough or “uh-huh” does not stop it"),
    ("never", "Never", "The agent finishes what it says"),
)
FINE_TUNING = (
    ("vad_confidence", "How sure it must be that somebody speaks", "0.1 to 0.99"),
    ("vad_start", "Speech before it counts as a turn, seconds", "0.02 to 1"),
    ("vad_stop", "Silence before a turn may be over, seconds", "0.1 to 2"),
    ("vad_min_volume", "Softest speech that counts", "0 to 1"),
    ("speech_timeout", "Waiting for more words, seconds", "0 to 5"),
    ("smart_turn_deadline", "Longest wait for an unfinished sentence, seconds", "0.2 to 5"),
)
_DEFAULT_TURNS: dict[str, Any] = TurnTaking().model_dump(mode="json")
_DEFAULT_LIMITS: dict[str, Any] = Limits().model_dump(mode="json")
_DEFAULT_FALLBACKS: dict[str, Any] = Fallbacks().model_dump(mode="json")
_FALLBACK_NUMBERS = ("least_confidence", "reasks", "filler_after", "next_model_after")


def values(document: Any) -> dict[str, Any]:
    """What the tab shows for a draft, complete or not."""
    turns = {**_DEFAULT_TURNS, **part(document, "turns")}
    limits = {**_DEFAULT_LIMITS, **part(document, "limits")}
    pace = next((p.key for p in PACES if all(turns.get(k) == v for k, v in p.values.items())), "own")
    fallbacks = {**_DEFAULT_FALLBACKS, **part(document, "fallbacks")}
    return {
        "pace": pace,
        "interruption": "never" if not turns["interruptible"] else "words" if turns["min_words"] else "any",
        "turns": turns,
        "limits": limits,
        "idle_after": _short(limits["idle_after"]),
        "minutes": _as_minutes(limits["max_duration"]),
        "idle_prompts": _lines(limits["idle_prompts"]),
        "resume_after": _short(turns["resume_after"]),
        "fallbacks": {**fallbacks, **{name: _short(fallbacks[name]) for name in _FALLBACK_NUMBERS}},
        "fillers": _lines(fallbacks["fillers"]),
        "fine_tuning": [(name, label, hint, _short(turns[name])) for name, label, hint in FINE_TUNING],
    }


def parse(posted: Mapping[str, str], document: Any) -> dict[str, Any]:
    """`turns`, `limits` and `fallbacks` from the form; what is no number stays as it was typed, and is reported with its place."""
    turns = {**_DEFAULT_TURNS, **part(document, "turns")}
    for name, _, _ in FINE_TUNING:
        if name in posted:
            turns[name] = number(posted[name])
    chosen = next((pace for pace in PACES if pace.key == posted.get("pace")), None)
    if chosen and posted.get("pace") != posted.get("pace_before"):
        turns |= chosen.values
    interruption = posted.get("interruption", "any")
    turns |= {
        "smart_turn": "smart_turn" in posted,
        "backchannels": "backchannels" in posted,
        "speculate": "speculate" in posted,
        "resume_after": number(posted["resume_after"]) if "resume_after" in posted else turns["resume_after"],
        "interruptible": interruption != "never",
        "min_words": max(2, int(turns["min_words"] or 0)) if interruption == "words" else 0,
    }
    minutes = number(posted.get("minutes", ""))
    limits = {
        "max_duration": round(minutes * 60) if isinstance(minutes, int | float) else minutes,
        "idle_after": number(posted.get("idle_after", "")),
        "idle_prompts": [line.strip() for line in posted.get("idle_prompts", "").splitlines() if line.strip()],
        "idle_goodbye": posted.get("idle_goodbye", "").strip(),
    }
    return {"turns": turns, "limits": limits, "fallbacks": _fallbacks(posted, part(document, "fallbacks"))}


def _fallbacks(posted: Mapping[str, str], held: Mapping[str, Any]) -> dict[str, Any]:
    fallbacks = {**_DEFAULT_FALLBACKS, **held}
    for name in fallbacks:
        text = posted.get(f"fallbacks.{name}", None)
        if text is None:
            continue
        if name in _FALLBACK_NUMBERS:
            fallbacks[name] = number(text)
        elif name == "fillers":
            fallbacks[name] = [line.strip() for line in text.splitlines() if line.strip()]
        else:
            fallbacks[name] = _dialled(text) if name == "transfer_to" else text.strip()
    return fallbacks


def _dialled(text: str) -> str:
    """“+1 (415) 555-0123” as it is dialled; what is no number stays as it was typed."""
    plain = "".join(character for character in text if character not in " .()-\u00a0")
    return plain if plain.lstrip("+").isdigit() else text.strip()


def number(text: str) -> int | float | str:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return text.strip()
    if value != value or abs(value) > 1e9:
        return text.strip()
    return int(value) if value.is_integer() else value


def part(document: Any, name: str) -> dict[str, Any]:
    """One part of a draft, empty when it is missing or not what it should be."""
    held = document.get(name) if isinstance(document, dict) else None
    return held if isinstance(held, dict) else {}


def _lines(held: Any) -> str:
    return "\n".join(map(str, held)) if isinstance(held, list | tuple) else str(held)


def _short(value: Any) -> Any:
    """8.0 → 8"""
    return f"{value:g}" if isinstance(value, float) else value


def _as_minutes(seconds: Any) -> Any:
    return f"{seconds / 60:g}" if isinstance(seconds, int | float) else seconds
