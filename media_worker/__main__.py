"""`python -m media_worker serve` runs a worker; `python -m media_worker call` runs one agent from a file.

Neither needs Django, a database or a settings file.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("PIPECAT_LOG_LLM_CONTEXT", "off")

import argparse
import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path

log = logging.getLogger("media_worker")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m media_worker", description=__doc__)
    parser.add_argument("--log-level", default=os.environ.get("LOG_LEVEL", "INFO"))
    parser.add_argument("--log-json", action="store_true", default=os.environ.get("LOG_FORMAT") == "json")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="take calls from the bridge; the key is MEDIA_WORKER_KEY")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=9100)
    serving.add_argument("--capacity", type=int, default=20)
    serving.add_argument("--drain-seconds", type=float, default=30.0)
    calling = commands.add_parser("call", help="run one call without a bridge")
    calling.add_argument("--spec", type=Path, required=True, help="a CallSpec as JSON")
    calling.add_argument("--wav", type=Path, action="append", default=[], help="what the caller says; may repeat")
    calling.add_argument("--save", type=Path, help="write what the caller hears to this WAV file")
    calling.add_argument("--seconds", type=float, default=120.0, help="hang up after this long")
    return parser


async def serve(options: argparse.Namespace) -> int:
    from media_worker.providers import builtin
    from media_worker.providers.builtin.children import stop_children
    from media_worker.server import Worker
    from media_worker.warmup import warm_up

    key = os.environ.get("MEDIA_WORKER_KEY", "")
    if not key:
        sys.stderr.write("Set MEDIA_WORKER_KEY to the key that the bridge sends.\n")
        return 2
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await asyncio.to_thread(warm_up)
    await builtin.warm()
    worker = Worker(key, options.host, options.port, options.capacity, options.drain_seconds)
    try:
        await worker.start()
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.\n")
        return 1
    gc.collect()
    gc.freeze()
    await stopping.wait()
    await worker.stop()
    await stop_children()
    return 0


async def call(options: argparse.Namespace) -> int:
    from media_worker.solo import converse

    return await converse(options.spec, options.wav, options.save, options.seconds)


def main() -> int:
    import uvloop

    from media_worker.observe import logs

    options = arguments().parse_args()
    logs.configure(options.log_level.upper(), options.log_json)
    work = serve(options) if options.command == "serve" else call(options)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


if __name__ == "__main__":
    sys.exit(main())
