"""The generator that needs no model: picks the template whose words the description uses, and fills it."""

from __future__ import annotations

import re

from agents.generate import Generated, Request
from agents.generate.examples import examples
from agents.generate.facts import Facts, clean, line, read_facts
from agents.generate.filling import fill, names, template
from agents.generate.hours import openings

__all__ = ["choose", "fill", "foreign_language", "generate", "names", "template"]

_DEFAULTS = {"inbound": "front_desk", "outbound": "leads", "both": "front_desk"}
_NOT_ENGLISH = {
    "German": ("der", "die", "und", "ist", "nicht", "für", "wir", "soll", "termine", "anrufer", "bitte", "mit"),
    "French": ("le", "les", "des", "est", "pour", "nous", "vous", "rendez-vous", "appels", "une", "avec", "qui"),
    "Spanish": ("el", "los", "para", "una", "que", "citas", "llamadas", "por", "con", "es", "nuestro", "debe"),
    "Italian": ("il", "gli", "per", "una", "che", "appuntamenti", "chiamate", "con", "è", "di", "deve", "sono"),
    "Portuguese": ("os", "para", "uma", "que", "ligações", "com", "não", "é", "consultas", "deve", "nosso", "em"),
    "Dutch": ("het", "een", "voor", "van", "afspraken", "wij", "niet", "moet", "met", "zijn", "bellers", "ons"),
}


def generate(request: Request) -> Generated:
    """A working agent for any description. Never fails, never asks anybody. A template that was asked for is taken."""
    wanted = request.template in names()
    name = request.template if wanted else choose(request.purpose, request.call_type, request.business)
    facts = read_facts(request.purpose, request.business, request.region)
    chosen = template(name)
    return Generated(
        content=fill(name, facts, request.purpose),
        template=name,
        label=chosen["label"],
        summary=chosen["summary"],
        notes=tuple(_notes(request, facts)),
        found={
            "business": facts.business,
            **facts.known(),
            **({"puts through to": facts.transfer} if facts.transfer else {}),
        },
        tests=examples(name, facts),
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
            "asked. Add the answer under Flow."
        )
    if facts.hours and not openings(facts.hours).openings:
        notes.append(
            "It says when you are open, but does not reckon with it: set the business hours under Flow, so that nobody is "
            "booked in or put through while you are closed."
        )
    if request.call_type != "outbound" and not facts.transfer:
        notes.append("It takes messages. To have callers put through, add a number to the step that takes them.")
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
    {
        "the", "and", "is", "are", "for", "to", "of", "in", "that", "it", "should", "we", "our", "their", "who", "with",
        "when", "a", "an", "answer", "calls", "call", "book", "appointments",
    }
)  # fmt: skip
