"""What the bridge costs a call, and by how much it delays audio: under Daphne, and under uvicorn beside it.

N calls in Twilio's protocol, each 50 frames a second up and, half of the time, the agent's audio down, with decoding,
recording, events and snapshots on, as in a real call. The server is alone on one core; phones, a worker without a
pipeline (`bench/wire_worker.py`), PostgreSQL and Redis are on the other. Every frame carries the moment it was made.

cpu    the server process's user and system time in the steady window, by calls
delay  a frame's way from the phone to the worker, and from the worker to the phone. Beside it the same phones on the
       same worker with no bridge between: what is more than that, the bridge adds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop
import websockets

from bench.meter import percentile
from bench.models import CLIENT_CORE, SERVER_CORE
from bench.processes import cpu_seconds, free_port, load, resident_mb, running
from bench.stack import Stack, stack
from bench.wire_worker import WireWorker, delays, stamped
from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.place import place
from calls.phone.twilio import Line, TwilioPhone
from calls.phone.twiml import verbs
from media_worker.contract import wire

CALLS = 50
RAMP = 6.0
SETTLE = 3.0
SECONDS = 20.0
SERVERS = {
    "daphne": (
        "-m",
        "voiceops.serve",
        "-b",
        "127.0.0.1",
        "--verbosity",
        "0",
        "-p",
        "{port}",
        "voiceops.asgi:application",
    ),
    "uvicorn": ("-m", "uvicorn", "--log-level", "warning", "--port", "{port}", "voiceops.asgi:application"),
}


@dataclass(frozen=True)
class Result:
    cpu: float
    """Percent of a core for one call."""
    up: list[float]
    down: list[float]
    resident: float = 0.0

    def __str__(self) -> str:
        both = [*self.up, *self.down]
        return (
            f"to the worker p50 {percentile(self.up, 50):.2f} p99 {percentile(self.up, 99):.2f} ms,"
            f" to the phone p50 {percentile(self.down, 50):.2f} p99 {percentile(self.down, 99):.2f} ms,"
            f" both p99 {percentile(both, 99):.2f} ms"
        )


class Measure:
    measuring = False

    def __init__(self) -> None:
        self.down: list[float] = []


class Phone:
    """Twilio's stream as light as it can be: what it costs would be taken for delay."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    async def through(self, product: Stack, base_url: str, http: Http, number: int, seconds: float) -> None:
        line = Line(base_url, product.account_sid, product.auth_token, f"+1415556{number:04}", product.number)
        phone = TwilioPhone(line, Caller([], 8000), http)
        answer = await phone.post(f"{base_url}/telephony/twilio/voice", line.fields("ringing"))
        url = next(verb.attributes["url"] for verb in verbs(answer) if verb.name == "Stream")
        where = place(url)
        headers = {"x-twilio-signature": phone._signer.compute_signature(url, {})}
        async with websockets.connect(
            url, host=where.host, port=where.port, additional_headers=headers, proxy=None, compression=None
        ) as socket:
            sid = f"MZ{secrets.token_hex(16)}"
            await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
            layout = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
            start = {"callSid": line.call_sid, "accountSid": line.account_sid, "mediaFormat": layout}
            await socket.send(json.dumps({"event": "start", "start": start, "streamSid": sid, "sequenceNumber": "1"}))
            listening = asyncio.create_task(self._listen(socket, sid))
            await self._talk(socket, seconds, lambda frame, tick: _media(sid, frame, tick))
            await socket.send(json.dumps({"event": "stop", "streamSid": sid, "sequenceNumber": "9"}))
            await asyncio.wait([listening], timeout=5)
            listening.cancel()
        await phone.status(f"{base_url}/telephony/twilio/status", "completed", 3, CallDuration="1")

    async def straight(self, worker: str, key: str, seconds: float) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        async with websockets.connect(
            f"ws://{worker}{wire.PATH}", additional_headers=headers, proxy=None, compression=None
        ) as socket:
            await socket.send('{"type":"start"}')
            listening = asyncio.create_task(self._listen(socket, ""))
            await self._talk(socket, seconds, lambda frame, tick: b"\x00" + frame)
            listening.cancel()

    async def _talk(self, socket: websockets.ClientConnection, seconds: float, message: Any) -> None:
        began = time.monotonic()
        for tick in range(int(seconds / 0.02)):
            await socket.send(message(stamped(), tick))
            await asyncio.sleep(max(0.0, began + (tick + 1) * 0.02 - time.monotonic()))

    async def _listen(self, socket: websockets.ClientConnection, sid: str) -> None:
        async for message in socket:
            if isinstance(message, bytes):
                audio = message[1:]
            elif '"mark"' in message:
                await socket.send(json.dumps({**json.loads(message), "sequenceNumber": "2"}))
                continue
            elif '"payload"' in message:
                audio = base64.b64decode(message[message.index('"payload":"') + 11 : -3])
            else:
                continue
            if self._measure.measuring:
                self._measure.down += delays(audio)[:1]


def _media(sid: str, frame: bytes, tick: int) -> str:
    payload = base64.b64encode(frame).decode()
    return (
        f'{{"event":"media","sequenceNumber":"{tick + 2}","media":{{"track":"inbound","chunk":"{tick + 1}",'
        f'"timestamp":"{tick * 20}","payload":"{payload}"}},"streamSid":"{sid}"}}'
    )


@contextmanager
def serving(server: str, worker: int, key: str) -> Iterator[tuple[int, int]]:
    """The server alone on its core. Its port and process id."""
    port = free_port()
    arguments = [part.format(port=port) for part in SERVERS[server]]
    env = {
        "MEDIA_WORKERS": f"127.0.0.1:{worker}",
        "MEDIA_WORKER_KEY": key,
        "PUBLIC_URL": f"http://localhost:{port}",
        "DATABASE_POOL": "16",
    }
    with running(*arguments, port=port, core=SERVER_CORE, env=env) as pid:
        yield port, pid


async def measured(calls: int, worker: WireWorker, pid: int | None, call: Any) -> Result:
    """`call(phone, number, seconds)` is one of them."""
    measure = Measure()
    worker.late.clear()
    lasting = RAMP + SETTLE + SECONDS + 1

    async def one(number: int) -> None:
        await asyncio.sleep(RAMP * number / calls)
        await call(Phone(measure), number, lasting - RAMP * number / calls)

    running_calls = [asyncio.create_task(one(number)) for number in range(calls)]
    await asyncio.sleep(RAMP + SETTLE)
    failed = [task for task in running_calls if task.done()]
    if failed or worker.calls < calls:
        await asyncio.gather(*failed)
        raise RuntimeError(f"Only {worker.calls} of {calls} calls are live.")
    measure.measuring = worker.measuring = True
    before, began = cpu_seconds(pid) if pid else 0.0, time.monotonic()
    await asyncio.sleep(SECONDS)
    cpu = (cpu_seconds(pid) - before) / (time.monotonic() - began) / calls * 100 if pid else 0.0
    measure.measuring = worker.measuring = False
    resident = resident_mb(pid) if pid else 0.0
    await asyncio.gather(*running_calls)
    return Result(cpu, list(worker.late), measure.down, resident)


async def _run(product: Stack, calls: int, servers: tuple[str, ...]) -> dict[str, float]:
    logging.getLogger("websockets").setLevel(logging.WARNING)
    key, port = secrets.token_hex(16), free_port()
    worker = WireWorker(port, key)
    await worker.start()
    figures: dict[str, float] = {}
    try:

        async def straight(phone: Phone, number: int, seconds: float) -> None:
            await phone.straight(f"127.0.0.1:{port}", key, seconds)

        bare = await measured(calls, worker, None, straight)
        print(f"  {calls} calls with no bridge between: {bare}", flush=True)
        floor = percentile([*bare.up, *bare.down], 99)
        for server in servers:
            with serving(server, port, key) as (web, pid):
                async with Http() as http:

                    async def bridged(phone: Phone, number: int, seconds: float) -> None:
                        await phone.through(product, f"http://demo.localhost:{web}", http, number, seconds)

                    result = await measured(calls, worker, pid, bridged)
            added = percentile([*result.up, *result.down], 99) - floor
            figures |= {f"{server}_cpu_percent": result.cpu, f"{server}_added_p99_ms": added}
            print(
                f"  {server:8} {calls} calls: {result.cpu:.2f} % of a core for each (aim 0.8),"
                f" added delay p99 {added:.1f} ms (aim 5), {result.resident:.0f} MB; {load()}\n"
                f"           {result}",
                flush=True,
            )
    finally:
        await worker.stop()
    return figures


def run(calls: int = CALLS, servers: tuple[str, ...] = tuple(SERVERS)) -> dict[str, float]:
    os.sched_setaffinity(0, {CLIENT_CORE})
    with stack(core=CLIENT_CORE) as product:
        return uvloop.run(_run(product, calls, servers))


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
