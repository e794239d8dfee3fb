"""A media worker is killed with live calls on it: what do its callers notice?

Twenty calls by the software phone, through the real bridge, on two workers; in the midst of it one worker gets SIGKILL
(and the supervisor starts it again, on the same machine). Then the same with SIGTERM: the worker hands its calls over. Each caller says the same number of lines, and the model's
answers are numbered, so that what was lost or answered twice can be counted from the stored turns.

hold clip    from the kill to the clip's first byte on the carrier's socket, and until it is heard behind what the
             carrier had still to play
continued    from the kill, or from the end of what the caller was saying at that moment, to the first audio of the
             other worker on the carrier's socket
silence      the longest time, from the kill on, in which nobody was to be heard at the caller's ear: neither the agent
             (the clip counts) nor the caller. The pause a caller makes before his next line (0.6 s) is in it.
lost         lines that were said and are no turn of the stored call, turns of which less than the whole line was heard
             (the ears write down how many seconds they were given), turns that were never answered
twice        turns of which the caller heard the answer begin and end twice, or that were taken for two
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.ear import ListeningCaller
from bench.meter import lines
from bench.models import fake_models
from bench.processes import load
from bench.stack import Stack, point_number_at, stack
from calls.phone.http import Http
from calls.phone.lines import FRAME_SECONDS
from calls.phone.report import Heard
from calls.phone.twilio import Line, TwilioPhone

CALLS = 20
LINES = 5
SPREAD = 5.0
KILL_AFTER = 12.0
"""Seconds after the first call began: every caller has been answered at least once, and has two lines to go."""

REPLY = "This is answer number {turn}. We are open from nine to six. Is there more?"
PATIENCE = 0.6


@dataclass(frozen=True)
class Fate:
    """What became of one call. Times in ms after the kill; None on the worker that lived."""

    moved: bool
    speaking: bool
    clip_sent: float | None
    clip_heard: float | None
    continued: float | None
    silence: float
    said: int
    turns: int
    cut_short: int
    unanswered: int
    twice: int
    ended: str

    @property
    def lost(self) -> int:
        return max(0, self.said - self.turns) + self.cut_short + self.unanswered

    @property
    def went_on(self) -> bool:
        return self.ended == "caller_hangup" and self.said == LINES


def run(calls: int = CALLS) -> dict[str, float]:
    heard = "{seconds} seconds were heard"
    with (
        fake_models(stt_ms=100, llm_ms=80, tts_ms=80, reply=REPLY, heard=heard) as models,
        stack(capacity=calls + 5, workers=2, drain_seconds=20) as product,
    ):
        point_number_at(models, product.number)
        figures = _tell_killed(asyncio.run(_round(product, calls, signal.SIGKILL)))
        figures |= _tell_drained(asyncio.run(_round(product, calls, signal.SIGTERM)))
    return figures


async def _round(product: Stack, calls: int, number: signal.Signals) -> list[Fate]:
    callers = [ListeningCaller(lines(8000, LINES), 8000, patience=PATIENCE, linger=1.0) for _ in range(calls)]
    phones: list[TwilioPhone] = []
    async with Http() as http:

        async def one(index: int, caller: ListeningCaller) -> Heard:
            await asyncio.sleep(SPREAD * index / calls)
            line = Line(
                product.base_url, product.account_sid, product.auth_token, f"+1415555{index:04}", product.number
            )
            phones.append(phone := TwilioPhone(line, caller, http, longest=120))
            where = f"{product.base_url}/telephony/twilio"
            heard = await phone.run(f"{where}/voice", f"{where}/status")
            heard.call_id = line.call_sid
            return heard

        running = [asyncio.create_task(one(i, caller)) for i, caller in enumerate(callers)]
        await asyncio.sleep(KILL_AFTER)
        victim = product.media_workers()[0]
        os.kill(victim, number)
        killed = time.monotonic()
        heard = await asyncio.gather(*running)
    await asyncio.sleep(2)
    stored = await asyncio.to_thread(_stored, [one.call_id for one in heard])
    return [_fate(caller, stored[one.call_id], killed) for caller, one in zip(callers, heard, strict=True)]


def _stored(sids: list[str]) -> dict[str, dict[str, Any]]:
    from django_tenants.utils import schema_context

    from calls.models import Call

    with schema_context("demo"):
        return {
            call.carrier_call_id: {
                "ended": call.ended_reason,
                "moved": call.events.filter(kind="started", data__resumed=True).exists(),
                "turns": list(call.turns.values("turn", "role", "part", "text", "interrupted")),
            }
            for call in Call.objects.filter(carrier_call_id__in=sids)
        }


def _fate(caller: ListeningCaller, call: dict[str, Any], killed: float) -> Fate:
    from calls.bridge import clips
    from media_worker.contract.spec import AudioFormat

    clip = len(clips.clip(clips.HOLD, AudioFormat(codec="mulaw", rate=8000)))
    after = [one for one in caller.arrivals if one.at >= killed]
    at_clip = next((i for i, one in enumerate(after) if one.samples == clip), None) if call["moved"] else None
    sent = after[at_clip] if at_clip is not None else None
    spoke_until = caller.speaking_until(killed)
    first = after[at_clip + 1] if at_clip is not None and at_clip + 1 < len(after) else None
    mine = [turn for turn in call["turns"] if turn["role"] == "user"]
    answers = [turn for turn in call["turns"] if turn["role"] == "agent" and turn["turn"] > 0]
    whole = Counter(turn["turn"] for turn in answers if "answer number" in turn["text"] and "more?" in turn["text"])
    numbers = {turn["turn"] for turn in mine}
    line = caller.lines[0]
    spoken = (line.speech_ends - line.speech_starts) * FRAME_SECONDS
    return Fate(
        moved=bool(call["moved"]),
        clip_sent=(sent.at - killed) * 1000 if sent else None,
        clip_heard=(sent.at - killed + sent.seconds_ahead) * 1000 if sent else None,
        continued=(first.at - max(killed, spoke_until)) * 1000 if first else None,
        speaking=spoke_until > killed,
        silence=caller.longest_silence(killed, killed + 20.0),
        said=len(caller.began),
        turns=len(numbers),
        cut_short=sum(float(turn["text"].split()[0]) < spoken for turn in mine),
        unanswered=len(numbers - {turn["turn"] for turn in answers}),
        twice=sum(count - 1 for count in whole.values()) + max(0, len(mine) - len(caller.began)),
        ended=call["ended"],
    )


def _tell_drained(fates: list[Fate]) -> dict[str, float]:
    moved = sum(fate.moved for fate in fates)
    figures = {
        "drained_went_on": sum(fate.went_on for fate in fates),
        "drained_silence_s": _worst(fate.silence for fate in fates),
        "drained_lost": sum(fate.lost for fate in fates),
        "drained_twice": sum(fate.twice for fate in fates),
    }
    print(
        f"  {len(fates)} live calls on two workers, one told to stop (SIGTERM), {moved} moved; {load()}\n"
        f"  went on to their last line: {figures['drained_went_on']:.0f} (aim {len(fates)}),"
        f" longest silence at an ear {figures['drained_silence_s']:.2f} s,"
        f" turns lost {figures['drained_lost']:.0f} (aim 0), answered twice {figures['drained_twice']:.0f} (aim 0)"
    )
    _tell_troubled(fates)
    return figures


def _tell_troubled(fates: list[Fate]) -> None:
    for fate in fates:
        if not fate.went_on or fate.lost or fate.twice:
            print(f"    {fate}")


def _tell_killed(fates: list[Fate]) -> dict[str, float]:
    moved = [fate for fate in fates if fate.moved]
    figures = {
        "went_on": sum(fate.went_on for fate in fates),
        "moved": len(moved),
        "clip_sent_ms": _worst(fate.clip_sent for fate in moved),
        "clip_heard_ms": _worst(fate.clip_heard for fate in moved),
        "speaking": sum(fate.speaking for fate in moved),
        "continued_ms": _worst(fate.continued for fate in moved),
        "silence_s": _worst(fate.silence for fate in fates),
        "lost": sum(fate.lost for fate in fates),
        "twice": sum(fate.twice for fate in fates),
    }
    print(
        f"  {len(fates)} live calls on two workers, one killed with {len(moved)} of them, {figures['speaking']}"
        f" while their caller was speaking; {load()}\n"
        f"  went on to their last line: {figures['went_on']:.0f} (aim {len(fates)})\n"
        f"  hold clip on the carrier's socket after {figures['clip_sent_ms']:.0f} ms at most,"
        f" heard after {figures['clip_heard_ms']:.0f} ms (aim 300)\n"
        f"  the other worker's voice after {figures['continued_ms']:.0f} ms at most (aim 2000)\n"
        f"  longest silence at an ear {figures['silence_s']:.2f} s (aim 2)\n"
        f"  turns lost {figures['lost']:.0f} (aim 0), answered twice {figures['twice']:.0f} (aim 0)"
    )
    _tell_troubled(fates)
    return figures


def _worst(values: Any) -> float:
    known = [float("inf") if value is None else value for value in values]
    return max(known, default=float("nan"))


if __name__ == "__main__":
    run()
