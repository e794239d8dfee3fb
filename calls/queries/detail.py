"""Everything the page of one call shows, in five queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from calls.models import Call, CallEvent, Recording, Turn
from calls.queries.describe import line, plain

MARKS = ("interrupted", "fallback", "fault", "digit", "started", "tool_used", "handed_over")
ENOUGH_EVENTS = 2000
RECORDING_LATE = timedelta(hours=1)


@dataclass
class CallDetail:
    call: Call
    turns: list[Turn]
    recording: Recording | None
    events: list[CallEvent] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    voice: str = ""
    """Where the agent's audio came from, in words; empty as long as the call goes on."""

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Turns as the waveform wants them, in seconds."""
        return [
            {
                "id": f"turn-{turn.pk}",
                "role": turn.role,
                "start": turn.started_ms / 1000,
                "end": turn.ended_ms / 1000,
                "interrupted": turn.interrupted,
            }
            for turn in self.turns
        ]

    @property
    def recording_due(self) -> bool:
        """There is none yet, but the job that makes it may only be late."""
        ended = self.call.ended_at
        late = ended is not None and timezone.now() - ended > RECORDING_LATE
        return self.recording is None and self.call.media_started_at is not None and not late

    @property
    def replies(self) -> list[Turn]:
        """Agent turns that answered somebody, whose wait was measured."""
        return [turn for turn in self.turns if turn.gap_ms is not None]

    @property
    def slowest(self) -> Turn | None:
        return max(self.replies, key=lambda turn: turn.gap_ms or 0, default=None)


def detail(call: Call, internals: bool, events: bool = False) -> CallDetail:
    """`internals`: also faults and fallbacks as marks. `events`: the whole log, for its tab."""
    log = CallEvent.objects.filter(call=call)
    happened = list(log[:ENOUGH_EVENTS] if events else log.filter(kind__in=MARKS))
    recording = Recording.objects.filter(call=call).defer("peaks").first()
    turns = list(Turn.objects.filter(call=call))
    marks = [mark for mark in (_mark(event, internals) for event in happened) if mark]
    voice = _voice(call) if internals else ""
    return CallDetail(call, turns, recording, happened if events else [], marks, voice)


def _voice(call: Call) -> str:
    """“42 % clips, 18 % cache, 40 % TTS”, by seconds that were played."""
    names = {"clip": "clips", "cache": "cache", "tts": "TTS"}
    seconds = dict.fromkeys(names, 0.0)
    told = CallEvent.objects.filter(call=call, kind="usage", data__stage__in=list(names))
    for data in told.values_list("data", flat=True):
        seconds[data["stage"]] += float(data.get("seconds") or 0)
    total = sum(seconds.values())
    if not total:
        return ""
    return ", ".join(f"{round(100 * seconds[stage] / total)} % {name}" for stage, name in names.items())


def _mark(event: CallEvent, internals: bool) -> dict[str, Any] | None:
    data, at = event.data, event.at_ms / 1000
    if event.kind == "interrupted":
        return {"at": at, "kind": "interruption", "text": "The caller spoke over the agent"}
    if event.kind == "digit":
        return {"at": at, "kind": "digit", "text": f"Key {data.get('digit', '')}"}
    if not internals:
        return None
    if event.kind == "fallback":
        return {"at": at, "kind": "fallback", "text": _sentence("Fallback", data.get("step"), data.get("why"))}
    if event.kind == "fault":
        return {"at": at, "kind": "fault", "text": str(data.get("message", "Something failed"))}
    if event.kind == "tool_used":
        began = int(data.get("started_ms") or 0) / 1000
        return {"at": began, "kind": "tool" if data.get("ok") else "fault", "text": line(event).text}
    if event.kind == "handed_over":
        return {"at": at, "kind": "resumed", "text": line(event).text}
    if event.kind == "started" and data.get("resumed"):
        return {"at": at, "kind": "resumed", "text": "Another worker took over"}
    return None


def _sentence(head: str, step: Any, why: Any) -> str:
    text = f"{head}: {plain(step or '')}"
    return f"{text}, {plain(why)}" if why else text
