"""The gap a caller hears, with vendors whose speed is set: STT 170 ms, first token 81 ms, first sample 84 ms.

That is a published self-hosted stack, and 335 ms in sum. Twenty calls through the whole product: carrier's socket, bridge
under Daphne, worker, models behind real sockets.

gap     from the moment at which the turn is over (the caller's last sound, then the silence that ends a turn: the VAD's
        stop time and what its model takes to hear the end of this very clip) to the first agent byte on the carrier's
        socket
heard   from the caller's last sound; the silence that ends a turn is in it

Both with speculation off and on. With it on, the ears and the mind work while the silence is still being waited for.
"""

from __future__ import annotations

import asyncio

from bench.meter import MeteredCaller, lines, percentile
from bench.models import fake_models
from bench.platform import call, vad_takes
from bench.processes import load
from bench.stack import Stack, point_number_at, stack
from calls.phone.http import Http

CALLS = 20
TURNS = 4
STT_MS, LLM_MS, TTS_MS = 170, 81, 84
SUM_MS = STT_MS + LLM_MS + TTS_MS
REPLY = "We are open from nine to six."


async def _talk(product: Stack, calls: int, first_number: int) -> list[MeteredCaller]:
    callers = [MeteredCaller(lines(8000, TURNS), 8000, linger=1.0, patience=0.6) for _ in range(calls)]
    async with Http() as http:

        async def one(index: int, caller: MeteredCaller) -> None:
            await asyncio.sleep(0.31 * index)
            await call(product, http, caller, first_number + index)

        await asyncio.gather(*(one(i, caller) for i, caller in enumerate(callers)))
    return callers


def run(calls: int = CALLS) -> dict[str, float]:
    figures: dict[str, float] = {}
    silence = vad_takes()
    print(f"  {calls} calls, {SUM_MS} ms of models; a turn is over {silence:.0f} ms after the last sound; {load()}")
    with fake_models(STT_MS, LLM_MS, TTS_MS, reply=REPLY) as models, stack() as product:
        for number, speculate in enumerate((False, True)):
            point_number_at(models, product.number, speculate=speculate)
            callers = asyncio.run(_talk(product, calls, 100 * number))
            heard = [gap for caller in callers for gap in caller.figures.gaps]
            gaps = [gap - silence for gap in heard]
            unanswered = sum(caller.figures.unanswered for caller in callers)
            name = "on" if speculate else "off"
            figures |= {f"gap_{name}_p50_ms": percentile(gaps, 50), f"gap_{name}_p95_ms": percentile(gaps, 95)}
            print(
                f"  speculation {name:3}: {len(gaps)} turns, {unanswered} unanswered: gap p50 {percentile(gaps, 50):.0f} ms"
                f" (aim {SUM_MS}), p95 {percentile(gaps, 95):.0f} ms (aim 395);"
                f" heard p50 {percentile(heard, 50):.0f} ms, p95 {percentile(heard, 95):.0f} ms; {load()}",
                flush=True,
            )
    return figures


if __name__ == "__main__":
    run()
