"""What the platform adds to a call, measured at the carrier's socket, with models that take a known time.

Gap: end of the caller's speech on the wire (the last 20 ms above -36 dBFS) to the first agent byte on the carrier's
socket, minus the models' own time and the VAD's stop time. The voice activity model is a model too: it goes on hearing
a voice for a while after the last loud sound. What it takes on this very clip, run alone, is printed, and the gap
without it. Barge-in: the caller's speech on the wire to `clear` on the carrier's socket, minus the VAD's
start time. Webhook: the time in which the answer webhook is answered, at twenty a second.
"""

from __future__ import annotations

import asyncio
import time

from bench.meter import MeteredCaller, lines, percentile
from bench.models import fake_models
from bench.stack import Stack, point_number_at, stack
from calls.phone.http import Http
from calls.phone.twilio import Line, TwilioPhone
from media_worker.contract.spec import TurnTaking
from media_worker.pipeline.vad import Vad

CALLS = 10
VAD_START_MS = VAD_STOP_MS = 200.0
WEBHOOKS_PER_SECOND = 20
WEBHOOK_SECONDS = 10


async def call(product: Stack, http: Http, caller: MeteredCaller, number: int) -> None:
    line = Line(product.base_url, product.account_sid, product.auth_token, f"+1415555{number:04}", product.number)
    await TwilioPhone(line, caller, http).run(
        f"{product.base_url}/telephony/twilio/voice", f"{product.base_url}/telephony/twilio/status"
    )


async def talk(product: Stack, turns: int, barge_in_at: float | None) -> list[MeteredCaller]:
    callers = [
        MeteredCaller(lines(8000, turns), 8000, barge_in_at=barge_in_at, linger=1.5, patience=0.6) for _ in range(CALLS)
    ]
    async with Http() as http:

        async def one(index: int, caller: MeteredCaller) -> None:
            await asyncio.sleep(0.3 * index)
            await call(product, http, caller, index)

        await asyncio.gather(*(one(i, c) for i, c in enumerate(callers)))
    return callers


def vad_takes() -> float:
    """Milliseconds from the end of speech in the clip to the VAD's word that it is over, on the clip's own clock."""
    (line,) = lines(8000, 1)
    vad = Vad(TurnTaking(), 8000)
    for number, frame in enumerate([*line.frames, *[line.frames[-1] * 0] * 50], start=1):
        if "stopped" in vad.hear(frame.tobytes()) and number > line.speech_ends:
            return float(number - line.speech_ends) * 20
    raise RuntimeError("The VAD never heard the clip end.")


async def webhooks(product: Stack) -> list[float]:
    """Milliseconds of each answer. Every request is a new call, as from the carrier, and is then called off."""
    times: list[float] = []
    async with Http() as http:

        async def one(index: int) -> None:
            line = Line(product.base_url, product.account_sid, product.auth_token, "+14155550177", product.number)
            phone = TwilioPhone(line, MeteredCaller([], 8000), http)
            await asyncio.sleep(index / WEBHOOKS_PER_SECOND)
            began = time.perf_counter()
            await phone.post(f"{product.base_url}/telephony/twilio/voice", line.fields("ringing"))
            times.append((time.perf_counter() - began) * 1000)
            await phone.status(f"{product.base_url}/telephony/twilio/status", "completed", 1, CallDuration="0")

        await asyncio.gather(*(one(i) for i in range(WEBHOOKS_PER_SECOND * WEBHOOK_SECONDS)))
    return times


def run() -> dict[str, float]:
    with fake_models() as models, stack() as product:
        point_number_at(models, product.number)
        turned = asyncio.run(talk(product, turns=3, barge_in_at=None))
        gaps = [gap - VAD_STOP_MS for caller in turned for gap in caller.figures.gaps]
        unanswered = sum(caller.figures.unanswered for caller in turned)
        barged = asyncio.run(talk(product, turns=2, barge_in_at=1.0))
        reactions = [ms - VAD_START_MS for caller in barged for ms in caller.figures.barge_in]
        answers = asyncio.run(webhooks(product))
    heard_late = vad_takes() - VAD_STOP_MS
    figures = {
        "gap_p50_ms": percentile(gaps, 50),
        "gap_p95_ms": percentile(gaps, 95),
        "gap_without_vad_p50_ms": percentile(gaps, 50) - heard_late,
        "gap_without_vad_p95_ms": percentile(gaps, 95) - heard_late,
        "barge_in_p50_ms": percentile(reactions, 50),
        "barge_in_p95_ms": percentile(reactions, 95),
        "webhook_p50_ms": percentile(answers, 50),
        "webhook_p99_ms": percentile(answers, 99),
    }
    print(
        f"  platform-added gap, {CALLS} calls, {len(gaps)} turns, {unanswered} unanswered:"
        f" p50 {figures['gap_p50_ms']:.0f} ms, p95 {figures['gap_p95_ms']:.0f} ms (aim 120)\n"
        f"    of which the VAD's model hears the end {heard_late:.0f} ms late; without that"
        f" p50 {figures['gap_without_vad_p50_ms']:.0f} ms, p95 {figures['gap_without_vad_p95_ms']:.0f} ms\n"
        f"  barge-in to clear, {len(reactions)} times: p50 {figures['barge_in_p50_ms']:.0f} ms,"
        f" p95 {figures['barge_in_p95_ms']:.0f} ms (aim 150)\n"
        f"  answer webhook at {WEBHOOKS_PER_SECOND}/s: p50 {figures['webhook_p50_ms']:.0f} ms,"
        f" p99 {figures['webhook_p99_ms']:.0f} ms (aim 300)"
    )
    return figures


if __name__ == "__main__":
    run()
