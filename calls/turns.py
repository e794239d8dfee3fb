"""The turns of a call, made from its stored events: what each side said, and how long the answer took."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from calls.models import CallEvent, Turn

STAGE_EVENTS = ("latency", "on_wire")
_NO_STAGES = frozenset({"kind", "turn"})


def build(call_id: UUID, events: Iterable[CallEvent]) -> bool:
    """Bring the turns up to date with events that were stored just now. True when a turn changed."""
    changed = False
    timed: set[int] = set()
    for event in events:
        if event.kind == "user_turn":
            changed = _add(call_id, event, Turn.Role.CALLER) or changed
        elif event.kind == "agent_turn":
            changed = _add(call_id, event, Turn.Role.AGENT) or changed
            timed.add(int(event.data["turn"]))
        elif event.kind in STAGE_EVENTS:
            timed.add(int(event.data["turn"]))
    for turn in timed:
        changed = _time(call_id, turn) or changed
    return changed


def _add(call_id: UUID, event: CallEvent, role: str) -> bool:
    """A turn that came in pieces, or was told again by the worker that took over, gets another part."""
    said = event.data
    if not said["text"] and not said.get("unheard"):
        return False
    mine = Turn.objects.filter(call_id=call_id, role=role, turn=said["turn"])
    Turn.objects.create(
        call_id=call_id,
        role=role,
        turn=said["turn"],
        part=mine.count(),
        text=said["text"],
        unheard=said.get("unheard", ""),
        interrupted=bool(said.get("interrupted", False)),
        confidence=said.get("confidence"),
        started_ms=max(0, said["started_ms"]),
        ended_ms=max(0, said["ended_ms"]),
    )
    return True


def _time(call_id: UUID, turn: int) -> bool:
    """The stages of a reply belong to its first piece, which may be stored before or after them."""
    told = CallEvent.objects.filter(call_id=call_id, kind__in=STAGE_EVENTS, data__turn=turn).order_by("at_ms")
    stages: dict[str, int | str | None] = {}
    for event in told:
        if event.kind == "latency":
            stages |= {name: value for name, value in event.data.items() if name not in _NO_STAGES}
        else:
            stages.setdefault("on_wire_ms", event.at_ms)
    first = Turn.objects.filter(call_id=call_id, role=Turn.Role.AGENT, turn=turn, part=0)
    return bool(first.update(stages=stages, gap_ms=_gap(stages)))


def _gap(stages: dict[str, int | str | None]) -> int | None:
    """From the end of the caller's speech to the first audio of the answer on the carrier's socket."""
    spoken, heard = stages.get("speech_end_ms"), stages.get("on_wire_ms")
    if not isinstance(spoken, int) or not isinstance(heard, int) or heard < spoken:
        return None
    return heard - spoken
