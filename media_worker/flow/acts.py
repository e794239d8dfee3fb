"""A tool's use as a work for whoever can do it: the host, the line, the knowledge, or nobody but the flow itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_worker.contract.tools import ToolOutcome, ToolSpec, UseTool
from media_worker.flow.arguments import Filled
from media_worker.flow.templating import spoken
from media_worker.flow.work import KNOWLEDGE, By, Digits, LookUp, ToolWork, Transfer, Work

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

LONGEST_QUESTION = 500
NUMBER = re.compile(r"(?:\+?[0-9][0-9 ().\-/]{2,40}|sips?:[^\s]{3,190})")
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
    settled = ToolOutcome(ok=False, text=wrong) if wrong else None
    if settled is None and tool.act == "remember":
        kept = {name: value for name, value in arguments.items() if not tool.sets or name in tool.sets}
        settled = ToolOutcome(ok=True, text="Kept.", variables=kept)
    return ToolWork(node, use, tool, by, waiting, settled)


def look_up(
    on: Engine, question: str, bases: Sequence[str], node: str, *, key: str, by: By = "flow", waiting: str = ""
) -> LookUp:
    asked = question[:LONGEST_QUESTION]
    arguments = {"question": asked} | ({"bases": ",".join(bases)} if bases else {})
    use = UseTool(tool=KNOWLEDGE, arguments=dict(arguments), key=key[:80], turn=on.turn())
    return LookUp(node, use, asked, tuple(bases), by, waiting)


def _only(arguments: dict[str, str | int | float | bool | None], name: str) -> str | int | float | bool | None:
    """The argument of this name, or the only one there is."""
    return arguments.get(name) if name in arguments or len(arguments) != 1 else next(iter(arguments.values()))
