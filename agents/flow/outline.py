"""A draft's flow as the outline shows it. Tolerant: a draft that makes no sense yet is shown as far as it goes.

`path` names a row as the form does (`flow.nodes.2.slots.0`); `agents.flow.form` reads the form back.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from agents.flow.problems import Problem, words
from media_worker.contract.flow import KINDS, SlotType


@dataclass(frozen=True)
class StepKind:
    icon: str
    label: str
    about: str


STEP_KINDS = {
    "conversation": StepKind(
        icon="messages-square", label="Conversation", about="Listens, answers topics and goes where they lead"
    ),
    "collect": StepKind(
        icon="list-checks", label="Questions", about="Asks one thing after the other and keeps the answers"
    ),
    "say": StepKind(icon="quote", label="Line", about="Says something and goes on at once"),
    "end": StepKind(icon="phone-off", label="Goodbye", about="Says goodbye and hangs up"),
}
_UNKNOWN = StepKind(icon="circle-help", label="Unknown", about="")
SLOT_KINDS: dict[str, str] = {
    "text": "Anything",
    "name": "A name",
    "phone": "A phone number",
    "date": "A day",
    "time": "A time",
    "email": "An e-mail address",
    "number": "A number",
    "choice": "One of a list",
    "yes_no": "Yes or no",
    "code": "A code or a reference",
}
MANY_STEPS = 30
Problems = Mapping[str, Sequence[Problem]]
assert set(SLOT_KINDS) == set(get_args(SlotType))


@dataclass(frozen=True)
class Topic:
    path: str
    name: str
    answer: str
    examples: str
    goto: str
    goto_title: str
    problems: tuple[Problem, ...]
    count: int


@dataclass(frozen=True)
class Question:
    path: str
    name: str
    type: str
    ask: str
    reask: str
    choices: str
    confirm: bool
    required: bool
    problems: tuple[Problem, ...]


STEP_FIELDS = {
    "conversation": ("id", "type", "turns", "prompt", "say", "intents", "fallback", "fallback_goto"),
    "collect": ("id", "type", "turns", "prompt", "slots", "attempts", "done", "next", "give_up"),
    "say": ("id", "type", "turns", "text", "next"),
    "end": ("id", "type", "text", "outcome"),
}
"""What the form shows of each kind; the rest of a step travels along as it is."""
_FLOW_FIELDS = frozenset({"greeting", "prompt", "goals", "start", "intents", "nodes"})


@dataclass(frozen=True)
class Step:
    path: str
    id: str
    title: str
    kind: str
    icon: str
    kind_name: str
    values: Mapping[str, str]
    turns: Mapping[str, str]
    topics: Sequence[Topic]
    questions: Sequence[Question]
    problems: tuple[Problem, ...]
    leads_to: str

    @property
    def own_problems(self) -> tuple[Problem, ...]:
        """Those of the step itself, not of its rows, which show theirs."""
        inner = (f"{self.path}.slots.", f"{self.path}.intents.")
        return tuple(problem for problem in self.problems if not problem.anchor.startswith(inner))


@dataclass(frozen=True)
class Outline:
    kept: str
    greeting: str
    prompt: str
    goals: str
    start: str
    topics: Sequence[Topic]
    steps: Sequence[Step]
    targets: Sequence[tuple[str, str]]
    known: frozenset[str]
    many: bool
    problems: tuple[Problem, ...]


def outline(document: object, problems: Iterable[Problem] = ()) -> Outline:
    flow = _mapping(_mapping(document).get("flow"))
    everything = tuple(problems)
    found = _by_place(everything)
    nodes = [_mapping(node) for node in _sequence(flow.get("nodes"))]
    targets = [(str(node.get("id", "")), title(node.get("id", ""))) for node in nodes]
    titles = dict(targets)
    return Outline(
        kept=_kept(flow, _FLOW_FIELDS),
        greeting=_text(flow.get("greeting")),
        prompt=_text(flow.get("prompt")),
        goals=_lines(flow.get("goals")),
        start=_text(flow.get("start")),
        topics=_topics(flow.get("intents"), "flow.intents", titles, found),
        steps=[_step(node, f"flow.nodes.{number}", titles, found) for number, node in enumerate(nodes)],
        targets=targets,
        known=frozenset(titles),
        problems=tuple(p for p in everything if p.path[:1] == ("flow",) and len(p.path) <= 3 and "nodes" not in p.path),
        many=len(targets) > MANY_STEPS,
    )


def _other(kind: str) -> StepKind:
    """A kind that the canvas has a form for, and the outline a line."""
    declared = KINDS.get(kind)
    return StepKind(declared.about.icon, declared.about.label, declared.about.text) if declared else _UNKNOWN


def title(node_id: object) -> str:
    said = words(node_id)
    return said[:1].upper() + said[1:]


def _step(node: Mapping[str, Any], path: str, titles: Mapping[str, str], problems: Problems) -> Step:
    kind = _text(node.get("type"))
    about = STEP_KINDS.get(kind) or _other(kind)
    values = {key: _text(node.get(key)) for key in _STEP_TEXTS} | {"fallback": _lines(node.get("fallback"))}
    shown = STEP_FIELDS.get(kind, ("id", "type"))
    values["kept"] = _kept(node, shown)
    topics = _topics(node.get("intents"), f"{path}.intents", titles, problems)
    questions = [
        _question(_mapping(slot), f"{path}.slots.{number}", problems)
        for number, slot in enumerate(_sequence(node.get("slots")))
    ]
    leads = [values["next"], values["give_up"], values["fallback_goto"], *(topic.goto for topic in topics)]
    return Step(
        path=path,
        id=_text(node.get("id")),
        title=title(node.get("id", "")),
        kind=kind,
        icon=about.icon,
        kind_name=about.label,
        values=values,
        turns=_turns(_mapping(node.get("turns"))),
        topics=topics,
        questions=questions,
        problems=tuple(problems.get(path, ())),
        leads_to=", ".join(dict.fromkeys(titles.get(target, target) for target in leads if target)),
    )


_STEP_TEXTS = (
    "say", "prompt", "fallback_goto", "attempts", "done", "next", "give_up", "text", "outcome",
)  # fmt: skip


def _kept(here: Mapping[str, Any], shown: Container[str]) -> str:
    """What the form shows nothing of, for a hidden field."""
    return json.dumps({key: value for key, value in here.items() if key not in shown})


def _turns(turns: Mapping[str, Any]) -> dict[str, str]:
    """Turn taking at a step as the form shows it; empty: as the agent has it."""
    interruptible, patience = turns.get("interruptible"), turns.get("patience")
    return {
        "interruptible": "" if interruptible is None else "no" if interruptible is False else "yes",
        "min_words": _text(turns.get("min_words")),
        "patience": f"{patience:g}" if isinstance(patience, float) and patience else _text(patience or ""),
    }


def _topics(source: object, path: str, titles: Mapping[str, str], problems: Problems) -> list[Topic]:
    topics = []
    for number, item in enumerate(_sequence(source)):
        intent, here = _mapping(item), f"{path}.{number}"
        goto = _text(intent.get("goto"))
        topics.append(
            Topic(
                path=here,
                name=words(_text(intent.get("name"))),
                answer=_text(intent.get("answer")),
                examples=_lines(intent.get("examples")),
                goto=goto,
                goto_title=titles.get(goto, goto),
                problems=tuple(problems.get(here, ())),
                count=len(_sequence(intent.get("examples"))),
            )
        )
    return topics


def _question(slot: Mapping[str, Any], path: str, problems: Problems) -> Question:
    return Question(
        path=path,
        name=words(_text(slot.get("name"))),
        type=_text(slot.get("type")) or "text",
        ask=_text(slot.get("ask")),
        reask=_text(slot.get("reask")),
        choices=_lines(slot.get("choices")),
        confirm=slot.get("confirm") is True,
        required=slot.get("required") is not False,
        problems=tuple(problems.get(path, ())),
    )


def _by_place(problems: Iterable[Problem]) -> Problems:
    """Every problem under each of the places it lies in, so that a row finds its own at once."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        for length in range(1, len(problem.path) + 1):
            found.setdefault(".".join(map(str, problem.path[:length])), []).append(problem)
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _lines(value: object) -> str:
    return "\n".join(_text(item) for item in _sequence(value))
