"""`manage.py up`, for real, in a state folder of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from voiceops.local.programs import free_ports
from voiceops.local.state import ROOT

pytestmark = pytest.mark.live

WAITS = 90.0


class Up:
    """One installation: its folder, its port, and the `up` that runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        ours = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "MEDIA_WORKERS", "SECRET_KEY", "ENCRYPTION_KEYS")
        self.env = {name: value for name, value in os.environ.items() if name not in ours}
        self.env |= {
            "VOICEOPS_STATE": str(folder),
            "VOICEOPS_PORT": str(self.port),
            "VOICEOPS_MEDIA_WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "voiceops.settings",
        }

    def start(self) -> None:
        self.output = self.folder / "up.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "up"], cwd=ROOT, env=self.env, stdout=output, stderr=output
            )
        until(lambda: "VoiceOps is ready" in self.output.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.output.read_text()

    def again(self) -> str:
        """What a second `up` says. It must not succeed."""
        done = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=WAITS
        )
        assert done.returncode != 0
        return done.stderr

    def pids(self, words: str = "") -> dict[int, str]:
        """The processes of this installation by their command lines."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            ours = os.fsencode(self.folder) in environment or str(self.folder) in command
            if ours and command and int(entry.name) != os.getpid() and words in command:
                found[int(entry.name)] = command
        return found

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/accounts/login/", headers={"Host": "localhost"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def until(true: Callable[[], object], seconds: float = WAITS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="voiceops-up-"))
    folder.chmod(0o711)
    installation = Up(folder)
    installation.start()
    yield installation
    if installation.process.poll() is None:
        installation.process.terminate()
        installation.process.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def test_it_answers_at_the_address_it_printed(up: Up) -> None:
    assert f"http://localhost:{up.port}" in up.output.read_text()
    assert up.answers()


def test_a_second_one_says_where_the_first_answers(up: Up) -> None:
    complaint = up.again()
    assert f"already runs from {up.folder} at http://localhost:{up.port}" in complaint
    assert "Traceback" not in complaint


def test_a_port_in_use_is_named_with_the_way_out(up: Up) -> None:
    with tempfile.TemporaryDirectory() as other:
        elsewhere = Up(Path(other))
        elsewhere.env["VOICEOPS_PORT"] = str(up.port)
        complaint = elsewhere.again()
    assert f"Port {up.port} on 127.0.0.1 is in use" in complaint
    assert f"VOICEOPS_PORT={up.port + 1}" in complaint


@pytest.mark.parametrize("name", ["voiceops.serve", "media_worker serve", "celery", "redis-server", "bin/postgres"])
def test_what_is_killed_comes_back(up: Up, name: str) -> None:
    before = up.pids(name)
    assert before, f"no {name} runs"
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: up.pids(name) and not set(up.pids(name)) & set(before))
    until(up.answers)


def test_a_media_worker_comes_back_on_its_port(up: Up) -> None:
    (pid, command), *_ = up.pids("media_worker serve").items()
    port = int(command.split("--port ")[1].split()[0])
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in up.pids("media_worker serve"))
    until(lambda: listens(port))


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_one_recovers(up: Up) -> None:
    up.process.kill()
    up.process.wait()
    until(lambda: not up.pids(), 15)
    up.start()
    assert up.answers()


def test_ctrl_c_stops_everything_cleanly(up: Up) -> None:
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0
    assert up.pids() == {}
    assert "shut down" in (up.folder / "logs" / "postgres.log").read_text().splitlines()[-1]
