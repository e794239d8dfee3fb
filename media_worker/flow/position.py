"""Where a conversation stands: plain data, kept in a snapshot's `node` and `state`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from media_worker.contract.events import Snapshot
from media_worker.contract.spec import Scalar

LONGEST_KEPT = 500


@dataclass
class Position:
    """`pending` is a value that awaits a yes. `uses` counts what was done outside, so that each use has its own key, and
    the same one after a worker's end. `heard` names the variables that hold a caller's words: nothing trusted is filled
    with them. `agent` is the colleague who goes on, by name."""

    node: str
    misses: int = 0
    attempts: int = 0
    slot: str = ""
    pending: Scalar = None
    skipped: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    ended: str = ""
    uses: int = 0
    heard: set[str] = field(default_factory=set)
    agent: str = ""
    last_said: str = ""
    choice: str = ""
    outcome: str = ""

    def state(self) -> dict[str, Scalar]:
        return {
            "misses": self.misses,
            "attempts": self.attempts,
            "slot": self.slot,
            "pending": self.pending,
            "skipped": " ".join(sorted(self.skipped)),
            "done": " ".join(sorted(self.done)),
            "ended": self.ended,
            "uses": self.uses,
            "heard": " ".join(sorted(self.heard)),
            "agent": self.agent,
            "last_said": self.last_said[:LONGEST_KEPT],
            "choice": self.choice,
            "outcome": self.outcome,
        }


def restore(resume: Snapshot, nodes: Collection[str], start: str) -> Position:
    """The snapshot's position; one of another version of the flow starts over at `start`."""
    state = resume.state
    known = resume.node in nodes

    def text(name: str) -> str:
        return str(state.get(name) or "")

    kept = Position(
        node=resume.node if known else start,
        uses=_whole(state.get("uses")),
        heard=set(text("heard").split()),
        agent=text("agent"),
        last_said=text("last_said"),
        choice=text("choice"),
        outcome=text("outcome"),
    )
    if known:
        kept.misses = _whole(state.get("misses"))
        kept.attempts = _whole(state.get("attempts"))
        kept.slot = text("slot")
        kept.pending = state.get("pending")
        kept.skipped = set(text("skipped").split())
        kept.done = set(text("done").split())
        kept.ended = text("ended")
    return kept


def _whole(value: Scalar) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
