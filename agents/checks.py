"""What is wrong with the choices of an agent that the shape alone does not say: vendors, options, routing, transfer.

Whether an account still exists is for `agents.accounts.queries.account_problems`: this needs no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import phonenumbers

from agents.flow.problems import Path, Problem, words
from agents.languages import language_name
from media_worker.contract.flow import CollectNode, ConversationNode, Flow, MenuNode, Node
from media_worker.contract.spec import Fallbacks, Provider
from media_worker.providers.base import Llm, S2s, Stt, TalentName, Tts, VendorSpec, validate_options
from media_worker.providers.registry import vendor as vendor_named

if TYPE_CHECKING:
    from agents.content import AgentContent, Choice

NAMES: dict[TalentName, str] = {"stt": "Ears", "llm": "Mind", "tts": "Voice", "s2s": "Speech-to-speech"}


def place_of_choice(talent: TalentName, path: Path) -> str:
    """“Mind, backup 2”, “Small model”."""
    if path[:1] == ("small",):
        return "Small model"
    if len(path) == 2 and isinstance(path[1], int):
        return f"{NAMES[talent]}, backup {path[1] + 1}"
    return NAMES[talent]


def check_choices(content: AgentContent) -> list[Problem]:
    """Vendors and options, as far as they can be judged without the account."""
    problems: list[Problem] = []
    seen: dict[tuple[TalentName, str], str] = {}
    for talent, where, choice in content.models.every():
        place, path = place_of_choice(talent, where), ("models", *where)
        problems += [Problem(place, sentence, (*path, *more)) for sentence, more in _wrong(content, talent, choice)]
        if where == ("small",):
            continue
        same = (talent, choice.model_dump_json())
        if same in seen and len(where) == 2:
            sentence = f"It is the same as {seen[same]}, so it cannot help when that fails."
            problems.append(Problem(place, sentence, path, blocking=False))
        seen.setdefault(same, "the first choice" if len(where) == 1 else place.lower())
    small = content.models.small
    if small is not None and small.is_built_in:
        sentence = "The built-in mind is no language model: turns it can answer go to the tier “built-in rules”."
        problems.append(Problem("Small model", sentence, ("models", "small")))
    return problems


def _wrong(content: AgentContent, talent: TalentName, choice: Choice) -> Iterator[tuple[str, Path]]:
    """Sentences, each with the rest of its path."""
    try:
        vendor = vendor_named(choice.vendor)
    except KeyError:
        yield f"There is no vendor called “{choice.vendor}”.", ()
        return
    declared = vendor.talent(talent)
    if declared is None:
        yield f"{vendor.label} cannot do this.", ()
        return
    if vendor.account and choice.account is None:
        yield f"Choose an account with {vendor.label}.", ("account",)
    account_errors = set(vendor.validate_account(Provider(vendor=vendor.name)))
    for sentence in validate_options(vendor, Provider(vendor=vendor.name, options=choice.options), talent):
        if sentence not in account_errors:
            yield sentence, ()
    if declared.languages and not _speaks(declared.languages, content.language):
        yield f"{vendor.label} does not know {language_name(content.language)}.", ()
    elif isinstance(declared, Stt | Tts) and declared.check is not None:
        sentence = declared.check(choice.options, content.language)
        if sentence:
            yield sentence, ()
    if (
        isinstance(declared, Llm | S2s)
        and not declared.tools
        and _is_model(vendor, talent)
        and needs_tools(content.flow)
    ):
        sentence = (
            f"{vendor.label} cannot use tools, and this script needs them: its steps lead to others, or ask questions."
        )
        yield sentence, ()


def _speaks(languages: tuple[str, ...], language: str) -> bool:
    """A vendor may name a language whole (`en-GB`) or in general (`en`)."""
    general = language.split("-")[0]
    return any(known in (language, general) or known.split("-")[0] == language for known in languages)


def _is_model(vendor: VendorSpec, talent: TalentName) -> bool:
    return talent != "llm" or (vendor.llm is not None and vendor.llm.build is not None)


def needs_tools(flow: Flow) -> bool:
    """Whether a language model has more to do than to talk: to keep answers, or to move to another step."""
    if any(intent.goto for intent in flow.intents):
        return True
    return any(_has_work(node) for node in flow.nodes)


def _has_work(node: Node) -> bool:
    if isinstance(node, ConversationNode):
        ways = any(way.how in ("intent", "decision") for way in node.exits())
        return ways or bool(node.extract or node.tools or node.knowledge)
    return isinstance(node, CollectNode | MenuNode)


def check_one_model(content: AgentContent) -> list[Problem]:
    """What steps ask for that a model which hears, thinks and speaks by itself does not do: hints, the call goes on."""
    if content.models.s2s is None:
        return []
    problems = []
    for number, node in enumerate(content.flow.nodes):
        for name, sentence in _NOT_BY_ONE_MODEL.items():
            if getattr(node, name, None):
                place = f"Step “{words(node.id)}”"
                problems.append(Problem(place, sentence, ("flow", "nodes", number, name), blocking=False))
    return problems


_NOT_BY_ONE_MODEL = {
    "voice": "The speech-to-speech model has one voice for the whole call: another voice here is not heard.",
    "clip": "The speech-to-speech model says these words itself: the recorded clip is not heard.",
    "tier": "The speech-to-speech model answers everywhere: nobody else is asked at this step.",
    "heard": "The speech-to-speech model ends a wait by its time only, not by the caller's words.",
}


def check_fallbacks(fallbacks: Fallbacks) -> list[Problem]:
    problems = []
    if fallbacks.transfer_to and not can_be_called(fallbacks.transfer_to):
        sentence = "Calls go on to a phone number that exists, with its country code: +14155550123."
        problems.append(Problem("Fallbacks, transfer", sentence, ("fallbacks", "transfer_to")))
    if fallbacks.filler_after and not fallbacks.fillers:
        sentence = "There is no line to fill a pause with, so the caller hears nothing until the answer comes."
        problems.append(Problem("Fallbacks, fillers", sentence, ("fallbacks", "fillers"), blocking=False))
    if fallbacks.filler_after and fallbacks.next_model_after <= fallbacks.filler_after:
        sentence = "The next model is asked before the filler is due, so the filler is never heard."
        problems.append(Problem("Fallbacks", sentence, ("fallbacks", "next_model_after"), blocking=False))
    return problems


def can_be_called(text: str) -> bool:
    """A number in E.164 that exists. The bridge transfers to phone numbers, not to SIP addresses."""
    if not re.fullmatch(r"\+[1-9]\d{6,14}", text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, None))
    except phonenumbers.NumberParseException:
        return False


def check_routing(content: AgentContent) -> list[Problem]:
    """Rules that can never hold, or lead to a tier that is not there: hints, for the large model answers then."""
    problems = []
    nodes = {node.id for node in content.flow.nodes}
    topics = {intent.name for intent in content.flow.intents}
    topics |= {i.name for node in content.flow.nodes if isinstance(node, ConversationNode) for i in node.intents}
    for number, rule in enumerate(content.routing.rules):
        place, path = f"Routing, rule {number + 1}", ("routing", "rules", number)
        gone = [f"the step “{words(name)}”" for name in rule.nodes if name not in nodes]
        gone += [f"the topic “{words(name)}”" for name in rule.intents if name not in topics]
        if gone:
            problems.append(Problem(place, f"There is no more {gone[0][4:]}.", path, blocking=False))
        if rule.min_words is not None and rule.max_words is not None and rule.min_words > rule.max_words:
            sentence = "No turn has at least that many words and at most that many."
            problems.append(Problem(place, sentence, (*path, "min_words")))
        if rule.tier == "small" and content.models.small is None:
            sentence = "No small model is chosen under Voice & models, so the large one answers."
            problems.append(Problem(place, sentence, (*path, "tier"), blocking=False))
    if content.routing.default == "small" and content.models.small is None:
        sentence = "No small model is chosen under Voice & models, so the large one answers."
        problems.append(Problem("Routing", sentence, ("routing", "default"), blocking=False))
    return problems
