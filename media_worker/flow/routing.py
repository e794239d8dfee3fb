"""Which tier answers a turn: the flow's rules, a small model or the large one. Pure: facts in, a route out."""

from __future__ import annotations

from dataclasses import dataclass

from media_worker.contract.flow import Tier
from media_worker.contract.spec import Routing, RoutingRule

UNSURE = "unsure"
"""The tool a small model calls, or the word in brackets it writes, when the large one should answer."""

UNSURE_MARK = f"[{UNSURE}]"
UNSURE_TOOL = "Call this, and say nothing, when you are not certain how to answer the caller. Somebody who knows more answers then."
UNSURE_PROMPT = (
    f"When you are not certain how to answer, say nothing and call the tool `{UNSURE}`; if you have no tools, answer "
    f"with {UNSURE_MARK} alone. Somebody who knows more answers then."
)


@dataclass(frozen=True)
class Route:
    """`why` holds no word that was said."""

    tier: Tier
    why: str = ""


@dataclass(frozen=True)
class Facts:
    """What the rules look at. `intent` is what the built-in matcher takes the words for; `answers`: the built-in engine
    has a reply to them; `tools`: the node offers some beyond moving on and ending the call."""

    node: str
    intent: str
    words: int
    tools: bool
    answers: bool


def route(routing: Routing, facts: Facts, has_small: bool) -> Route:
    """The first rule that holds and can be followed, else the default. Without a small model all but rules is large."""
    for number, rule in enumerate(routing.rules, start=1):
        if not _holds(rule, facts) or (rule.tier == "rules" and not facts.answers):
            continue
        tier: Tier = "large" if rule.tier == "small" and not has_small else rule.tier
        return Route(tier, f"rule {number}: {_conditions(rule, facts)}")
    return Route("small" if routing.default == "small" and has_small else "large", "default")


def _holds(rule: RoutingRule, facts: Facts) -> bool:
    return (
        (not rule.nodes or facts.node in rule.nodes)
        and (not rule.intents or facts.intent in rule.intents)
        and (rule.min_words is None or facts.words >= rule.min_words)
        and (rule.max_words is None or facts.words <= rule.max_words)
        and (rule.tools is None or facts.tools is rule.tools)
    )


def _conditions(rule: RoutingRule, facts: Facts) -> str:
    said = []
    if rule.nodes:
        said.append(f"node {facts.node}")
    if rule.intents:
        said.append(f"intent {facts.intent}")
    if rule.min_words is not None or rule.max_words is not None:
        said.append(f"{facts.words} words")
    if rule.tools is not None:
        said.append("tools" if rule.tools else "no tools")
    return ", ".join(said) or "always"


class Doubt:
    """Listens to the beginning of a small model's answer: is it the word that it is unsure?

    `take` gives back what may be spoken; text is held as long as it may still become that word.
    """

    def __init__(self) -> None:
        self._held = ""
        self._settled = False
        self.unsure = False

    def take(self, text: str) -> str:
        if self._settled:
            return text
        self._held += text
        begun = self._held.strip().lower()
        if begun.startswith(UNSURE_MARK):
            self.unsure, self._held = True, ""
            return ""
        if UNSURE_MARK.startswith(begun):
            return ""
        self._settled = True
        held, self._held = self._held, ""
        return held

    def rest(self) -> str:
        held, self._held = self._held, ""
        return held
