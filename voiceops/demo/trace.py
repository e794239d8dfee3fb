"""What the built-in stages of a made-up reply took, as the events a worker and a bridge would have told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calls.models import Call, CallEvent, Turn
from media_worker.contract.events import Latency, OnWire, Span


def events(call: Call, turns: Iterable[Turn]) -> list[CallEvent]:
    """Of every reply that was timed; numbered on from the call's first event."""
    timed = [turn for turn in turns if turn.stages]
    told = [
        _event(call, CallEvent.Source.WORKER, seq, body.ended_ms if isinstance(body, Span) else _first(body), body)
        for seq, body in enumerate((body for turn in timed for body in _worker(turn)), start=2)
    ]
    wire = [
        _event(call, CallEvent.Source.BRIDGE, seq, turn.stages["on_wire_ms"], OnWire(turn=turn.turn))
        for seq, turn in enumerate(timed, start=1)
    ]
    return told + wire


def _event(call: Call, source: str, seq: int, at_ms: int, body: Span | Latency | OnWire) -> CallEvent:
    data = body.model_dump(mode="json")
    return CallEvent(call=call, source=source, seq=seq, at_ms=at_ms, kind=data.pop("kind"), data=data)


def _first(latency: Latency) -> int:
    return latency.tts_first_ms or 0


def _worker(turn: Turn) -> Iterator[Span | Latency]:
    at, number, words = turn.stages, turn.turn, len(turn.text)
    end = at["speech_end_ms"]
    own = {"turn": number, "vendor": "builtin"}
    yield Span(**own, stage="stt", started_ms=max(0, end - 1200), ended_ms=at["stt_final_ms"], seconds=1.2)
    yield Span(**own, stage="turn", why="smart-turn 0.94", started_ms=end, ended_ms=at["turn_end_ms"])
    yield Span(**own, stage="llm", tier="rules", started_ms=at["llm_start_ms"], ended_ms=at["llm_first_ms"])
    yield Span(
        **own,
        stage="tts",
        started_ms=at["tts_start_ms"],
        first_ms=at["tts_first_ms"],
        ended_ms=at["tts_first_ms"] + 2 * words,
        characters=words,
        seconds=round((turn.ended_ms - turn.started_ms) / 1000, 2),
    )
    yield Latency(**{name: value for name, value in at.items() if name != "on_wire_ms"})
