"""A tool's use as a work for whoever can do it: the host, the line, the knowledge, or nobody but the flow itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_worker.contract.flow import CALL_VARIABLES
from media_worker.contract.spec import Scalar
from media_worker.contract.tools import ToolOutcome, ToolSpec, UseTool
from media_worker.flow.arguments import Filled
from media_worker.flow.templating import spoken
from media_worker.flow.work import KNOWLEDGE, By, Digits, LookUp, ToolWork, Transfer, Work

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

LONGEST_QUESTION = 500
NUMBER = re.compile(r"(?:\+?[0-9][0-9 ().\-/]{2,40}|sips?:[^\s]{3,190})")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGITS = re.compile(r"[0-9A-DW*#]{1,40}")


def work_of(
    on: Engine, tool: ToolSpec, filled: Filled, node: str, *, key: str, by: By = "flow", waiting: str = ""
) -> Work:
    """What has to be done so that `tool` is used with these arguments. What is wrong with them is its outcome."""
    use = UseTool(tool=tool.name, arguments=filled.arguments, key=key[:80], turn=on.turn())
    arguments = filled.arguments
    wrong = filled.wrong
    if not wrong and tool.act == "knowledge":
        return look_up(on, spoken(arguments.get("question")), (), node, key=key, by=by, waiting=waiting)
    if not wrong and tool.act == "transfer":
        to = spoken(_only(arguments, "to"))
        if NUMBER.fullmatch(to):
            return Transfer(node, to, by)
        wrong = "There is no number to transfer to."
    if not wrong and tool.act == "send_digits":
        digits = spoken(_only(arguments, "digits")).replace(" ", "").upper()
        if _DIGITS.fullmatch(digits):
            return Digits(node, digits, by)
        wrong = "Digits may be 0-9, A-D, *, # and w for a pause, forty at most."
    kept: dict[str, Scalar] = {}
    if not wrong and tool.act == "remember":
        kept = {spoken(arguments["name"]): arguments.get("value")} if "name" in arguments else dict(arguments)
        wrong = next((_not_to_be_kept(on, name) for name in kept if _not_to_be_kept(on, name)), "")
    settled = None
    if wrong or tool.act == "remember":
        settled = ToolOutcome(ok=not wrong, text=wrong or "Kept.", variables={} if wrong else kept)
    return ToolWork(node, use, tool, by, waiting, settled)


def _not_to_be_kept(on: Engine, name: str) -> str:
    """A caller's words, through a model, become no variable that somebody else fills: flows decide by those."""
    if not _NAME.fullmatch(name):
        return "The name has to be of small letters, digits and underscores, as in favourite_table."
    flow, tools = on.flow, on.tools.values()
    filled = {
        *CALL_VARIABLES,
        *(v.name for v in flow.variables),
        *(one for tool in tools if tool.act != "remember" for one in tool.sets),
    }
    taken = name in filled or (name in on.variables and not on.was_heard(name))
    return f"The name {name} is taken: choose another." if taken else ""


def look_up(
    on: Engine, question: str, bases: Sequence[str], node: str, *, key: str, by: By = "flow", waiting: str = ""
) -> LookUp:
    """In `bases`; without any in all that the agent may read who speaks: among several, no other's."""
    if not bases and on.spec.agent.colleagues:
        bases = on.agent.knowledge
    asked = question[:LONGEST_QUESTION]
    arguments = {"question": asked} | ({"bases": ",".join(bases)} if bases else {})
    use = UseTool(tool=KNOWLEDGE, arguments=dict(arguments), key=key[:80], turn=on.turn())
    return LookUp(node, use, asked, tuple(bases), by, waiting)


def _only(arguments: dict[str, Scalar], name: str) -> Scalar:
    """The argument of this name, or the only one there is."""
    return arguments.get(name) if name in arguments or len(arguments) != 1 else next(iter(arguments.values()))
