"""Which model answers which turn: the rules as people read them, and as the form gives them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.behaviour import number, part
from agents.flow.outline import title
from agents.flow.problems import Problem, words
from media_worker.contract.spec import Routing

TIERS = (
    ("rules", "Built-in rules", "The script’s own topics and questions, without a language model"),
    ("small", "Small model", "The one chosen under Voice & models"),
    ("large", "Large model", "The mind chosen under Voice & models"),
)
TOOLS = (("", "does not matter"), ("yes", "asks questions or leads to other steps"), ("no", "only talks"))
_LABELS = {key: label for key, label, _ in TIERS}
_USES = {"yes": True, "no": False}
_DEFAULT: dict[str, Any] = Routing().model_dump(mode="json")


@dataclass(frozen=True)
class Box:
    """A step or a topic that may be ticked."""

    name: str
    value: str
    label: str
    ticked: bool


@dataclass(frozen=True)
class RuleForm:
    path: str
    number: int
    tier: str
    label: str
    nodes: Sequence[Box]
    intents: Sequence[Box]
    min_words: Any
    max_words: Any
    tools: str
    summary: str
    problems: Sequence[Problem]


def values(document: Any, problems: Sequence[Problem]) -> dict[str, Any]:
    """What the tab shows for a draft, complete or not."""
    routing = {**_DEFAULT, **part(document, "routing")}
    nodes, intents = _steps(document), _topics(document)
    rules = routing["rules"] if isinstance(routing["rules"], list | tuple) else ()
    forms = [
        _form(f"routing.rules.{place}", place + 1, rule if isinstance(rule, dict) else {}, nodes, intents, problems)
        for place, rule in enumerate(rules[:50])
    ]
    return {"rules": forms, "default": str(routing["default"]), "escalate": routing["escalate"] is not False}


def parse(posted: Mapping[str, str]) -> dict[str, Any]:
    """`routing` from the form; what is no number stays as it was typed, and is reported with its place."""
    rows: dict[int, dict[str, Any]] = {}
    for name, value in posted.items():
        parts = name.split(".", 4)
        if parts[:2] != ["routing", "rules"] or len(parts) < 4 or not parts[2].isdigit():
            continue
        rule = rows.setdefault(int(parts[2]), {"tier": "large", "nodes": [], "intents": []})
        field = parts[3]
        if field in ("nodes", "intents") and len(parts) == 5:
            rule[field].append(parts[4])
        elif field in ("min_words", "max_words"):
            rule[field] = number(value) if value.strip() else None
        elif field == "tools":
            rule[field] = _USES.get(value)
        elif field == "tier":
            rule[field] = value
    return {
        "rules": [rows[place] for place in sorted(rows)],
        "default": posted.get("routing.default", "large"),
        "escalate": "routing.escalate" in posted,
    }


def renamed(routing: Any, steps: Mapping[str, str]) -> Any:
    """The routing with the steps called as they are now. What has no rules comes back as it is."""
    rules = routing.get("rules") if isinstance(routing, dict) else None
    if not steps or not isinstance(rules, list):
        return routing
    return {**routing, "rules": [_renamed(rule, steps) if isinstance(rule, dict) else rule for rule in rules]}


def _renamed(rule: dict[str, Any], steps: Mapping[str, str]) -> dict[str, Any]:
    nodes = rule.get("nodes")
    return {**rule, "nodes": [steps.get(str(node), node) for node in nodes]} if isinstance(nodes, list) else rule


def _form(
    path: str,
    place: int,
    rule: Mapping[str, Any],
    nodes: Mapping[str, str],
    intents: Mapping[str, str],
    problems: Sequence[Problem],
) -> RuleForm:
    tools, tier = rule.get("tools"), str(rule.get("tier") or "large")
    return RuleForm(
        path=path,
        number=place,
        tier=tier,
        label=_LABELS.get(tier, tier),
        nodes=_boxes(f"{path}.nodes", rule.get("nodes"), nodes),
        intents=_boxes(f"{path}.intents", rule.get("intents"), intents),
        min_words=rule.get("min_words"),
        max_words=rule.get("max_words"),
        tools="" if tools is None else "yes" if tools else "no",
        summary=_sentence(rule, nodes, intents),
        problems=[problem for problem in problems if problem.anchor == path or problem.anchor.startswith(f"{path}.")],
    )


def _boxes(path: str, chosen: Any, offered: Mapping[str, str]) -> list[Box]:
    ticked = [str(name) for name in chosen] if isinstance(chosen, list | tuple) else []
    gone = {name: f"{words(name)} (does not exist)" for name in ticked if name not in offered}
    return [Box(f"{path}.{name}", name, label, name in ticked) for name, label in {**offered, **gone}.items()]


def _sentence(rule: Mapping[str, Any], nodes: Mapping[str, str], intents: Mapping[str, str]) -> str:
    """“Small model: at Booking, up to 6 words”"""
    said = []
    for name, known, before in (("nodes", nodes, "at"), ("intents", intents, "about")):
        held = rule.get(name)
        chosen = [known.get(str(one), words(one)) for one in held] if isinstance(held, list | tuple) else []
        if chosen:
            said.append(f"{before} {' or '.join(chosen[:3])}{' …' if len(chosen) > 3 else ''}")
    if rule.get("min_words") is not None:
        said.append(f"from {rule['min_words']} words")
    if rule.get("max_words") is not None:
        said.append(f"up to {rule['max_words']} words")
    if rule.get("tools") is not None:
        said.append("where the step uses tools" if rule["tools"] else "where the step only talks")
    return ", ".join(said) or "every turn"


def _steps(document: Any) -> dict[str, str]:
    flow = part(document, "flow")
    nodes = flow.get("nodes")
    found = [str(node.get("id", "")) for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return {name: title(name) for name in found if name}


def _topics(document: Any) -> dict[str, str]:
    flow = part(document, "flow")
    nodes = flow.get("nodes")
    sources = [flow, *(node for node in (nodes if isinstance(nodes, list) else ()) if isinstance(node, dict))]
    found: dict[str, str] = {}
    for source in sources:
        intents = source.get("intents")
        for intent in intents if isinstance(intents, list) else ():
            name = str(intent.get("name", "")) if isinstance(intent, dict) else ""
            if name:
                found.setdefault(name, title(name))
    return found
