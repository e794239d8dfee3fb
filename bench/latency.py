"""The gap a caller hears, with vendors whose speed is set: STT 170 ms, first token 81 ms, first sample 84 ms.

That is a published self-hosted stack, and 335 ms in sum. Twenty calls through the whole product: carrier's socket, bridge
under Daphne, worker with smart-turn, models behind real sockets. Two kinds of ears:

streaming  (Deepgram's protocol) words come 170 ms after their sound, while the silence that ends a turn is waited for
segmented  (OpenAI's transcriptions) a stretch of speech is sent when it is over, and its text comes 170 ms later

gap     from the moment at which the VAD has heard the end of speech (its stop time and what its model takes on this very
        clip) to the first agent byte on the carrier's socket; so of segmented ears it holds the whole sum
heard   from the caller's last sound

Each with speculation off and on.
"""

from __future__ import annotations

import asyncio

from bench.meter import MeteredCaller, lines, percentile
from bench.models import fake_models
from bench.platform import call, vad_takes
from bench.processes import free_port, load, running
from bench.stack import Stack, point_number_at, stack
from calls.phone.http import Http

CALLS = 20
TURNS = 3
STT_MS, LLM_MS, TTS_MS = 170, 81, 84
SUM_MS = STT_MS + LLM_MS + TTS_MS
REPLY = "This is answer {count} and we are open from nine to six."


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
    print(f"  {calls} calls, {SUM_MS} ms of models; the VAD says “over” {silence:.0f} ms after the last sound")
    port = free_port()
    with (
        fake_models(STT_MS, LLM_MS, TTS_MS, reply=REPLY) as models,
        running("-m", "bench.ears", "--port", str(port), "--ms", str(STT_MS), port=port),
        stack() as product,
    ):
        kinds = {"streaming": f"http://127.0.0.1:{port}", "segmented": ""}
        for number, (kind, speculate) in enumerate((kind, on) for kind in kinds for on in (False, True)):
            point_number_at(models, product.number, smart_turn=True, speculate=speculate, ears=kinds[kind])
            callers = asyncio.run(_talk(product, calls, 100 * number))
            heard = [gap for caller in callers for gap in caller.figures.gaps]
            gaps = [gap - silence for gap in heard]
            unanswered = sum(caller.figures.unanswered for caller in callers)
            name = f"{kind} ears, speculation {'on' if speculate else 'off'}"
            figures |= {f"{name} p50": percentile(gaps, 50), f"{name} p95": percentile(gaps, 95)}
            print(
                f"  {name}: {len(gaps)} turns, {unanswered} unanswered: gap p50 {percentile(gaps, 50):.0f} ms"
                f" (aim {SUM_MS}), p95 {percentile(gaps, 95):.0f} ms (aim 395);"
                f" heard p50 {percentile(heard, 50):.0f} ms, p95 {percentile(heard, 95):.0f} ms; {load()}",
                flush=True,
            )
    return figures


if __name__ == "__main__":
    run()
