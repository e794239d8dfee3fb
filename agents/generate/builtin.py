"""The generator that needs no model: picks the template whose words the description uses, and fills it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from agents.content import AgentContent
from agents.generate import Generated, Request
from agents.generate.facts import Facts, clean, line, read_facts, topics

LIBRARY = Path(__file__).parent / "library"
_PIECES = frozenset({"common", "topics"})
_HOLE = re.compile(r"\[([a-z]+)\]")
_DEFAULTS = {"inbound": "front_desk", "outbound": "leads", "both": "front_desk"}
_NOT_ENGLISH = {
    "German": ("der", "die", "und", "ist", "nicht", "für", "wir", "soll", "termine", "anrufer", "bitte", "mit"),
    "French": ("le", "les", "des", "est", "pour", "nous", "vous", "rendez-vous", "appels", "une", "avec", "qui"),
    "Spanish": ("el", "los", "para", "una", "que", "citas", "llamadas", "por", "con", "es", "nuestro", "debe"),
    "Italian": ("il", "gli", "per", "una", "che", "appuntamenti", "chiamate", "con", "è", "di", "deve", "sono"),
    "Portuguese": ("os", "para", "uma", "que", "ligações", "com", "não", "é", "consultas", "deve", "nosso", "em"),
    "Dutch": ("het", "een", "voor", "van", "afspraken", "wij", "niet", "moet", "met", "zijn", "bellers", "ons"),
}


@cache
def template(name: str) -> dict[str, Any]:
    with (LIBRARY / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml") if path.stem not in _PIECES))


def generate(request: Request) -> Generated:
    """A working agent for any description. Never fails, never asks anybody."""
    name = choose(request.purpose, request.call_type, request.business)
    facts = read_facts(request.purpose, request.business, request.region)
    chosen = template(name)
    return Generated(
        content=fill(name, facts, request.purpose),
        template=name,
        label=chosen["label"],
        summary=chosen["summary"],
        notes=tuple(_notes(request, facts)),
        found={"business": facts.business, **facts.known()},
    )


def choose(purpose: str, call_type: str, business: str = "") -> str:
    """The template with the most telling words, among those for this kind of call; ties keep the alphabet.

    What the business is called counts for a little: it says the trade when the description does not.
    """
    best, most = _DEFAULTS.get(call_type, "front_desk"), 0.0
    for name in names():
        found = template(name)
        if call_type not in found["calls"]:
            continue
        score = _score(purpose, found["keywords"]) + 0.4 * _score(business, found["keywords"])
        if score > most:
            best, most = name, score
    return best


def _score(text: str, keywords: dict[str, int]) -> int:
    words = f" {' '.join(re.findall(r'[a-z0-9-]+', clean(text).lower()))} "
    return sum(weight for word, weight in keywords.items() if f" {word} " in words)


def fill(name: str, facts: Facts, purpose: str = "") -> AgentContent:
    """The template's agent, with the facts in place."""
    source = template(name)["flow"]
    values = {"business": facts.business, **facts.known()}
    flow: dict[str, Any] = {
        "greeting": _text(source["greeting"], values),
        "prompt": _prompt(_text(source["prompt"], values), facts, purpose),
        "goals": [_text(goal, values) for goal in template(name)["goals"]],
        "start": source["start"],
        "intents": _intents(source, values, facts),
        "nodes": [],
    }
    by_id = {node["id"]: node for node in source["nodes"]}
    for node in source["nodes"]:
        flow["nodes"].append(_node(node, by_id, values, facts))
    return AgentContent.model_validate({"flow": flow})


def _node(node: dict[str, Any], by_id: dict[str, Any], values: dict[str, str], facts: Facts) -> dict[str, Any]:
    common = node.get("common")
    merged = {**(template("common")["nodes"][common] if common else {}), **node}
    built = {key: _filled(value, values) for key, value in merged.items() if key not in _BUILD_KEYS}
    if merged.get("type") == "conversation":
        built["intents"] = _intents(merged, values, facts)
        if "use_from" in node:
            taken = {intent["name"] for intent in built["intents"]}
            other = by_id[node["use_from"]].get("intents", ())
            built["intents"] += [_intent(i, values) for i in other if i["name"] not in taken]
    return built


_BUILD_KEYS = frozenset({"common", "use", "use_from", "intents"})


def _intents(source: dict[str, Any], values: dict[str, str], facts: Facts) -> list[dict[str, Any]]:
    """The source's own topics, then those it shares; a topic whose answer needs an unknown fact is left out."""
    built = [_intent(intent, values) for intent in source.get("intents", ())]
    for name in source.get("use", ()):
        if name == "facts":
            built += [
                {"name": topic, "answer": answer, "examples": list(topics()[topic]["examples"])}
                for topic, answer in facts.answers.items()
            ]
            continue
        shared = {"name": name, **template("common")["intents"][name]}
        if not _missing(shared.get("answer", ""), values):
            built.append(_intent(shared, values))
    kept: dict[str, dict[str, Any]] = {}
    for intent in built:
        kept.setdefault(intent["name"], intent)
    return list(kept.values())


def _intent(intent: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    return {key: _filled(value, values) for key, value in intent.items()}


def _missing(text: Any, values: dict[str, str]) -> bool:
    return isinstance(text, dict) and text["needs"] not in values and "otherwise" not in text


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _text(value, values)
    if isinstance(value, dict) and "needs" in value:
        return _text(value["text"] if value["needs"] in values else value.get("otherwise", ""), values)
    if isinstance(value, dict):
        return {key: _filled(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, values) for part in value]
    return value


def _text(text: str, values: dict[str, str]) -> str:
    return _HOLE.sub(lambda match: values.get(match[1], ""), text).replace("..", ".")


def _prompt(prompt: str, facts: Facts, purpose: str) -> str:
    """The template's instructions, the builder's own words and the facts, for when a language model takes over."""
    parts = [prompt]
    wish = clean(purpose, 4_000)
    if wish:
        parts.append(f"What the agent is for, in the words of its builder:\n{wish}")
    known = [f"- {name.capitalize()}: {value}" for name, value in facts.known().items()]
    known += [f"- {answer}" for answer in facts.answers.values()]
    if known:
        parts.append("What you know:\n" + "\n".join(known))
    return "\n\n".join(parts)


def _notes(request: Request, facts: Facts) -> list[str]:
    notes = []
    language = foreign_language(request.purpose)
    if language:
        notes.append(
            f"{language}, but the built-in voice, ears and templates speak English. "
            "Connect a vendor under Settings → Providers for other languages."
        )
    missing = [name for name in ("hours", "address") if name not in facts.known()]
    if missing and request.call_type != "outbound":
        notes.append(
            f"The description does not say the {' or the '.join(missing)}, so the agent offers to take a message when "
            "asked. Add the answer under Script."
        )
    if facts.business != line(request.business, 80):
        notes.append(f"It speaks for “{facts.business}”, as the description says.")
    return notes


def foreign_language(text: str) -> str:
    """Half a sentence about the language when the text does not seem to be English, else nothing."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return ""
    if sum(ord(c) > 0x24F for c in letters) > len(letters) * 0.3:
        return "The description does not look English"
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", text.lower())[:400]
    english = sum(word in _ENGLISH for word in words)
    counts = {language: sum(word in marks for word in words) for language, marks in _NOT_ENGLISH.items()}
    language = max(counts, key=lambda key: counts[key])
    return f"The description looks {language}" if counts[language] > english and counts[language] >= 2 else ""


_ENGLISH = frozenset(
    [
        "the",
        "and",
        "is",
        "are",
        "for",
        "to",
        "of",
        "in",
        "that",
        "it",
        "should",
        "we",
        "our",
        "their",
        "who",
        "with",
        "when",
        "a",
        "an",
        "answer",
        "calls",
        "call",
        "book",
        "appointments",
    ]
)
