"""Traces of calls, as workers tell them: turns with ears, model, tools, voice, a clip, a fallback and a speculation."""

from __future__ import annotations

from typing import Any

from calls.models import Call, CallEvent
from media_worker.contract.events import (
    AgentTurn,
    Backchannel,
    Fallback,
    Interrupted,
    Latency,
    OnWire,
    Paused,
    Span,
    UserTurn,
)

MARKED = "marzipan-elephant"
"""A word that is said in these calls, and must appear nowhere but with the call."""


def one_turn(number: int, at: int) -> list[tuple[int, Any]]:
    """The events of an exchange whose caller begins to speak at `at`; about 4 s long. Turn 3 is the eventful one."""
    end = at + 1000
    eventful = number == 3
    told: list[tuple[int, Any]] = [
        (end + 210, UserTurn(turn=number, text=f"I want a {MARKED}.", started_ms=at, ended_ms=end, confidence=0.9)),
        (
            end + 210,
            Span(
                turn=number,
                stage="stt",
                vendor="openai",
                model="whisper",
                key="first",
                started_ms=at,
                first_ms=at + 300,
                ended_ms=end + 170,
                seconds=1.0,
            ),
        ),
        (
            end + 210,
            Span(
                turn=number, stage="turn", vendor="builtin", why="smart-turn 0.93", started_ms=end, ended_ms=end + 205
            ),
        ),
        (
            end + 400,
            Span(
                turn=number,
                stage="llm",
                vendor="openai",
                model="gpt-small",
                key="first",
                tier="small",
                why="rule 1: few words",
                started_ms=end + 210,
                first_ms=end + 290,
                ended_ms=end + 600,
                tokens_in=220,
                tokens_out=30,
            ),
        ),
        (
            end + 800,
            Span(
                turn=number,
                stage="tts",
                vendor="builtin",
                model="en",
                started_ms=end + 320,
                first_ms=end + 400,
                ended_ms=end + 800,
                characters=42,
                seconds=2.2,
            ),
        ),
        (end + 400, Latency(turn=number, speech_end_ms=end, turn_end_ms=end + 205, stt_final_ms=end + 170)),
        (end + 405, OnWire(turn=number)),
        (
            end + 2600,
            AgentTurn(
                turn=number, text=f"One {MARKED}, coming up.", started_ms=end + 405, ended_ms=end + 2600, unheard=""
            ),
        ),
    ]
    if eventful:
        told += [
            (
                end + 100,
                Span(
                    turn=number,
                    stage="llm",
                    vendor="openai",
                    model="gpt-small",
                    why="speculative",
                    started_ms=end - 200,
                    ended_ms=end + 100,
                    kept=False,
                ),
            ),
            (
                end + 500,
                Span(turn=number, stage="tool", name="find_slots", started_ms=end + 300, ended_ms=end + 500, error=""),
            ),
            (
                end + 900,
                Span(
                    turn=number,
                    stage="clip",
                    vendor="library",
                    name="one_moment",
                    started_ms=end + 500,
                    first_ms=end + 501,
                    ended_ms=end + 510,
                    seconds=0.8,
                ),
            ),
            (end + 450, Fallback(step="next_model", stage="llm", why="no_first_token", vendor="groq", turn=number)),
            (end + 1500, Paused(turn=number, ms=640)),
            (end + 1800, Backchannel(turn=number, text="uh-huh")),
            (end + 2500, Interrupted(turn=number)),
        ]
    return sorted(told, key=lambda item: item[0])


def remember(call: Call, turns: int = 4) -> None:
    """Store the events of a call of so many exchanges, as the store would."""
    rows, seq, wire = [], 0, 0
    for number in range(1, turns + 1):
        for at_ms, body in one_turn(number, number * 4000):
            data = body.model_dump(mode="json")
            kind = data.pop("kind")
            bridge = kind == "on_wire"
            wire, seq = (wire + 1, seq) if bridge else (wire, seq + 1)
            rows.append(
                CallEvent(
                    call=call,
                    source="bridge" if bridge else "worker",
                    seq=wire if bridge else seq,
                    at_ms=at_ms,
                    kind=kind,
                    data=data,
                )
            )
    CallEvent.objects.bulk_create(rows)
