"""Does a media worker grow with the calls it has had? Four hundred whole calls in a row, twenty at a time.

Each is greeted, says one line, is answered and hangs up. The worker's resident memory after the first sixty (by then all
that is loaded once is loaded) is compared with that after the last.
"""

from __future__ import annotations

import asyncio
import os
import secrets

from bench.meter import MeteredCaller, lines
from bench.models import CLIENT_CORE, SERVER_CORE, agent, fake_models
from bench.processes import free_port, load, resident_mb, running
from bench.wire_phone import WirePhone

CALLS = 400
AT_ONCE = 20
WARM = 60
LASTS = 5.0
REPLY = "Number {count}."


async def _calls(count: int, port: int, key: str, models: str) -> int:
    """How many of them were answered."""
    spec = agent(models, smart_turn=True, greeting="Hello.")
    answered = 0

    async def one(number: int) -> None:
        nonlocal answered
        caller = MeteredCaller(lines(8000, 1), 8000, patience=0.2, linger=600)
        await asyncio.sleep(0.03 * number)
        await WirePhone(f"127.0.0.1:{port}", key, spec, caller).run(LASTS)
        answered += bool(caller.figures.gaps)

    for begun in range(0, count, AT_ONCE):
        await asyncio.gather(*(one(number) for number in range(min(AT_ONCE, count - begun))))
    return answered


def run(calls: int = CALLS) -> dict[str, float]:
    os.sched_setaffinity(0, {CLIENT_CORE})
    port, key = free_port(), secrets.token_hex(16)
    env = {"MEDIA_WORKER_KEY": key, "OMP_NUM_THREADS": "1"}
    arguments = ("-m", "media_worker", "serve", "--port", str(port), "--capacity", str(AT_ONCE + 1))
    with fake_models(reply=REPLY) as models, running(*arguments, port=port, core=SERVER_CORE, env=env) as pid:
        warmed = asyncio.run(_calls(WARM, port, key, models))
        before = resident_mb(pid)
        answered = asyncio.run(_calls(calls - WARM, port, key, models))
        after = resident_mb(pid)
    print(
        f"  {calls} calls in a row, {warmed + answered} of them answered: {before:.0f} MB after {WARM},"
        f" {after:.0f} MB at the end, {after - before:+.1f} MB (aim flat); {load()}"
    )
    return {"before_mb": before, "after_mb": after, "answered": warmed + answered}


if __name__ == "__main__":
    run()
