"""How many live calls one core carries: a media worker, and a plain pipecat bot, with the same models and callers.

Server on one core, callers and models on the other. A step holds N calls for some seconds; the answer is the largest N
at which the 99th percentile of frame lateness is at most 20 ms and callers are answered. Both lines are printed.
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
from bench.processes import cpu_seconds, free_port, resident_mb, running
from bench.wire_phone import WirePhone
from calls.phone.http import Http
from calls.phone.twilio import Line, TwilioPhone

SECONDS = 20.0
LATENESS_MS = 20.0
STEPS = (5, 10, 15, 20, 25, 30, 40, 50)
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

    @property
    def holds(self) -> bool:
        return self.late_p99 <= LATENESS_MS and self.turns >= self.calls and self.unanswered == 0

    def __str__(self) -> str:
        return (
            f"{self.calls:4} calls  late p99 {self.late_p99:7.1f} ms  gap p50 {self.gap_p50:6.0f} p95 {self.gap_p95:6.0f} ms"
            f"  {self.turns} turns  {self.unanswered} unanswered  cpu {self.cpu:4.0%}  {self.resident:5.0f} MB"
        )


Call = Callable[[MeteredCaller, float], Awaitable[None]]


async def hold(calls: int, call: Call, pid: int) -> Step:
    """N calls that begin within two seconds and talk until the time is over."""
    callers = [MeteredCaller(lines(RATE, 50), RATE, linger=600) for _ in range(calls)]
    began, before = time.monotonic(), cpu_seconds(pid)

    async def one(index: int, caller: MeteredCaller) -> None:
        await asyncio.sleep(2.0 * index / calls)
        await call(caller, SECONDS)

    results = await asyncio.gather(*(one(i, c) for i, c in enumerate(callers)), return_exceptions=True)
    cpu = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    failed = sum(isinstance(result, BaseException) for result in results)
    gaps = [gap for caller in callers for gap in caller.figures.gaps]
    late = [value for caller in callers for value in caller.lateness]
    return Step(
        calls, percentile(late, 99), percentile(gaps, 50), percentile(gaps, 95), len(gaps),
        failed + sum(c.figures.unanswered for c in callers), cpu, resident_mb(pid),
    )  # fmt: skip


async def worker_step(calls: int, models: str) -> Step:
    port, key = free_port(), secrets.token_hex(16)
    env = {"MEDIA_WORKER_KEY": key, "OMP_NUM_THREADS": "1"}
    arguments = ("-m", "media_worker", "serve", "--port", str(port), "--capacity", str(calls + 1))
    with running(*arguments, port=port, core=SERVER_CORE, env=env) as pid:

        async def call(caller: MeteredCaller, seconds: float) -> None:
            await WirePhone(f"127.0.0.1:{port}", key, agent(models), caller).run(seconds)

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


async def climb(step: Callable[[int, str], Awaitable[Step]], models: str, most: int) -> tuple[int, list[Step]]:
    steps, best = [], 0
    for calls in STEPS:
        if calls > most:
            break
        steps.append(await step(calls, models))
        print(f"    {steps[-1]}", flush=True)
        if not steps[-1].holds:
            break
        best = calls
    return best, steps


def run(most: int = STEPS[-1]) -> dict[str, int]:
    os.sched_setaffinity(0, {CLIENT_CORE})
    with fake_models() as models:
        print("  VoiceOps media worker, one core:")
        ours, _ = asyncio.run(climb(worker_step, models, most))
        print("  Plain pipecat 1.14 bot, one core, its defaults:")
        theirs, _ = asyncio.run(climb(pipecat_step, models, most))
    print(f"  live calls per core with p99 lateness <= {LATENESS_MS:.0f} ms: VoiceOps {ours}, pipecat {theirs}")
    return {"voiceops": ours, "pipecat": theirs}


if __name__ == "__main__":
    run()
