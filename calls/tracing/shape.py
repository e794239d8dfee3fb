"""A call as spans: conversation → turn → stage, with ids, times and attributes, for whoever exports them.

The trace's id is the call's id, and every span's id follows from it: exporting a call again writes the same spans.
Attributes are OpenTelemetry's conventions for generative AI where there is one, and `voiceops.*` where there is none.
What was said is left out unless `words` is true; phone numbers are never exported.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from calls.models import Call
from calls.tracing import reading
from calls.tracing.reading import Exchange, Stage
from voiceops.lib.schema import current_schema

Value = str | int | float | bool

OPERATIONS = {"llm": "chat", "s2s": "chat", "tool": "execute_tool"}
"""`gen_ai.operation.name` of a stage; stages of hearing and speaking have none in the conventions."""


@dataclass(frozen=True)
class Moment:
    """Something that took no time, within a span."""

    name: str
    at_ns: int
    attributes: dict[str, Value]


@dataclass
class Shaped:
    """`kind` is conversation, turn, or the stage's name. Times are nanoseconds since 1970."""

    id: int
    parent: int | None
    kind: str
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Value] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    error: str = ""
    first_ns: int | None = None
    stage: Stage | None = None


@dataclass
class ShapedCall:
    call: Call
    trace_id: int
    agency: str
    spans: list[Shaped]
    """Parents before their children."""


def span_id(call_id: UUID, path: str) -> int:
    """Eight bytes that are the same every time, and never zero."""
    return int.from_bytes(hashlib.sha256(f"{call_id}/{path}".encode()).digest()[:8]) or 1


def shape(call: Call, words: bool = False) -> ShapedCall:
    """In the schema that is set. `call` with its agent, its version and its client."""
    zero = _ns(call.media_started_at or call.answered_at or call.created_at)
    exchanges = reading.trace(call.pk)
    root = _conversation(call, zero, exchanges)
    spans = [root]
    for exchange in exchanges:
        spans.extend(_turn(call, zero, exchange, root.id, words))
    root.end_ns = max(root.end_ns, *(span.end_ns for span in spans))
    root.start_ns = min(root.start_ns, *(span.start_ns for span in spans))
    return ShapedCall(call, call.pk.int, current_schema(), spans)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


def _conversation(call: Call, zero: int, exchanges: list[Exchange]) -> Shaped:
    began = _ns(call.answered_at or call.created_at)
    attributes: dict[str, Value | None] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": str(call.pk),
        "gen_ai.agent.id": str(call.agent_id) if call.agent_id else None,
        "gen_ai.agent.name": call.agent.name if call.agent else None,
        "gen_ai.agent.version": str(call.agent_version.number) if call.agent_version else None,
        "voiceops.agency": current_schema(),
        "voiceops.client.id": str(call.client_id) if call.client_id else None,
        "voiceops.client.name": call.client.name if call.client else None,
        "voiceops.call.direction": call.direction,
        "voiceops.call.carrier": call.carrier,
        "voiceops.call.test": call.test,
        "voiceops.call.ended_by": call.ended_by,
        "voiceops.call.ended_reason": call.ended_reason,
        "voiceops.call.outcome": call.outcome,
        "voiceops.call.fault": call.fault,
        "voiceops.call.turns": max((exchange.number for exchange in exchanges), default=0),
        "voiceops.gap_p50_ms": call.gap_p50_ms,
        "voiceops.gap_p95_ms": call.gap_p95_ms,
    }
    name = f"invoke_agent {call.agent.name}" if call.agent else "invoke_agent"
    failed = call.fault not in ("", Call.Fault.NONE)
    return Shaped(
        id=span_id(call.pk, "conversation"),
        parent=None,
        kind="conversation",
        name=name,
        start_ns=began,
        end_ns=max(began, _ns(call.ended_at) if call.ended_at else zero),
        attributes=_given(attributes),
        error=call.ended_reason if failed else "",
    )


def _turn(call: Call, zero: int, exchange: Exchange, parent: int, words: bool) -> Iterator[Shaped]:
    def at(ms: int) -> int:
        return zero + ms * 1_000_000

    attributes: dict[str, Value | None] = {
        "gen_ai.conversation.id": str(call.pk),
        "voiceops.turn": exchange.number,
        "voiceops.gap_ms": exchange.gap_ms,
        "voiceops.interrupted": bool(exchange.interruptions),
        "voiceops.fallbacks": len(exchange.fallbacks),
        "voiceops.pauses": len(exchange.pauses),
        "voiceops.backchannels": exchange.backchannels,
    }
    if words:
        attributes["gen_ai.input.messages"] = _messages("user", exchange.heard)
        attributes["gen_ai.output.messages"] = _messages("assistant", exchange.said)
    turn = Shaped(
        id=span_id(call.pk, f"turn/{exchange.number}"),
        parent=parent,
        kind="turn",
        name="greeting" if exchange.number == 0 else f"turn {exchange.number}",
        start_ns=at(exchange.began_ms),
        end_ns=at(exchange.ended_ms),
        attributes=_given(attributes),
        moments=_moments(exchange, at),
    )
    yield turn
    same: Counter[tuple[str, int]] = Counter()
    for stage in exchange.stages:
        same[stage.stage, stage.started_ms] += 1
        path = f"turn/{exchange.number}/{stage.stage}/{stage.started_ms}/{same[stage.stage, stage.started_ms]}"
        yield Shaped(
            id=span_id(call.pk, path),
            parent=turn.id,
            kind=stage.stage,
            name=_name(stage),
            start_ns=at(stage.started_ms),
            end_ns=at(stage.ended_ms),
            attributes=_stage(call, exchange, stage),
            moments=[Moment("first_byte", at(stage.first_ms), {})] if stage.first_ms is not None else [],
            error=stage.error,
            first_ns=at(stage.first_ms) if stage.first_ms is not None else None,
            stage=stage,
        )


def _name(stage: Stage) -> str:
    """`chat gpt-small`, `execute_tool find_slots`, `tts`."""
    return " ".join(filter(None, (OPERATIONS.get(stage.stage, stage.stage), stage.model or stage.name)))


def _stage(call: Call, exchange: Exchange, stage: Stage) -> dict[str, Value]:
    speaks = stage.stage in ("tts", "clip", "cache", "s2s")
    return _given(
        {
            "gen_ai.operation.name": OPERATIONS.get(stage.stage),
            "gen_ai.provider.name": stage.vendor,
            "gen_ai.request.model": stage.model,
            "gen_ai.conversation.id": str(call.pk),
            "gen_ai.output.type": "speech" if speaks else "text" if stage.stage in ("stt", "llm") else None,
            "gen_ai.usage.input_tokens": stage.tokens_in or None,
            "gen_ai.usage.output_tokens": stage.tokens_out or None,
            "gen_ai.tool.name": stage.name if stage.stage == "tool" else None,
            "error.type": stage.error,
            "voiceops.turn": exchange.number,
            "voiceops.stage": stage.stage,
            "voiceops.key": stage.key,
            "voiceops.tier": stage.tier,
            "voiceops.why": stage.why,
            "voiceops.clip": stage.name if stage.stage in ("clip", "cache") else None,
            "voiceops.first_byte_ms": stage.first_byte_ms,
            "voiceops.characters": stage.characters or None,
            "voiceops.seconds": stage.seconds or None,
            "voiceops.kept": stage.kept,
            "voiceops.speculative": exchange.speculative(stage) or None,
        }
    )


def _moments(exchange: Exchange, at: Callable[[int], int]) -> list[Moment]:
    found = [
        Moment(
            "fallback",
            at(fallback.at_ms),
            _given({"step": fallback.step, "stage": fallback.stage, "why": fallback.why, "vendor": fallback.vendor}),
        )
        for fallback in exchange.fallbacks
    ]
    found += [Moment("interrupted", at(ms), {}) for ms in exchange.interruptions]
    found += [Moment("paused", at(pause.at_ms), {"ms": pause.ms}) for pause in exchange.pauses]
    if exchange.on_wire_ms is not None:
        found.append(Moment("on_wire", at(exchange.on_wire_ms), {}))
    return sorted(found, key=lambda moment: moment.at_ns)


def _messages(role: str, texts: list[str]) -> str | None:
    """In the shape the conventions give to messages."""
    said = [text for text in texts if text]
    if not said:
        return None
    parts = [{"type": "text", "content": text} for text in said]
    return json.dumps([{"role": role, "parts": parts}], ensure_ascii=False)


def _given(attributes: dict[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if value is not None and value != ""}
