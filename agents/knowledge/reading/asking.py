"""Starts the process that reads a file, and ends it when it takes too long or says too much."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from agents.knowledge.reading.blocks import Block, Kind, Reading, Unreadable

WALL_SECONDS = 90.0
MOST_ANSWER = 64 * 1024 * 1024
ROOT = Path(__file__).resolve().parents[3]
SLOW = "It takes too long to be read. Split it into smaller files."
HOSTILE = "It cannot be read: it broke the program that reads such files."


def read_file(data: bytes, kind: Kind, address: str = "", seconds: float = WALL_SECONDS) -> Reading:
    """Raises Unreadable with a sentence, whatever the file does to its reader."""
    code, answer = _asked(data, [kind, address], seconds)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Unreadable(SLOW)
    if code != 0 or len(answer) > MOST_ANSWER:
        raise Unreadable(HOSTILE)
    try:
        told: dict[str, Any] = json.loads(answer)
    except ValueError:
        raise Unreadable(HOSTILE) from None
    if error := told.get("error"):
        raise Unreadable(str(error))
    blocks = [Block(**block) for block in told["blocks"]]
    return Reading(told["title"], told["pages"], blocks, told["links"], sum(len(block.text) for block in blocks))


def _asked(data: bytes, arguments: list[str], seconds: float) -> tuple[int, bytes]:
    """The child's exit code and what it said. It gets the file and nothing of ours: no keys, no addresses of stores."""
    with tempfile.TemporaryFile(prefix="reading-") as file:
        file.write(data)
        file.seek(0)
        with subprocess.Popen(  # noqa: S603 - our own module; what people brought comes by its input
            _command(arguments),
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        ) as child:
            late = threading.Timer(seconds, child.kill)
            late.start()
            try:
                assert child.stdout is not None
                answer = child.stdout.read(MOST_ANSWER + 1)
                if len(answer) > MOST_ANSWER:
                    child.kill()
                return child.wait(), answer
            finally:
                late.cancel()
                if child.poll() is None:
                    child.kill()


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "agents.knowledge.reading", *arguments]
