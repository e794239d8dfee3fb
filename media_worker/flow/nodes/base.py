"""How a kind of node behaves in a call. Behaviours hold nothing of their own: where a call stands is the engine's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from media_worker.contract.flow import Node
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.reply import Line, Reply, joined
from media_worker.flow.work import Work

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

N = TypeVar("N", bound=Node)


@dataclass(frozen=True)
class Onward:
    """Straight on to another node."""

    to: str
    why: str


@dataclass
class Visit:
    """What is said on the way through nodes that do not listen. `heard`: the sentence that led here. `opening`: these
    are the call's first words."""

    heard: str = ""
    lines: list[Line] = field(default_factory=list)
    interruptible: bool = True
    opening: bool = False

    def say(self, text: str, clip: str = "", voice: str = "") -> None:
        if text.strip():
            self.lines.append(Line(text.strip(), clip, voice))

    def reply(self, **more: Any) -> Reply:
        """All that was said, as a reply. Neighbours that sound alike are one line."""
        lines: list[Line] = []
        for line in self.lines:
            last = lines[-1] if lines else None
            if last is not None and not last.clip and not line.clip and last.voice == line.voice:
                lines[-1] = replace(last, text=joined(last.text, line.text))
            else:
                lines.append(line)
        text = joined(*(line.text for line in self.lines))
        return Reply(text, interruptible=self.interruptible, lines=tuple(lines), **more)


class Behaviour(Generic[N]):
    def arrive(self, on: Engine, node: N, visit: Visit) -> Reply | Onward:
        """The call has come here: say something and go on, or stay and answer."""
        raise NotImplementedError

    def hear(self, on: Engine, node: N, heard: str) -> Reply:
        """The caller has said something here; empty when nobody can be sure what."""
        return self.again(on, node, "")

    def again(self, on: Engine, node: N, excuse: str) -> Reply:
        """The call goes on here after a break."""
        return on.enter(node.id, why="resumed", before=excuse)

    def worked(self, on: Engine, node: N, work: Work, outcome: ToolOutcome) -> Reply:
        """The work that `arrive` asked for is done."""
        raise NotImplementedError

    def meanwhile(self, on: Engine, node: N, heard: str) -> Reply | None:
        """What the caller said while a work ran, looked at when the agent has spoken since. None: it needs no answer."""
        return None
