"""Programs are kept running, told to stop in order, and never outlive their supervisor."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from voiceops.lib.errors import StoreError
from voiceops.local.process import Program
from voiceops.local.supervisor import Supervisor

pytestmark = pytest.mark.unit


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Program]:
    def made(name: str, code: str, **options: object) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, "-u", "-c", code],
            log=tmp_path / f"{name}.log",
            env=dict(os.environ),
            **options,  # type: ignore[arg-type]
        )

    return made


SLEEPS = "import time; print('up'); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"


def later(seconds: float, do: Callable[[], object]) -> None:
    threading.Timer(seconds, do).start()


def ask_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def has_said(program: Program, words: str, times: int = 1) -> bool:
    return program.log.exists() and program.log.read_text().count(words) >= times


def test_a_program_that_dies_is_started_again(script: Callable[..., Program]) -> None:
    said: list[str] = []
    program = script("flaky", "print('up')")
    with Supervisor(said.append) as supervisor:
        supervisor.start(program)

        def stop_when_seen() -> None:
            deadline = time.monotonic() + 20
            while not has_said(program, "up", 3) and time.monotonic() < deadline:
                time.sleep(0.02)
            ask_to_stop()

        threading.Thread(target=stop_when_seen).start()
        supervisor.run()
    assert has_said(program, "up", 3)
    assert "flaky ended with status 0; starting it again in 0.3 s" in said[0]
    assert "in 0.6 s" in said[1]


def test_one_that_cannot_start_is_explained_with_its_last_lines(script: Callable[..., Program]) -> None:
    program = script(
        "broken",
        "raise SystemExit('the licence is missing')",
        ready=lambda: False,
        explain=lambda tail: "Buy a licence." if "licence" in tail else "",
    )
    with pytest.raises(StoreError) as refused, Supervisor(print) as supervisor:
        supervisor.start(program)
    assert "the licence is missing" in refused.value.sentence
    assert "Buy a licence." in refused.value.sentence


def test_one_that_never_gets_ready_is_given_up(script: Callable[..., Program]) -> None:
    program = script("slow", SLEEPS, ready=lambda: False, ready_seconds=0.5)
    with pytest.raises(StoreError, match="not ready after"), Supervisor(print) as supervisor:
        supervisor.start(program)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = Program("ghost", ["/no/such/program"], tmp_path / "ghost.log", env={"A": "b"})
    with (
        pytest.raises(StoreError, match=r"ghost cannot be started: No such file.*/no/such/program"),
        Supervisor(print) as supervisor,
    ):
        supervisor.start(program)


def test_groups_stop_one_after_the_other_and_the_stubborn_are_killed(script: Callable[..., Program]) -> None:
    first = script("first", STUBBORN, stop_seconds=0.5)
    second = script("second", SLEEPS)
    ended: list[str] = []
    with Supervisor(print) as supervisor:
        for program in (first, second):
            program.ready = lambda program=program: has_said(program, "up")  # type: ignore[misc]
        supervisor.start(second, first)
        children = {child.program.name: child.process for child in supervisor.children}
        supervisor.stop_all([["first"], ["second"]])
        ended += [name for name, process in children.items() if process.poll() is not None]
    assert sorted(ended) == ["first", "second"]
    assert children["first"].returncode == -signal.SIGKILL
    assert children["second"].returncode == -signal.SIGTERM


def test_asking_twice_ends_at_once(script: Callable[..., Program]) -> None:
    program = script("stubborn", STUBBORN, stop_seconds=30)
    program.ready = lambda: has_said(program, "up")
    began = time.monotonic()
    with Supervisor(print) as supervisor:
        supervisor.start(program)
        later(0.2, ask_to_stop)
        supervisor.run()
        later(0.3, ask_to_stop)
    assert time.monotonic() - began < 10


def test_signals_are_given_back(script: Callable[..., Program]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Supervisor(print):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
