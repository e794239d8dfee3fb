"""`make demo`: a private VoiceOps from nothing, one phone call through every plane of it, and what it measured.

Exits with 0 only when the caller's words arrived, the agent's came back and the call ended as it should.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voiceops.local.programs import free_ports
from voiceops.local.state import ROOT

SAYS = ("what are your opening hours", "thank you goodbye")
STARTS_WITHIN = 180.0
CALL_WITHIN = 120.0


class DemoFailed(Exception):
    pass


def main() -> int:
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="voiceops-demo-"))
    folder.chmod(0o711)
    try:
        with running(folder) as (env, started):
            print(f"VoiceOps runs after {started:.1f} s; making the demo agency")
            demo = json.loads(manage(env, "seed_demo", "--json"))
            number = demo["twilio"]["number"]
            print(f"Calling {number} at {demo['agency_url']}")
            report = json.loads(manage(env, "phone", "--carrier", "twilio", "--to", number, *_lines(), "--json"))
            for turn in report["transcript"]:
                print(f"  {'caller' if turn['role'] == 'user' else 'agent ':6}  {turn['text']}")
            judge(report)
    except DemoFailed as failure:
        print(f"demo: failed: {failure}")
        print(f"The logs are in {folder / 'logs'}.")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print("demo: ok")
    print(figures(report, started, time.monotonic() - began))
    return 0


def judge(report: dict[str, Any]) -> None:
    """Raises DemoFailed unless both sides came through and the call is over."""
    said = " ".join(turn["text"].lower() for turn in report["transcript"] if turn["role"] == "user")
    answered = [turn["text"] for turn in report["transcript"] if turn["role"] != "user"]
    if report["status"] != "ended":
        raise DemoFailed(f"the call is {report['status']}, not ended")
    if "hours" not in said:
        raise DemoFailed(f"the caller's words did not come through: heard {said!r}")
    if len(answered) < 2 or report["heard_seconds"] < 2:
        raise DemoFailed("the agent's words did not come through")
    if report["gap_ms"]["p50"] is None:
        raise DemoFailed("no answer of the agent could be measured")


def figures(report: dict[str, Any], started: float, took: float) -> str:
    gap = report["gap_ms"]
    return (
        f"turns {len(report['transcript'])}, agent heard for {report['heard_seconds']} s, "
        f"end of speech to answer p50 {gap['p50']} ms p95 {gap['p95']} ms, "
        f"ended by {report['ended_reason']}, start {started:.1f} s, all {took:.1f} s"
    )


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[dict[str, str], float]]:
    """`manage.py up` on a state folder and a port of its own. Gives the environment for commands, and its start time."""
    port = free_ports(1)[0]
    taken = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "MEDIA_WORKERS", "S3_BUCKET", "S3_ENDPOINT_URL")
    env = {name: value for name, value in os.environ.items() if name not in taken}
    env |= {
        "VOICEOPS_STATE": str(folder),
        "VOICEOPS_PORT": str(port),
        "VOICEOPS_HOST": "127.0.0.1",
        "PUBLIC_URL": f"http://localhost:{port}",
        "PYTHONUNBUFFERED": "1",
    }
    began = time.monotonic()
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield env, _until_ready(up, began)
    finally:
        up.terminate()
        try:
            up.wait(30)
        except subprocess.TimeoutExpired:
            up.kill()


def _until_ready(up: subprocess.Popen[str], began: float) -> float:
    """Seconds until it said that it is ready. Its later lines are read on, so that it never waits for us."""
    assert up.stdout is not None
    giving_up = threading.Timer(STARTS_WITHIN, up.terminate)
    giving_up.start()
    said = []
    for line in up.stdout:
        said.append(line.rstrip())
        if line.startswith("VoiceOps is ready"):
            giving_up.cancel()
            threading.Thread(target=_drain, args=(up.stdout,), daemon=True).start()
            return time.monotonic() - began
    giving_up.cancel()
    raise DemoFailed("VoiceOps did not start:\n" + "\n".join(said[-20:]))


def _drain(lines: Any) -> None:
    for line in lines:
        print(f"  up: {line.rstrip()}")


def manage(env: dict[str, str], *arguments: str) -> str:
    """What a management command printed. Raises DemoFailed with its complaint."""
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=CALL_WITHIN,
        )
    except subprocess.TimeoutExpired:
        raise DemoFailed(f"`{arguments[0]}` took more than {CALL_WITHIN:.0f} s") from None
    if done.returncode:
        complaint = done.stderr.strip().splitlines() or ["it said nothing"]
        first = next((line for line in complaint if line.startswith("CommandError")), complaint[-1])
        raise DemoFailed(f"`{arguments[0]}` failed: {first}")
    return done.stdout


def _lines() -> list[str]:
    return [part for line in SAYS for part in ("--say", line)]


if __name__ == "__main__":
    sys.exit(main())
