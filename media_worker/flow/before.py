"""What a flow looks up before its greeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fault
from media_worker.flow.acts import work_of
from media_worker.flow.arguments import fill
from media_worker.flow.work import ToolWork

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine


def works(on: Engine) -> list[tuple[ToolWork, float]]:
    """Each with the seconds that the greeting waits for it at most."""
    found: list[tuple[ToolWork, float]] = []
    for number, one in enumerate(on.flow.before):
        tool = on.tools.get(one.tool)
        if tool is None or tool.act != "host":
            message = f"Before the greeting: the tool {one.tool} is not there."
            on.emit(Fault(whose="customer", stage="flow", message=message))
            continue
        filled = fill(on, tool, given={argument.name: argument.value for argument in one.arguments})
        work = work_of(on, tool, filled, "", key=f"before:{number}", by="before")
        if isinstance(work, ToolWork):
            found.append((work, one.deadline))
    return found
