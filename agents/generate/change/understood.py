"""Sentences that need no language model: what builders most often want, in the words they use for it.

    Change the greeting to: Hello, this is Bright Dental.      Put callers through to +1 415 555 2671.
    The business is now called Bright Smiles.                   Also ask for the insurance number.
    We're open Monday to Friday 9 am to 6 pm.                   When callers ask about parking, say: It's free.
    Change the goodbye to: See you soon.                        Never promise a price.

Several, one a line. What none of these means is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.flow.form import identifier
from agents.generate.change.operations import (
    Operation,
    PutQuestion,
    PutStep,
    PutTopic,
    RemoveQuestion,
    RemoveTopic,
    ReplaceText,
    SetHours,
    SetStart,
    SetText,
)  # fmt: skip
from agents.generate.facts import number_in, read_facts
from agents.generate.hours import openings
from media_worker.contract.flow import Intent, Slot, SlotType

UNDERSTANDS = (
    "change the greeting or the goodbye, rename the business, set the hours, ask another question or stop asking one, "
    "answer another topic or drop one, put callers through to a number, and “always …” or “never …” for the instructions"
)
_LAST = {"booked", "completed"}


@dataclass(frozen=True)
class Draft:
    """What a sentence is about: the draft's flow, and whose agent it is."""

    flow: dict[str, Any]
    business: str
    region: str = "US"

    def nodes(self, *kinds: str) -> list[dict[str, Any]]:
        return [node for node in self.flow.get("nodes", ()) if isinstance(node, dict) and node.get("type") in kinds]


Reader = Callable[[re.Match[str], Draft], list[Operation]]


def understood(sentence: str, draft: Draft) -> list[Operation]:
    """The edits that a text of one or more sentences means; none when any of them is not understood."""
    edits: list[Operation] = []
    lines = [part.strip() for part in re.split(r"[\n;]+", sentence[:2_000]) if part.strip()]
    for part in lines[:10]:
        found = _one(part, draft)
        if not found:
            return []
        edits += found
    return edits


def _one(sentence: str, draft: Draft) -> list[Operation]:
    sentence = re.sub(r"^(?:please|and|also|then|could you|can you)[,\s]+", "", sentence, flags=re.IGNORECASE)
    for pattern, reader in _READERS:
        match = pattern.search(sentence)
        if match and (edits := reader(match, draft)):
            return edits
    return []


def _said(text: str) -> str:
    """The words themselves, without the quotes around them."""
    return line(text.strip().strip("\"'“”‘’").strip(), 1_000)


def line(text: str, longest: int) -> str:
    """One line, at most so long. Braces stay: a builder may well want `{{name}}`."""
    return " ".join(text.split())[:longest].strip()


def _greeting(match: re.Match[str], draft: Draft) -> list[Operation]:
    return [SetStart(field="greeting", value=_said(match["text"]))]


def _goodbye(match: re.Match[str], draft: Draft) -> list[Operation]:
    ends = draft.nodes("end")
    named = [node for node in ends if node.get("outcome", "completed") in _LAST or node["id"] == "goodbye"]
    return [SetText(step=node["id"], field="text", value=_said(match["text"])) for node in named or ends[:1]]


def _business(match: re.Match[str], draft: Draft) -> list[Operation]:
    new = line(_said(match["text"]).rstrip("."), 80)
    spoken = str(draft.flow.get("greeting", ""))
    old = draft.business if draft.business and draft.business in spoken else ""
    return [ReplaceText(old=old, new=new)] if len(old) > 1 and new and new != old else []


def _hours(match: re.Match[str], draft: Draft) -> list[Operation]:
    said = read_facts(f"We are open {match['text']}", "").hours
    hours = openings(said)
    if not said:
        return []
    edits: list[Operation] = [SetHours(openings=hours.openings)]
    for old in sorted(set(_open_phrases(draft.flow)), key=len, reverse=True):
        if len(old) > 1 and old != said:
            edits.append(ReplaceText(old=old, new=said))
    return edits


_OPEN = re.compile(r"(?:We're open|- Hours:) ([^.\n]{2,200}?)(?:\.|\n|$)")


def _open_phrases(here: Any) -> list[str]:
    if isinstance(here, dict):
        return [found for value in here.values() for found in _open_phrases(value)]
    if isinstance(here, list):
        return [found for value in here for found in _open_phrases(value)]
    return _OPEN.findall(here) if isinstance(here, str) else []


_KINDS: tuple[tuple[str, SlotType], ...] = (
    (r"\b(?:phone|telephone|mobile|call ?back) ?(?:number)?\b", "phone"),
    (r"\be-?mail\b", "email"),
    (r"\b(?:date|day|birthday)\b", "date"),
    (r"\bwhat time\b|\btime\b", "time"),
    (r"\bhow (?:many|much|old)\b|\bnumber of\b|\bage\b", "number"),
    (r"\bname\b", "name"),
    (r"^(?:whether|if|do|does|are|is|have|has|can|will|would)\b", "yes_no"),
)


def _question(match: re.Match[str], draft: Draft) -> list[Operation]:
    text = _said(match["text"])
    forms = [node for node in draft.nodes("collect") if node["id"] != "message"] or draft.nodes("collect")
    if not forms or not text:
        return []
    asked_name = [node for node in forms if any(slot.get("type") == "name" for slot in node.get("slots", ()))]
    form = (asked_name or forms)[0]
    bare = re.sub(r"^(?:for\s+)?(?:the|their|his|her|a|an|your)\s+", "", text.rstrip(".?! "), flags=re.IGNORECASE)
    kind: SlotType = next((kind for pattern, kind in _KINDS if re.search(pattern, bare.lower())), "text")
    spoken = text[:1].upper() + text[1:] if text.endswith("?") else _ask(bare, kind)
    return [PutQuestion(step=form["id"], question=Slot(name=identifier(bare, "answer"), type=kind, ask=spoken))]


def _ask(bare: str, kind: SlotType) -> str:
    if kind == "yes_no":
        they = re.sub(r"^(?:whether|if)\s+", "", bare, flags=re.IGNORECASE)
        they = re.sub(r"^(?:they|callers|the caller|people)\s+(?:have|has)\b", "you have", they, flags=re.IGNORECASE)
        they = re.sub(r"^(?:they|callers|the caller|people)\s+(?:are|is)\b", "you are", they, flags=re.IGNORECASE)
        return f"May I ask whether {re.sub(r'^(?:they|callers|the caller|people)', 'you', they, flags=re.IGNORECASE)}?"
    return (
        f"{bare[:1].upper()}{bare[1:]}?"
        if bare.lower().startswith(("how ", "what ", "which "))
        else f"And what's your {bare}?"
    )


def _no_question(match: re.Match[str], draft: Draft) -> list[Operation]:
    wanted = identifier(re.sub(r"^(?:for\s+)?(?:the|their|a|an)\s+", "", match["text"].strip(" .")), "x")
    for node in draft.nodes("collect"):
        for slot in node.get("slots", ()):
            if slot.get("name") == wanted or (len(wanted) > 3 and wanted in str(slot.get("name"))):
                return [RemoveQuestion(step=node["id"], name=slot["name"])]
    return []


def _topic(match: re.Match[str], draft: Draft) -> list[Operation]:
    about, answer = _said(match["about"]).rstrip("?.,:"), _said(match["text"])
    bare = re.sub(r"^(?:about|for|the|our|your)\s+", "", about, flags=re.IGNORECASE)
    bare = re.sub(r"^(?:the|our|your)\s+", "", bare, flags=re.IGNORECASE)
    if not bare or not answer:
        return []
    short = [f"do you have {bare}", f"what about {bare}", f"I have a question about {bare}", f"tell me about {bare}"]
    asked = re.match(r"(?:where|when|what|which|how|who|why|whether|if|do|does|is|are|can)\b", bare, re.IGNORECASE)
    examples = [bare, f"I would like to know {bare}", f"can you tell me {bare}", f"{bare} please", f"tell me {bare}", f"my question is {bare}"]  # fmt: skip
    if not asked:
        examples = [bare, *short, f"how is it with {bare}"]
    answer = answer if answer.endswith((".", "!", "?")) else f"{answer}."
    return [
        PutTopic(topic=Intent(name=identifier(bare, "topic"), examples=tuple(e[:200] for e in examples), answer=answer))
    ]


def _no_topic(match: re.Match[str], draft: Draft) -> list[Operation]:
    wanted = identifier(_said(match["text"]).rstrip("."), "x")
    places = [("", draft.flow), *((node["id"], node) for node in draft.nodes("conversation"))]
    return [
        RemoveTopic(step=step, name=row["name"])
        for step, holder in places
        for row in holder.get("intents") or ()
        if row.get("name") == wanted
    ]


def _transfer(match: re.Match[str], draft: Draft) -> list[Operation]:
    number = number_in(match["text"], draft.region)
    if not number:
        return []
    there = draft.nodes("transfer")
    if there:
        return [SetText(step=node["id"], field="to", value=number) for node in there]
    ids = {node.get("id") for node in draft.flow.get("nodes", ())}
    rows = [row for row in draft.flow.get("intents") or () if "person" in str(row.get("name"))]
    instead = next((row["goto"] for row in rows if row.get("goto")), None)
    if not rows or instead is None or "put_through" in ids:
        return []
    step = {"id": "put_through", "type": "transfer", "to": number, "failed": instead}
    moved = [
        PutTopic(topic=Intent.model_validate({**row, "answer": "Of course.", "goto": "put_through"})) for row in rows
    ]
    return [PutStep(step=step), *moved]


def _instruction(match: re.Match[str], draft: Draft) -> list[Operation]:
    said = line(match[0].strip(), 500)
    said = said[:1].upper() + said[1:]
    before = str(draft.flow.get("prompt", "")).rstrip()
    return [SetStart(field="prompt", value=f"{before}\n\n{said if said.endswith('.') else said + '.'}".strip())]


_TO = r"\s*(?:to\s*(?:say)?|with|is|:|,)\s*:?\s*"
_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (rf"^(?:change|set|make|replace|rewrite)?\s*the greeting{_TO}(?P<text>.{{3,}})$", _greeting),
        (r"^greet (?:callers|people|them)?\s*(?:with|by saying)?\s*:?\s*(?P<text>.{3,})$", _greeting),
        (rf"^(?:change|set|make|replace)?\s*the (?:goodbye|farewell|closing line){_TO}(?P<text>.{{3,}})$", _goodbye),
        (r"^say goodbye with:?\s*(?P<text>.{3,})$", _goodbye),
        (rf"^(?:change|set|rename)\s*(?:the )?business(?:'s)?(?: name)?{_TO}(?P<text>.{{2,80}})$", _business),
        (r"^(?:the business|we|the company|the agent) (?:is|are)(?: now)? called (?P<text>.{2,80})$", _business),
        (rf"^(?:change|set)?\s*(?:the |our )?(?:opening |business )?hours{_TO}(?P<text>.{{3,}})$", _hours),
        (r"^(?:we're|we are|they're|they are) (?:now )?open (?P<text>.{3,})$", _hours),
        (r"^(?:don't|do not|stop|never) ask(?:ing)?(?: callers)? (?:for )?(?P<text>.{2,60})$", _no_question),
        (r"^remove the question (?:about |for )?(?P<text>.{2,60})$", _no_question),
        (r"^(?:remove|drop|delete) the topic (?P<text>.{2,60})$", _no_topic),
        (
            (
                r"^(?:when|if) (?:callers|a caller|the caller|someone|somebody|people|they) (?:asks?|wants? to know) "
                r"(?P<about>.{2,80}?)[,:]? (?:say|answer|tell them|reply)(?: that)?:?\s*(?P<text>.{2,})$"
            ),
            _topic,
        ),
        (r"^add (?:a |the )?topic (?P<about>.{2,60}?)[,:]? (?:with the answer|answer|saying):?\s*(?P<text>.{2,})$", _topic),
        (r"^add (?:a |the |another )?question:?\s*(?P<text>.{2,200})$", _question),
        (r"^(?:also )?ask (?:callers |them |everybody )?(?:also )?(?P<text>(?:for |whether |if |how |what |which )?.{2,120})$", _question),
        (r"\b(?:transfer|put|connect|forward)\b.{0,60}?\b(?:through to|to|at)\b(?P<text>.{5,40})$", _transfer),
        (rf"^(?:change|set) the (?:transfer )?(?:phone )?number{_TO}(?P<text>.{{5,40}})$", _transfer),
        (r"^(?:always|never|do not|don't)\b.{5,}$", _instruction),
    )
)  # fmt: skip
