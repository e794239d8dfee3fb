"""A turn as a waterfall: its stages as bars on one axis of time, in percent of the axis, with words for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from calls.queries.describe import plain
from calls.tracing.reading import Exchange, Stage, Use
from media_worker.providers.registry import vendor
from voiceops.lib.format import milliseconds, number

BEFORE_THE_END_MS = 400
"""How much of the caller's speech the axis shows: what is waited for begins with its end."""

LONGEST_ANSWER = 600

LABELS = {
    "stt": "Speech to text",
    "turn": "End of turn",
    "llm": "Model",
    "tool": "Tool",
    "tts": "Voice",
    "clip": "Clip",
    "cache": "Kept sound",
    "s2s": "Speech to speech",
}
STEPS = {
    "reask": "asked to say it again",
    "next_ears": "another vendor listens",
    "filler": "a word of patience",
    "next_model": "another model answers",
    "backup_voice": "another voice goes on",
    "next_key": "another key",
    "escalated": "the large model takes over",
    "timeout": "too slow",
    "vendor_error": "the vendor failed",
    "too_long": "cut a long reply short",
    "apology": "apologised",
    "transfer": "handed over to a person",
}


@dataclass(frozen=True)
class Row:
    """`x`, `width` and `tick` in percent of the axis. `dropped`: nobody heard what came of it."""

    label: str
    style: str
    x: float
    width: float
    tick: float | None
    took: str
    who: str
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    early: bool
    """It did not wait until the caller's turn was decided."""
    dropped: bool
    failed: bool


@dataclass(frozen=True)
class Note:
    """Something that happened at a moment: `at` in milliseconds after the caller's last sound."""

    icon: str
    text: str
    tone: str = ""
    at: str = ""


class Waterfall:
    """What is shown of a turn. Its rows are made when they are asked for: a long call shows few of them at first."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._zero, self._end = _axis(exchange)
        self._length = max(1, self._end - self._zero)

    @property
    def number(self) -> int:
        return self._exchange.number

    @property
    def gap_ms(self) -> int | None:
        return self._exchange.gap_ms

    @property
    def length(self) -> str:
        return milliseconds(self._length)

    @property
    def fallbacks(self) -> bool:
        return bool(self._exchange.fallbacks)

    @property
    def interrupted(self) -> bool:
        return bool(self._exchange.interruptions)

    @property
    def dropped(self) -> int:
        return sum(not stage.kept for stage in self._exchange.stages)

    @property
    def failed(self) -> bool:
        return any(stage.error for stage in self._exchange.stages)

    @property
    def speech_end(self) -> float | None:
        return self._moment(self._exchange.speech_end_ms) if self.number else None

    @property
    def on_wire(self) -> float | None:
        return self._moment(self._exchange.on_wire_ms)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._row(stage) for stage in self._exchange.stages)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        return _notes(self._exchange)

    def _row(self, stage: Stage) -> Row:
        exchange = self._exchange
        return Row(
            label=_label(stage),
            style=stage.stage,
            x=self._at(stage.started_ms),
            width=max(0.5, round(self._at(stage.ended_ms) - self._at(stage.started_ms), 2)),
            tick=None if stage.stage == "stt" else self._moment(stage.first_ms),
            took=milliseconds(_took(exchange, stage)),
            who=_vendor(stage.vendor),
            tags=tuple(filter(None, (stage.key, stage.tier))),
            facts=_facts(exchange, stage),
            early=exchange.speculative(stage),
            dropped=not stage.kept,
            failed=bool(stage.error),
        )

    def _at(self, ms: int) -> float:
        return round(min(100.0, max(0.0, 100 * (ms - self._zero) / self._length)), 2)

    def _moment(self, ms: int | None) -> float | None:
        return None if ms is None or not self._zero <= ms <= self._end else self._at(ms)


def _axis(exchange: Exchange) -> tuple[int, int]:
    """From shortly before the caller's last sound, or the first piece of work, to the last."""
    began = min((stage.started_ms for stage in exchange.stages), default=0)
    if exchange.speech_end_ms is not None and exchange.number:
        began = max(began, exchange.speech_end_ms - BEFORE_THE_END_MS)
    ended = max((stage.ended_ms for stage in exchange.stages), default=began)
    return began, max(ended, exchange.on_wire_ms or 0, began + 1)


def _label(stage: Stage) -> str:
    words = LABELS.get(stage.stage, stage.stage)
    return f"{words} {stage.name}" if stage.stage == "tool" and stage.name else words


def _took(exchange: Exchange, stage: Stage) -> int:
    """What a reader asks of it: the wait for ears and for what gives a first byte, otherwise all of it."""
    waited = exchange.took_ms(stage)
    return stage.total_ms if waited is None else waited


def _vendor(name: str) -> str:
    if name == "library":
        return "Recorded clips"
    try:
        return vendor(name).label
    except KeyError:
        return name


def _facts(exchange: Exchange, stage: Stage) -> tuple[tuple[str, str], ...]:
    after_speech = exchange.took_ms(stage) if stage.stage == "stt" else None
    told: tuple[tuple[str, str | None], ...] = (
        ("Vendor", _vendor(stage.vendor)),
        ("Model", stage.model),
        ("Key", stage.key),
        ("Tier", stage.tier),
        ("Why", plain(stage.why) if stage.why else None),
        ("Name", stage.name),
        ("Begun early", "Before the caller’s turn was decided" if exchange.speculative(stage) else None),
        ("After the last sound", milliseconds(after_speech) if after_speech is not None else None),
        ("First result", milliseconds(stage.first_byte_ms) if stage.first_byte_ms is not None else None),
        ("In all", milliseconds(stage.total_ms)),
        ("Tokens in", number(stage.tokens_in) if stage.tokens_in else None),
        ("Tokens out", number(stage.tokens_out) if stage.tokens_out else None),
        ("Characters", number(stage.characters) if stage.characters else None),
        ("Sound", f"{stage.seconds:.1f} s" if stage.seconds else None),
        ("Error", plain(stage.error) if stage.error else None),
        ("Kept", None if stage.kept else "No: the caller heard nothing of it"),
        *_use(next((use for use in exchange.uses if use.stage is stage), None)),
    )
    return tuple((name, value) for name, value in told if value)


def _use(use: Use | None) -> tuple[tuple[str, str | None], ...]:
    """What a tool was given, and what came back."""
    if use is None:
        return ()
    return (
        ("Given", _pairs(use.arguments)),
        ("Status", str(use.status) if use.status else None),
        ("Answered", use.text[:LONGEST_ANSWER]),
        ("Set", _pairs(use.variables)),
        ("From", "; ".join(f"{where} ({score:.2f})" for where, score in use.sources)),
        ("Mocked", "Yes: nothing was reached" if use.mocked else None),
    )


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, ""))


def _notes(exchange: Exchange) -> tuple[Note, ...]:
    zero = exchange.speech_end_ms if exchange.number and exchange.speech_end_ms is not None else exchange.began_ms
    found: list[tuple[int, Note]] = []
    for fallback in exchange.fallbacks:
        words = [STEPS.get(fallback.step, plain(fallback.step))]
        if fallback.vendor:
            words.append(_vendor(fallback.vendor))
        if fallback.why:
            words.append(plain(fallback.why))
        stage = LABELS.get(fallback.stage, "Flow")
        text = f"Fallback, {stage.lower()}: {', '.join(words)}"
        found.append((fallback.at_ms, Note(icon="life-buoy", tone="warn", text=text)))
    for pause in exchange.pauses:
        text = f"Paused for {milliseconds(pause.ms)} by a noise, then went on"
        found.append((pause.at_ms, Note(icon="pause", text=text)))
    for at_ms in exchange.interruptions:
        found.append((at_ms, Note(icon="hand", tone="warn", text="The caller spoke over it")))
    found.sort(key=lambda one: one[0])
    notes = [replace(note, at=milliseconds(max(0, at_ms - zero))) for at_ms, note in found]
    if exchange.backchannels:
        times = "once" if exchange.backchannels == 1 else f"{exchange.backchannels} times"
        notes.append(Note(icon="message-circle", text=f"The caller said “uh-huh” {times}; the agent went on"))
    return tuple(notes)
