"""Two weeks of made-up calls, so that the demo's pages show something. No call of these ever took place.

Callers have numbers of the range kept for fiction (555-0100 to 0199), carrier ids begin with `demo-history`, and there
are no recordings. The same every time; calls that are there already are left alone.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, CallEvent, PhoneNumber, Turn
from tenants.usage import actions as usage
from tenants.usage.actions import CALL_SECONDS, Quantity
from voiceops.demo import trace

CALLS = 96
DAYS = 14
PREFIX = "demo-history-"
Said = tuple[str, str]


@dataclass(frozen=True)
class Script:
    """`said` alternates, the agent first. An empty `ended_by` is the carrier's."""

    agent: str
    said: tuple[Said, ...]
    outcome: str
    ended_by: str = "agent"
    reason: str = "agent_hangup"
    weight: int = 1
    fault: str = "none"
    detail: str = ""


A, C = "agent", "user"
SCRIPTS = (
    Script(
        "Front desk",
        (
            (A, "Thank you for calling Bright Dental. How can I help?"),
            (C, "I would like to book an appointment"),
            (A, "Sure, I can help with that. What day would suit you?"),
            (C, "Thursday at ten in the morning"),
            (A, "Thursday at ten. May I have your name?"),
            (C, "Maria Lopez"),
            (A, "Thank you, Maria. I have you down for Thursday at ten. Is there anything else?"),
            (C, "No, that's all"),
            (A, "Goodbye, and have a good day."),
        ),
        outcome="completed",
        weight=9,
    ),
    Script(
        "Front desk",
        (
            (A, "Thank you for calling Bright Dental. How can I help?"),
            (C, "What are your hours"),
            (A, "We're open Monday to Friday, eight to five, and Saturday nine to one. Anything else?"),
            (C, "No thank you"),
            (A, "Goodbye, and have a good day."),
        ),
        outcome="completed",
        ended_by="caller",
        reason="caller_hangup",
        weight=6,
    ),
    Script(
        "Front desk",
        (
            (A, "Thank you for calling Bright Dental. How can I help?"),
            (C, "I want to talk to a person"),
            (A, "Nobody is free right now. May I take a message?"),
            (C, "Please call me back about my invoice"),
            (A, "I will pass it on. Goodbye."),
        ),
        outcome="callback",
        weight=3,
    ),
    Script(
        "Front desk",
        ((A, "Thank you for calling Bright Dental. How can I help?"),),
        outcome="abandoned",
        ended_by="caller",
        reason="caller_hangup",
        weight=2,
    ),
    Script(
        "Service desk",
        (
            (A, "Northside Auto, service desk. What can I do for you?"),
            (C, "My brakes are squeaking"),
            (A, "Let's have a look at them. When could you bring the car in?"),
            (C, "Tomorrow morning"),
            (A, "Tomorrow morning it is. What is your name?"),
            (C, "James Carter"),
            (A, "Thank you, James. See you tomorrow."),
        ),
        outcome="completed",
        weight=5,
    ),
    Script(
        "Service desk",
        ((A, "Northside Auto, service desk. What can I do for you?"), (C, "How much is an oil change")),
        outcome="",
        ended_by="platform",
        reason="worker_lost",
        fault="platform",
        detail="The media worker was lost and no other was free.",
    ),
)


def tell(now: datetime | None = None) -> int:
    """Inside the demo's schema. Returns how many calls were added."""
    now = now or timezone.now()
    dice = random.Random(14155550100)  # noqa: S311 (the same story every time)
    agents = {agent.name: agent for agent in Agent.objects.select_related("client", "published")}
    number = PhoneNumber.objects.select_related("account").order_by("created_at").first()
    known = set(Call.objects.filter(carrier_call_id__startswith=PREFIX).values_list("carrier_call_id", flat=True))
    added = 0
    for index in range(CALLS):
        script = dice.choices(SCRIPTS, weights=[script.weight for script in SCRIPTS])[0]
        at, caller, seed = _moment(dice, now), f"+1415555{dice.randrange(100, 200):04d}", dice.random()
        if f"{PREFIX}{index:03d}" in known or script.agent not in agents:
            continue
        with transaction.atomic():
            _call(script, agents[script.agent], number, f"{PREFIX}{index:03d}", caller, at, random.Random(seed))  # noqa: S311
        added += 1
    return added


def _moment(dice: random.Random, now: datetime) -> datetime:
    """Somewhere in the last two weeks, mostly at midday (17 h UTC is midday in the demo's zones)."""
    day = dice.triangular(0, DAYS, 1)
    hour = min(23.9, max(0.0, dice.gauss(18.5, 2.6)))
    moment = (now - timedelta(days=day)).replace(hour=int(hour), minute=dice.randrange(60), second=dice.randrange(60))
    return moment if moment < now - timedelta(minutes=10) else moment - timedelta(days=1)


def _call(
    script: Script,
    agent: Agent,
    number: PhoneNumber | None,
    name: str,
    caller: str,
    at: datetime,
    dice: random.Random,
) -> None:
    is_own = number is not None and number.agent_id == agent.pk
    turns, length = _turns(script, dice)
    gaps = sorted(turn.gap_ms for turn in turns if turn.gap_ms)
    call = Call.objects.create(
        client=agent.client,
        agent=agent,
        agent_version=agent.published,
        number=number if is_own else None,
        account=number.account if number and is_own else None,
        carrier="twilio",
        carrier_call_id=name,
        direction=Call.Direction.INBOUND,
        caller=caller,
        called=number.number if number and is_own else "+14155550142",
        status=Call.Status.ENDED,
        answered_by=Call.AnsweredBy.HUMAN,
        ended_by=script.ended_by,
        ended_reason=script.reason,
        ended_detail=script.detail,
        fault=script.fault,
        outcome=script.outcome,
        ringing_at=at,
        answered_at=at + timedelta(milliseconds=600),
        media_started_at=at + timedelta(milliseconds=900),
        ended_at=at + timedelta(milliseconds=900 + length),
        gap_p50_ms=gaps[len(gaps) // 2] if gaps else None,
        gap_p95_ms=gaps[math.ceil(0.95 * len(gaps)) - 1] if gaps else None,
    )
    Call.objects.filter(pk=call.pk).update(created_at=at)
    for turn in turns:
        turn.call = call
    Turn.objects.bulk_create(turns)
    CallEvent.objects.create(
        call=call,
        source=CallEvent.Source.WORKER,
        seq=1,
        at_ms=0,
        kind="started",
        data={"kind": "started", "worker": "history", "resumed": False},
    )
    CallEvent.objects.bulk_create(trace.events(call, turns))
    spoken = sum(len(text) for who, text in script.said if who == A)
    usage.record(
        [
            Quantity(f"{call.pk}:{CALL_SECONDS}:twilio", CALL_SECONDS, round(length / 1000, 3), "twilio"),
            Quantity(f"{call.pk}:tts_characters:builtin", "tts_characters", spoken, "builtin"),
            Quantity(f"{call.pk}:stt_seconds:builtin", "stt_seconds", round(length / 2500, 3), "builtin"),
        ],
        at=at,
        client=agent.client,
        agent_id=agent.pk,
        call_id=call.pk,
    )


def _turns(script: Script, dice: random.Random) -> tuple[list[Turn], int]:
    """The turns, and the call's length in ms."""
    turns: list[Turn] = []
    clock, turn, speech_end = 350, 0, 0
    for who, text in script.said:
        spoken = 400 + len(text) * 58
        if who == C:
            clock += dice.randrange(500, 1600)
            turn += 1
            speech_end = clock + spoken
            turns.append(
                Turn(turn=turn, role=Turn.Role.CALLER, text=text, confidence=round(dice.uniform(0.72, 0.98), 2),
                     started_ms=clock, ended_ms=speech_end)
            )  # fmt: skip
            clock = speech_end
            continue
        stages, gap = _stages(turn, speech_end, dice) if turn else ({}, None)
        clock += gap or 0
        turns.append(
            Turn(turn=turn, role=Turn.Role.AGENT, text=text, started_ms=clock, ended_ms=clock + spoken,
                 stages=stages, gap_ms=gap)
        )  # fmt: skip
        clock += spoken
    return turns, clock + dice.randrange(300, 2500)


def _stages(turn: int, speech_end: int, dice: random.Random) -> tuple[dict[str, object], int]:
    turn_end = speech_end + dice.randrange(210, 420)
    stt_final = turn_end + dice.randrange(30, 120)
    llm_first = stt_final + dice.randrange(5, 40)
    tts_first = llm_first + dice.randrange(20, 160)
    on_wire = tts_first + dice.randrange(8, 30)
    stages: dict[str, object] = {
        "turn": turn,
        "speech_end_ms": speech_end,
        "turn_end_ms": turn_end,
        "stt_final_ms": stt_final,
        "llm_start_ms": stt_final + 1,
        "llm_first_ms": llm_first,
        "tts_start_ms": llm_first + 1,
        "tts_first_ms": tts_first,
        "on_wire_ms": on_wire,
        "stt_vendor": "builtin",
        "llm_vendor": "builtin",
        "tts_vendor": "builtin",
    }
    return stages, on_wire - speech_end
