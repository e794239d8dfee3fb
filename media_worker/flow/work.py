"""What a flow needs done outside of itself before it can go on: plain data that a `Reply` carries.

Whoever drives the flow (`driving.py`) speaks the reply, does the work with its own hands, and gives the outcome back to
`FlowRunner.worked`, which answers with the next reply. Every kind of work ends in a `ToolOutcome`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from media_worker.contract.tools import ToolOutcome, ToolSpec, UseTool

SLACK = 3.0
"""Seconds that a host may take beyond a tool's own limit, for the way there and back."""

KNOWLEDGE = "knowledge"
"""The name under which a question to the knowledge is asked and told."""

LOOK_UP_SECONDS = 5.0
TRANSFER_SECONDS = 60.0
"""With the time until all before it was heard."""

DIGITS_SECONDS = 30.0

By = Literal["flow", "model", "before"]


@dataclass(frozen=True)
class ToolWork:
    """Use a tool of the host's. `waiting` is a line for meanwhile that no reply holds; `by` is who decided.

    With `settled` nobody has to do anything: that is the outcome, and it is told like any other.
    """

    kind: ClassVar[str] = "tool"
    node: str
    use: UseTool
    tool: ToolSpec
    by: By = "flow"
    waiting: str = ""
    settled: ToolOutcome | None = None

    @property
    def seconds(self) -> float:
        return self.tool.seconds + SLACK


@dataclass(frozen=True)
class LookUp:
    """Look a question up in the knowledge. `bases` is empty for all that the agent may read."""

    kind: ClassVar[str] = "knowledge"
    node: str
    use: UseTool
    question: str
    bases: tuple[str, ...] = ()
    by: By = "flow"
    waiting: str = ""
    seconds: float = LOOK_UP_SECONDS + SLACK


@dataclass(frozen=True)
class Transfer:
    """Once all was heard, connect the caller with `to`. Done well it ends the call."""

    kind: ClassVar[str] = "transfer"
    node: str
    to: str
    by: By = "flow"
    seconds: float = TRANSFER_SECONDS + SLACK


@dataclass(frozen=True)
class Digits:
    """Send digits as tones."""

    kind: ClassVar[str] = "digits"
    node: str
    digits: str
    by: By = "flow"
    seconds: float = DIGITS_SECONDS


@dataclass(frozen=True)
class Wait:
    """Let `pause` seconds pass after the agent's last word. With `until_heard` the caller's words end it: then they are a
    turn like any other, and the wait's outcome is of no interest any more."""

    kind: ClassVar[str] = "wait"
    node: str
    pause: float
    until_heard: bool = False

    @property
    def seconds(self) -> float:
        return self.pause + 60.0


@dataclass(frozen=True)
class Silence:
    """Wait until nobody has spoken for `quiet` seconds, `patience` at most: an answering machine's greeting is over."""

    kind: ClassVar[str] = "silence"
    node: str
    patience: float
    quiet: float = 1.0

    @property
    def seconds(self) -> float:
        return self.patience + self.quiet + SLACK


Work = ToolWork | LookUp | Transfer | Digits | Wait | Silence
