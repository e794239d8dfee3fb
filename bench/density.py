"""How many live calls one core carries: a media worker, and a plain pipecat bot, with the same models and callers.

Server on one core, callers and models on the other. Voice activity and turn detection (smart-turn) are on for both. Each
step starts its server afresh, holds one call to warm it, then N calls; only the steady window after the last of them has
settled is measured. The answer is the largest N at which the 99th percentile of frame lateness (`bench/meter.py`) is at
most 20 ms and every caller is answered. Memory: resident beyond the first call, by calls.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.meter import MeteredCaller, lines, percentile
from bench.models import CLIENT_CORE, SERVER_CORE, agent, fake_models
from bench.processes import cpu_seconds, free_port, load, resident_mb, running
from bench.wire_phone import WirePhone
from calls.phone.http import Http
from calls.phone.twilio import Line, TwilioPhone

RAMP = 5.0
SETTLE = 4.0
SECONDS = 16.0
WARM = 7.0
LATENESS_MS = 20.0
OUR_STEPS = (20, 40, 50, 60, 70, 80)
THEIR_STEPS = (5, 10, 15, 20, 25, 30)
RATE = 8000


@dataclass(frozen=True)
class Step:
    calls: int
    late_p99: float
    gap_p50: float
    gap_p95: float
    turns: int
    unanswered: int
    cpu: float
    resident: float
    per_call: float

    @property
    def holds(self) -> bool:
        return self.late_p99 <= LATENESS_MS and self.turns >= self.calls and self.unanswered == 0

    def __str__(self) -> str:
        return (
            f"{self.calls:4} calls  late p99 {self.late_p99:7.1f} ms  gap p50 {self.gap_p50:6.0f} p95 {self.gap_p95:6.0f} ms"
            f"  {self.turns} turns  {self.unanswered} unanswered  cpu {self.cpu:4.0%}  {self.resident:5.0f} MB,"
            f" {self.per_call:.1f} MB a call;  {load()}"
        )


Call = Callable[[MeteredCaller, float], Awaitable[None]]


async def hold(calls: int, call: Call, pid: int) -> Step:
    """One call to warm the server, then N that talk until the window is over."""
    warming = asyncio.create_task(call(_caller(), WARM))
    await asyncio.sleep(WARM - 1.0)
    first = resident_mb(pid)
    await warming
    callers = [_caller() for _ in range(calls)]
    lasting = RAMP + SETTLE + SECONDS

    async def one(index: int, caller: MeteredCaller) -> None:
        await asyncio.sleep(RAMP * index / calls)
        await call(caller, lasting - RAMP * index / calls)

    running_calls = [asyncio.create_task(one(i, c)) for i, c in enumerate(callers)]
    await asyncio.sleep(RAMP + SETTLE)
    since, before = time.monotonic(), cpu_seconds(pid)
    await asyncio.sleep(SECONDS - 0.5)
    until, cpu = time.monotonic(), cpu_seconds(pid) - before
    resident = resident_mb(pid)
    results = await asyncio.gather(*running_calls, return_exceptions=True)
    failed = sum(isinstance(result, BaseException) for result in results)
    gaps = [
        gap for one in callers for at, gap in zip(one.answered, one.figures.gaps, strict=True) if since <= at <= until
    ]
    late = [ms for one in callers for at, ms in one.lateness if since <= at <= until]
    return Step(
        calls, percentile(late, 99), percentile(gaps, 50), percentile(gaps, 95), len(gaps),
        failed + sum(one.figures.unanswered for one in callers), cpu / (until - since), resident,
        (resident - first) / max(1, calls - 1),
    )  # fmt: skip


def _caller() -> MeteredCaller:
    return MeteredCaller(lines(RATE, 50), RATE, linger=600)


async def worker_step(calls: int, models: str) -> Step:
    port, key = free_port(), secrets.token_hex(16)
    env = {"MEDIA_WORKER_KEY": key, "OMP_NUM_THREADS": "1"}
    arguments = ("-m", "media_worker", "serve", "--port", str(port), "--capacity", str(calls + 1))
    with running(*arguments, port=port, core=SERVER_CORE, env=env) as pid:

        async def call(caller: MeteredCaller, seconds: float) -> None:
            await WirePhone(f"127.0.0.1:{port}", key, agent(models, smart_turn=True), caller).run(seconds)

        return await hold(calls, call, pid)


async def pipecat_step(calls: int, models: str) -> Step:
    port = free_port()
    arguments = ("-m", "bench.peers.pipecat_bot", "--port", str(port), "--models", models)
    with running(*arguments, port=port, core=SERVER_CORE) as pid:
        async with Http() as http:

            async def call(caller: MeteredCaller, seconds: float) -> None:
                line = Line("", "AC0", "token", "+14155550100", "+14155550199")
                caller.hangup_after = seconds
                await TwilioPhone(line, caller, http).stream(f"ws://127.0.0.1:{port}/media")

            return await hold(calls, call, pid)


async def climb(
    step: Callable[[int, str], Awaitable[Step]], models: str, sizes: tuple[int, ...]
) -> tuple[int, list[Step]]:
    steps, best = [], 0
    for calls in sizes:
        steps.append(await step(calls, models))
        print(f"    {steps[-1]}", flush=True)
        if not steps[-1].holds:
            break
        best = calls
    return best, steps


def run(ours: tuple[int, ...] = OUR_STEPS, theirs: tuple[int, ...] = THEIR_STEPS) -> dict[str, float]:
    os.sched_setaffinity(0, {CLIENT_CORE})
    with fake_models() as models:
        print("  VoiceOps media worker, one core:")
        most, steps = asyncio.run(climb(worker_step, models, ours))
        print("  Plain pipecat 1.14 bot, one core, its defaults:")
        peer, _ = asyncio.run(climb(pipecat_step, models, theirs))
    memory = max(step.per_call for step in steps)
    times = most / peer if peer else float("inf")
    print(
        f"  live calls per core with p99 lateness <= {LATENESS_MS:.0f} ms: VoiceOps {most} (aim 40), pipecat {peer},"
        f" {times:.1f} times as many (aim 3)\n"
        f"  memory for each call beyond the first: {memory:.1f} MB (aim 2)"
    )
    return {"voiceops": most, "pipecat": peer, "mb_per_call": memory}


if __name__ == "__main__":
    run()
