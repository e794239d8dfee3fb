"""Edits of a draft: on the start, on one step, or a text wherever it stands. Never a whole new document, so that what
nobody spoke of stays as it is.

Every edit works on a copy. `applied` raises ChangeRefused, whose sentence is for the builder and for a language model
alike: an edit that names a step which is not there, a change that would break what worked.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agents.content import read, refuse_oversized
from agents.errors import DraftRefused
from agents.flow.problems import words
from media_worker.contract.flow import KINDS, Intent, Name, NodeId, Opening, Slot
from voiceops.lib.errors import InvalidInput

MOST_EDITS = 40
ARROWS = frozenset({"goto", "next", "otherwise", "give_up", "failed", "fallback_goto", "heard", "unknown"})
UNSPOKEN = frozenset({"id", "type", "name", "when", "value", "outcome", "clip", "voice", "tier", "tool", "agent"})
Text = Annotated[str, Field(max_length=50_000)]


class ChangeRefused(InvalidInput):
    """The change cannot be made; nothing was."""


class Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetStart(Edit):
    """Replaces what the agent begins with: its greeting, its instructions or its first step."""

    op: Literal["set_start"] = "set_start"
    field: Literal["greeting", "prompt", "start"]
    value: Text


class SetGoals(Edit):
    """Replaces the goals."""

    op: Literal["set_goals"] = "set_goals"
    goals: tuple[Annotated[str, Field(max_length=300)], ...] = Field(max_length=20)


class SetHours(Edit):
    """Replaces the business hours. No openings: always open."""

    op: Literal["set_hours"] = "set_hours"
    openings: tuple[Opening, ...] = Field(max_length=70)


class SetText(Edit):
    """Replaces one field of one step: a text, or where it leads."""

    op: Literal["set_text"] = "set_text"
    step: NodeId
    field: Name
    value: Text


class PutStep(Edit):
    """Adds a step, or replaces the one of this name. Something has to lead there, or nobody comes to it."""

    op: Literal["put_step"] = "put_step"
    step: dict[str, Any]


class RemoveStep(Edit):
    """Removes a step; what led to it leads to `instead`."""

    op: Literal["remove_step"] = "remove_step"
    step: NodeId
    instead: NodeId


class PutTopic(Edit):
    """Adds a topic, or replaces the one of this name. `step` is a conversation, or empty for everywhere."""

    op: Literal["put_topic"] = "put_topic"
    step: NodeId | Literal[""] = ""
    topic: Intent


class RemoveTopic(Edit):
    """Removes a topic. `step` is a conversation, or empty for everywhere."""

    op: Literal["remove_topic"] = "remove_topic"
    step: NodeId | Literal[""] = ""
    name: Name


class PutQuestion(Edit):
    """Adds a question to a step of questions, or replaces the one that keeps its answer under this name. `after` is the
    name of the question before it; empty: at the end."""

    op: Literal["put_question"] = "put_question"
    step: NodeId
    question: Slot
    after: Name | Literal[""] = ""


class RemoveQuestion(Edit):
    """Removes a question; the last of its step cannot go."""

    op: Literal["remove_question"] = "remove_question"
    step: NodeId
    name: Name


class ReplaceText(Edit):
    """Replaces some words wherever the agent says or knows them."""

    op: Literal["replace_text"] = "replace_text"
    old: str = Field(min_length=2, max_length=500)
    new: str = Field(max_length=500)


Operation = Annotated[
    SetStart | SetGoals | SetHours | SetText | PutStep | RemoveStep | PutTopic | RemoveTopic | PutQuestion
    | RemoveQuestion | ReplaceText,
    Field(discriminator="op"),
]  # fmt: skip
Operations = Annotated[tuple[Operation, ...], Field(min_length=1, max_length=MOST_EDITS)]
operations: TypeAdapter[tuple[Operation, ...]] = TypeAdapter(Operations)
KINDS_OF_EDIT: tuple[type[Edit], ...] = (
    SetStart, SetGoals, SetHours, SetText, PutStep, RemoveStep, PutTopic, RemoveTopic, PutQuestion, RemoveQuestion,
    ReplaceText,
)  # fmt: skip


def parsed(text: str | bytes) -> tuple[Operation, ...]:
    """Edits as JSON. Raises ChangeRefused."""
    try:
        return operations.validate_json(text)
    except ValidationError:
        raise ChangeRefused("This change cannot be read. Ask for it again.") from None


def applied(document: dict[str, Any], edits: Sequence[Operation]) -> dict[str, Any]:
    """The document with these edits. Raises ChangeRefused; the document itself is never touched."""
    changed = copy.deepcopy(document)
    flow = changed.get("flow")
    if not isinstance(flow, dict) or not isinstance(flow.get("nodes"), list):
        raise ChangeRefused("The draft has to have a flow before it can be changed.")
    for edit in edits[:MOST_EDITS]:
        _make(flow, edit)
    try:
        refuse_oversized(changed)
    except DraftRefused as error:
        raise ChangeRefused(error.sentence) from None
    _refuse_breaking(document, changed)
    return changed


def _refuse_breaking(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Problems that were there stay the builder's; a change brings no new ones."""
    old = {problem.sentence for problem in read(before).blocking}
    new = [problem for problem in read(after).blocking if problem.sentence not in old]
    if new:
        raise ChangeRefused(f"That would break the flow. {' '.join(str(problem) for problem in new[:4])}")


def _make(flow: dict[str, Any], edit: Operation) -> None:
    if isinstance(edit, SetStart):
        flow[edit.field] = edit.value
    elif isinstance(edit, SetGoals):
        flow["goals"] = list(edit.goals)
    elif isinstance(edit, SetHours):
        hours = flow.get("hours")
        closed = hours.get("closed", []) if isinstance(hours, dict) else []
        flow["hours"] = {"openings": [opening.model_dump() for opening in edit.openings], "closed": closed}
    elif isinstance(edit, SetText):
        _set_text(_node(flow, edit.step), edit)
    elif isinstance(edit, PutStep):
        _put_step(flow, edit.step)
    elif isinstance(edit, RemoveStep):
        _remove_step(flow, edit)
    elif isinstance(edit, PutTopic | RemoveTopic):
        _topics(flow, edit)
    elif isinstance(edit, PutQuestion | RemoveQuestion):
        _questions(_node(flow, edit.step, "collect"), edit)
    else:
        flow.update(_replaced(flow, edit.old, edit.new))


def _node(flow: dict[str, Any], name: str, kind: str = "") -> dict[str, Any]:
    for node in flow["nodes"]:
        if isinstance(node, dict) and node.get("id") == name:
            if kind and node.get("type") != kind:
                raise ChangeRefused(f"The step “{words(name)}” is no step of this kind ({KINDS[kind].about.label}).")
            return node
    raise ChangeRefused(f"There is no step called “{words(name)}”.")


def _set_text(node: dict[str, Any], edit: SetText) -> None:
    kind = KINDS.get(str(node.get("type")))
    if kind is None or edit.field in ("id", "type") or edit.field not in kind.model_fields:
        raise ChangeRefused(f"The step “{words(edit.step)}” has no field “{words(edit.field)}”.")
    node[edit.field] = edit.value or None if edit.field in ARROWS else edit.value


def _put_step(flow: dict[str, Any], step: dict[str, Any]) -> None:
    name = step.get("id")
    if not isinstance(name, str) or step.get("type") not in KINDS:
        raise ChangeRefused("A step needs a name and a kind.")
    for number, node in enumerate(flow["nodes"]):
        if isinstance(node, dict) and node.get("id") == name:
            kept = node if node.get("type") == step["type"] else {}
            flow["nodes"][number] = {**kept, **step}
            return
    flow["nodes"].append(dict(step))


def _remove_step(flow: dict[str, Any], edit: RemoveStep) -> None:
    _node(flow, edit.step)
    if edit.instead == edit.step:
        raise ChangeRefused("Where should the call go instead?")
    _node(flow, edit.instead)
    flow["nodes"] = [node for node in flow["nodes"] if not (isinstance(node, dict) and node.get("id") == edit.step)]
    for holder, key in _arrows(flow):
        if holder[key] == edit.step:
            holder[key] = edit.instead
    if flow.get("start") == edit.step:
        flow["start"] = edit.instead


def _arrows(here: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(here, dict):
        for key, value in here.items():
            if key in ARROWS:
                yield here, key
            else:
                yield from _arrows(value)
    elif isinstance(here, list):
        for item in here:
            yield from _arrows(item)


def _topics(flow: dict[str, Any], edit: PutTopic | RemoveTopic) -> None:
    holder = _node(flow, edit.step, "conversation") if edit.step else flow
    rows = list(holder.get("intents") or ())
    if isinstance(edit, RemoveTopic):
        holder["intents"] = [row for row in rows if row.get("name") != edit.name]
        if len(holder["intents"]) == len(rows):
            raise ChangeRefused(f"There is no topic called “{words(edit.name)}” there.")
        return
    holder["intents"] = _put(rows, edit.topic.model_dump(mode="json"))


def _questions(node: dict[str, Any], edit: PutQuestion | RemoveQuestion) -> None:
    rows = list(node.get("slots") or ())
    if isinstance(edit, PutQuestion):
        node["slots"] = _put(rows, edit.question.model_dump(mode="json"), edit.after)
        return
    node["slots"] = [row for row in rows if row.get("name") != edit.name]
    if len(node["slots"]) == len(rows):
        raise ChangeRefused(f"The step “{words(edit.step)}” does not ask for “{words(edit.name)}”.")
    if not node["slots"]:
        raise ChangeRefused(f"“{words(edit.name)}” is the only question of its step: remove the step instead.")


def _put(rows: list[dict[str, Any]], row: dict[str, Any], after: str = "") -> list[dict[str, Any]]:
    names = [each.get("name") for each in rows]
    if row["name"] in names:
        return [row if each.get("name") == row["name"] else each for each in rows]
    at = names.index(after) + 1 if after in names else len(rows)
    return [*rows[:at], row, *rows[at:]]


def _replaced(here: Any, old: str, new: str, key: str = "") -> Any:
    if isinstance(here, dict):
        return {name: _replaced(value, old, new, name) for name, value in here.items()}
    if isinstance(here, list):
        return [_replaced(item, old, new, key) for item in here]
    spoken = isinstance(here, str) and key not in UNSPOKEN and key not in ARROWS and key != "start"
    return here.replace(old, new) if spoken else here
