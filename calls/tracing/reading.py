"""What every stage of every turn of a call took: the stored events, typed. Moments are milliseconds on the call's clock.

Read from `CallEvent` and not from a table of its own: `docs/traces.md` has the figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from calls.models import CallEvent

KINDS = (
    "span", "latency", "on_wire", "interrupted", "paused", "backchannel", "fallback", "user_turn", "agent_turn", "tool_used",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """One piece of work. `stage` is one of the contract's: stt, turn, llm, tool, tts, clip, cache, s2s."""

    stage: str
    started_ms: int
    ended_ms: int
    first_ms: int | None = None
    vendor: str = ""
    model: str = ""
    key: str = ""
    tier: str = ""
    why: str = ""
    name: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    characters: int = 0
    seconds: float = 0.0
    kept: bool = True
    error: str = ""

    @property
    def total_ms(self) -> int:
        return self.ended_ms - self.started_ms

    @property
    def first_byte_ms(self) -> int | None:
        return None if self.first_ms is None else max(0, self.first_ms - self.started_ms)


@dataclass(frozen=True, slots=True)
class Fallback:
    at_ms: int
    step: str
    stage: str
    why: str = ""
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    at_ms: int
    ms: int


@dataclass(frozen=True, slots=True)
class Use:
    """A tool that was used, or knowledge that was looked up: what was given, and what came back. `sources` are (document
    and heading, score)."""

    stage: Stage
    status: int | None = None
    mocked: bool = False
    arguments: dict[str, Any] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    variables: dict[str, Any] = field(default_factory=dict, repr=False)
    sources: tuple[tuple[str, float], ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Exchange:
    """A turn: what the caller said, and everything that was done for the answer. Number 0 is the greeting.

    `heard`, `said`, `unheard` and `uses` hold words of the call: they go nowhere but to those who may read them.
    """

    number: int
    stages: list[Stage] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    fallbacks: list[Fallback] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    interruptions: list[int] = field(default_factory=list)
    backchannels: int = 0
    speech_began_ms: int | None = None
    speech_end_ms: int | None = None
    turn_end_ms: int | None = None
    on_wire_ms: int | None = None
    reply_began_ms: int | None = None
    reply_ended_ms: int | None = None
    heard: list[str] = field(default_factory=list, repr=False)
    said: list[str] = field(default_factory=list, repr=False)
    unheard: list[str] = field(default_factory=list, repr=False)

    @property
    def gap_ms(self) -> int | None:
        """From the end of the caller's speech to the first sound of the answer on the carrier's socket."""
        if self.speech_end_ms is None or self.on_wire_ms is None or self.on_wire_ms < self.speech_end_ms:
            return None
        return self.on_wire_ms - self.speech_end_ms

    @property
    def began_ms(self) -> int:
        return min(self._moments(), default=0)

    @property
    def ended_ms(self) -> int:
        return max(self._moments(), default=0)

    def took_ms(self, stage: Stage) -> int | None:
        """What the caller waited for of this stage's first result; ears are measured from the end of speech."""
        if stage.stage == "stt" and self.speech_end_ms is not None:
            return max(0, stage.ended_ms - self.speech_end_ms)
        return stage.first_byte_ms

    @property
    def decided_ms(self) -> int | None:
        """When it was known that the caller's turn is over."""
        decisions = (stage.ended_ms for stage in self.stages if stage.stage == "turn")
        return max(decisions, default=self.turn_end_ms)

    def speculative(self, stage: Stage) -> bool:
        """It was begun before anybody knew that the caller had finished."""
        decided = self.decided_ms
        return stage.stage in ("llm", "tts", "cache", "clip") and decided is not None and stage.started_ms < decided

    def _moments(self) -> Iterator[int]:
        for stage in self.stages:
            yield stage.started_ms
            yield stage.ended_ms
        for at in (
            self.speech_began_ms,
            self.speech_end_ms,
            self.turn_end_ms,
            self.on_wire_ms,
            self.reply_began_ms,
            self.reply_ended_ms,
        ):
            if at is not None:
                yield at


def trace(call_id: UUID) -> list[Exchange]:
    """Every turn of the call, in order. One query."""
    return _build(CallEvent.objects.filter(call_id=call_id, kind__in=KINDS))


def exchange(call_id: UUID, number: int) -> Exchange:
    """One turn of it. One query; a turn of which nothing is known is empty."""
    mine = Q(data__turn=number, kind__in=KINDS) | Q(kind="fallback") & (Q(data__turn=None) | Q(data__turn__isnull=True))
    return next(iter(_build(CallEvent.objects.filter(mine, call_id=call_id))), Exchange(number))


def _build(events: QuerySet[CallEvent]) -> list[Exchange]:
    found: defaultdict[int, Exchange] = defaultdict(lambda: Exchange(0))
    rows: Iterable[tuple[str, int, dict[str, Any]]] = events.order_by("at_ms", "source", "seq").values_list(
        "kind", "at_ms", "data"
    )
    loose: list[tuple[int, dict[str, Any]]] = []
    for kind, at_ms, data in rows:
        number = data.get("turn")
        if isinstance(number, int):
            one = found[number]
            one.number = number
            _TAKE[kind](one, at_ms, data)
        elif kind == "fallback":
            loose.append((at_ms, data))
    for at_ms, data in loose:
        for one in found.values():
            if one.began_ms <= at_ms <= one.ended_ms:
                _fallback(one, at_ms, data)
                break
    for one in found.values():
        one.stages.sort(key=lambda stage: (stage.started_ms, stage.ended_ms))
    return [found[number] for number in sorted(found)]


def _span(one: Exchange, _: int, data: dict[str, Any]) -> None:
    one.stages.append(Stage(**{name: value for name, value in data.items() if name != "turn"}))


def _used(one: Exchange, _: int, data: dict[str, Any]) -> None:
    """Its stage has no words in it: it goes where traces go."""
    status = data.get("status")
    error = "" if data.get("ok") else f"failed ({status})" if status else "failed"
    began, ended = int(data.get("started_ms") or 0), int(data.get("ended_ms") or 0)
    stage = Stage(
        "tool",
        began,
        max(began, ended),
        name=str(data.get("tool", "")),
        why=_BY.get(str(data.get("by")), ""),
        error=error,
    )
    one.stages.append(stage)
    sources = tuple(
        (" › ".join(filter(None, (source.get("document"), source.get("heading")))), float(source.get("score") or 0))
        for source in data.get("sources") or ()
    )
    told = {name: data.get(name) or {} for name in ("arguments", "variables")}
    one.uses.append(Use(stage, status, bool(data.get("mocked")), text=data.get("text") or "", sources=sources, **told))


_BY = {"flow": "a step of the flow", "model": "the model decided", "before": "before the greeting"}


def _latency(one: Exchange, _: int, data: dict[str, Any]) -> None:
    one.speech_end_ms, one.turn_end_ms = data.get("speech_end_ms"), data.get("turn_end_ms")


def _on_wire(one: Exchange, at_ms: int, _: dict[str, Any]) -> None:
    if one.on_wire_ms is None:
        one.on_wire_ms = at_ms


def _heard(one: Exchange, _: int, data: dict[str, Any]) -> None:
    one.heard.append(data.get("text", ""))
    began, ended = data.get("started_ms"), data.get("ended_ms")
    one.speech_began_ms = began if one.speech_began_ms is None else one.speech_began_ms
    one.speech_end_ms = one.speech_end_ms if one.speech_end_ms is not None else ended


def _said(one: Exchange, _: int, data: dict[str, Any]) -> None:
    one.said.append(data.get("text", ""))
    one.unheard.append(data.get("unheard", ""))
    if one.reply_began_ms is None:
        one.reply_began_ms = data.get("started_ms")
    one.reply_ended_ms = data.get("ended_ms")


def _fallback(one: Exchange, at_ms: int, data: dict[str, Any]) -> None:
    told = {name: str(data.get(name) or "") for name in ("step", "stage", "why", "vendor")}
    one.fallbacks.append(Fallback(at_ms, **told))


def _backchannel(one: Exchange, _: int, data: dict[str, Any]) -> None:
    one.backchannels += 1


_TAKE = {
    "span": _span,
    "tool_used": _used,
    "latency": _latency,
    "on_wire": _on_wire,
    "interrupted": lambda one, at_ms, _: one.interruptions.append(at_ms),
    "paused": lambda one, at_ms, data: one.pauses.append(Pause(at_ms, int(data.get("ms") or 0))),
    "backchannel": _backchannel,
    "fallback": _fallback,
    "user_turn": _heard,
    "agent_turn": _said,
}
