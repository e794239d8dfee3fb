"""Calls that happened: rows as the bridge leaves them, for pages to show. Deterministic for a seed."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from agents.models import Agent
from calls.models import Call, CallEvent, Recording, Turn
from media_worker.contract.events import Span

SAID = (
    ("Bright Dental, good morning. How can I help?", ""),
    ("I would like to move my appointment please.", "Of course. Which day suits you best?"),
    ("Tuesday would be good.", "Tuesday at ten or at three o'clock?"),
    ("Three o'clock.", "You are booked for Tuesday at three. Anything else?"),
    ("No, thank you.", "Thank you for calling. Goodbye."),
)


def make_call(agent: Agent | None, created_at: datetime, dice: random.Random | None = None, **fields: Any) -> Call:
    """An ended, answered call of about a minute, unless `fields` say otherwise. Without turns."""
    dice = dice or random.Random(1)
    ringing = created_at + timedelta(seconds=1)
    length = dice.randint(30, 240)
    values: dict[str, Any] = {
        "client": agent.client if agent else None,
        "agent": agent,
        "agent_version": agent.published if agent else None,
        "carrier": "twilio",
        "carrier_call_id": f"CA{uuid.uuid4().hex}",
        "direction": Call.Direction.INBOUND,
        "caller": f"+1415555{dice.randint(100, 199):04}",
        "called": "+14155550100",
        "status": Call.Status.ENDED,
        "answered_by": Call.AnsweredBy.HUMAN,
        "ended_by": Call.EndedBy.CALLER,
        "ended_reason": "caller_hangup",
        "outcome": "completed",
        "ringing_at": created_at,
        "answered_at": ringing,
        "media_started_at": ringing,
        "ended_at": ringing + timedelta(seconds=length),
        "gap_p50_ms": dice.randint(400, 700),
        "gap_p95_ms": dice.randint(700, 1900),
        "data": {"preferred_day": "Tuesday", "preferred_time": "15:00", "new_patient": False},
    }
    call = Call(**{**values, **fields})
    call.save()
    Call.objects.filter(pk=call.pk).update(created_at=created_at)
    call.created_at = created_at
    return call


def talk(call: Call, dice: random.Random | None = None, exchanges: int = len(SAID)) -> list[Turn]:
    """A conversation of some turns with latencies, the second reply interrupted, and the events they came from."""
    dice = dice or random.Random(1)
    turns, events, at = [], [], 400
    for number, (heard, answered) in enumerate(SAID[:exchanges]):
        if number == 0:
            turns.append(Turn(call=call, turn=0, role="agent", text=heard, started_ms=at, ended_ms=at + 2600))
            at += 3400
            continue
        begin, end = at, at + 300 * len(heard.split())
        gap = dice.randint(420, 1400)
        turns.append(
            Turn(call=call, turn=number, role="user", text=heard, started_ms=begin, ended_ms=end, confidence=0.91)
        )
        wire = end + gap
        stages = {
            "speech_end_ms": end,
            "turn_end_ms": end + 200,
            "stt_final_ms": end + 240,
            "llm_start_ms": end + 245,
            "llm_first_ms": wire - 90,
            "tts_start_ms": wire - 85,
            "tts_first_ms": wire - 12,
            "on_wire_ms": wire,
            "stt_vendor": "builtin",
            "llm_vendor": "openai",
            "tts_vendor": "builtin",
        }
        cut = number == 2
        text, unheard = (answered[:18].rsplit(" ", 1)[0], answered[18:].strip()) if cut else (answered, "")
        stop = wire + 280 * len(text.split())
        turns.append(
            Turn(
                call=call,
                turn=number,
                role="agent",
                text=text,
                unheard=unheard,
                interrupted=cut,
                started_ms=wire,
                ended_ms=stop,
                stages=stages,
                gap_ms=gap,
            )
        )
        kinds: list[tuple[int, str, dict[str, Any]]] = [
            (end, "user_turn", {"turn": number, "text": heard}),
            (end + 250, "latency", {"turn": number, **stages}),
            (wire, "on_wire", {"turn": number}),
            (stop, "agent_turn", {"turn": number, "text": text}),
            *(
                (span.ended_ms, "span", span.model_dump(mode="json", exclude={"kind"}))
                for span in spans(number, stages)
            ),
        ]
        if cut:
            kinds.append((stop, "interrupted", {"turn": number}))
        if number == 3:
            kinds.append((end + 100, "fallback", {"step": "reask", "stage": "stt", "why": "nothing was understood"}))
        events += kinds
        at = stop + 500
    Turn.objects.bulk_create(turns)
    log = [(0, "started", {"resumed": False, "worker": "media-1"}), *events]
    log.append((at, "usage", {"stage": "stt", "vendor": "builtin", "seconds": at / 1000}))
    CallEvent.objects.bulk_create(
        CallEvent(call=call, source="worker", seq=seq, at_ms=ms, kind=kind, data=data)
        for seq, (ms, kind, data) in enumerate(log, start=1)
    )
    return turns


def spans(number: int, stages: dict[str, Any]) -> list[Span]:
    """What the stages of a reply took. The third came of a second model, and of a guess that was dropped."""
    end, asked, wire = stages["speech_end_ms"], stages["llm_start_ms"], stages["on_wire_ms"]
    large = {"stage": "llm", "vendor": "openai", "model": "gpt-5-mini", "key": "Main", "turn": number}
    made = [
        Span(turn=number, stage="stt", vendor="builtin", started_ms=end - 900, ended_ms=end + 240, seconds=0.9),
        Span(turn=number, stage="turn", vendor="builtin", why="smart-turn 0.91", started_ms=end, ended_ms=end + 200),
        Span(turn=number, stage="tts", vendor="builtin", started_ms=wire - 85, first_ms=wire - 12, ended_ms=wire + 400),
    ]
    thought = {"first_ms": wire - 90, "ended_ms": wire + 200, "tokens_in": 612, "tokens_out": 34, "tier": "large"}
    if number == 3:
        slow = {"tier": "small", "kept": False, "error": "no_first_token", "started_ms": asked}
        made.append(Span(**large, started_ms=end - 150, ended_ms=end + 60, kept=False, why="speculative"))
        made.append(Span(**large, **slow, ended_ms=asked + 120))
        made.append(Span(**large, **thought, started_ms=asked + 125, why="escalated"))
    else:
        made.append(Span(**large, **thought, started_ms=asked, why="no rule held"))
    return made


def make_many(agents: list[Agent], count: int, now: datetime, seed: int = 7) -> list[Call]:
    """`count` calls over the last ten days, in bulk: every status, direction and fault is among them."""
    dice = random.Random(seed)
    calls = []
    for _ in range(count):
        agent = dice.choice(agents)
        created = now - timedelta(seconds=dice.randint(60, 10 * 86_400))
        answered = dice.random() < 0.9
        call = Call(
            client=agent.client,
            agent=agent,
            carrier="twilio",
            carrier_call_id=f"CA{uuid.UUID(int=dice.getrandbits(128)).hex}",
            direction=dice.choice(Call.Direction.values),
            caller=f"+1415555{dice.randint(100, 199):04}",
            called="+14155550100",
            status=Call.Status.ENDED,
            ended_by=dice.choice(Call.EndedBy.values),
            ended_reason="caller_hangup",
            fault=dice.choices(Call.Fault.values, weights=(95, 1, 1, 2, 1))[0],
            outcome=dice.choice(("completed", "completed", "handed_over", "")) if answered else "",
            answered_at=created + timedelta(seconds=2) if answered else None,
            ended_at=created + timedelta(seconds=dice.randint(20, 300)),
            gap_p50_ms=dice.randint(350, 700) if answered else None,
            gap_p95_ms=dice.randint(600, 2000) if answered else None,
        )
        call.created_at = created
        calls.append(call)
    created_at = Call._meta.get_field("created_at")
    created_at.auto_now_add = False  # type: ignore[attr-defined]
    try:
        Call.objects.bulk_create(calls)
    finally:
        created_at.auto_now_add = True  # type: ignore[attr-defined]
    ready = [call for call in calls if call.answered_at]
    Recording.objects.bulk_create(
        Recording(
            call=call, status=dice.choices(("ready", "assembling", "failed", "empty"), (95, 2, 2, 1))[0], duration_ms=1
        )
        for call in ready
    )
    return calls
