"""The worker as a process: `python -m media_worker`, without Django, a database or a settings file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from media_worker.contract import events as told
from media_worker.solo import Caller
from tests.media_worker.conftest import CLIPS, GREETING, HOURS, KEY, clip, spec

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parent.parent.parent


async def program(*arguments: str, key: str = KEY) -> Process:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    return await create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "media_worker", *arguments,
        stdout=PIPE, stderr=PIPE, cwd=ROOT, env=env | {"MEDIA_WORKER_KEY": key},
    )  # fmt: skip


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[tuple[Process, int]]:
    """A worker process that listens, and its port."""
    process = await program("--log-json", "serve", "--port", "0", *arguments)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while True:
                message = json.loads(await process.stderr.readline())["message"]
                if message.startswith("Media worker listens on"):
                    break
        yield process, int(message.split(":")[1].split()[0])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_call_with_the_built_in_voices_survives_the_order_to_stop():
    async with serving("--capacity", "2", "--drain-seconds", "20") as (process, port):
        caller = Caller(spec())
        await caller.connect("127.0.0.1", port, KEY)
        try:
            assert (await caller.until_heard(0, 30)).text == GREETING
            caller.say(clip("what_are_your_opening_hours"))
            await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1], 30)
            process.send_signal(signal.SIGTERM)
            assert (await caller.until_heard(1, 30)).text == HOURS
            await asyncio.wait_for(caller.over.wait(), 10)
        finally:
            await caller.close()
        assert caller.finished is not None
        assert caller.finished.reason == "drained"
        assert caller.of(told.UserTurn)[0].text == "what are your opening hours"
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_an_idle_worker_stops_at_once():
    async with serving() as (process, _):
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_a_worker_without_a_key_says_what_to_do():
    process = await program("serve", "--port", "0", key="")
    _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert b"MEDIA_WORKER_KEY" in complaint


async def test_a_port_in_use_is_one_clear_sentence():
    async with serving() as (_, port):
        process = await program("serve", "--port", str(port))
        _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert complaint.decode().strip().splitlines()[-1].startswith(f"Cannot listen on 127.0.0.1:{port}")


async def test_an_agent_runs_from_a_file(tmp_path):
    agent = tmp_path / "agent.json"
    agent.write_text(spec().model_dump_json())
    heard = tmp_path / "heard.wav"
    wavs = [str(CLIPS / f"{name}.wav") for name in ("what_are_your_opening_hours", "goodbye")]
    process = await program("call", "--spec", str(agent), "--wav", wavs[0], "--wav", wavs[1], "--save", str(heard))
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    said = [line.strip() for line in out.decode().splitlines()]
    assert f"agent: {GREETING}" in said
    assert f"agent: {HOURS}" in said
    assert said[-1] == "ended: agent_hangup answered"
    assert heard.stat().st_size > 8000 * 2 * 5
