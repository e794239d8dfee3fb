"""The database every test starts from: migrated and populated once, kept as files until what made it changes.

`python -m tests.template <folder>` makes one; `ensure_template()` gives the one for today's code.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from voiceops.lib.errors import StoreError
from voiceops.local.identity import home_for
from voiceops.local.postgres import Postgres, programs
from voiceops.local.process import spawn, stop, wait_ready
from voiceops.local.state import ROOT

NAME = "template_world"
CACHE = ROOT / ".voiceops" / "tests"
_MAKES_IT = ("*/migrations/*.py", "tenants/**/*.py", "voiceops/lib/*.py", "tests/world.py", "tests/template.py")


def server(state: Path, log: Path) -> Postgres:
    """PostgreSQL for tests: fast, not durable."""
    run = state / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    tests_only = {"max_connections": "300", "shared_buffers": "64MB", "autovacuum": "off"}
    return Postgres(home_for(state, programs()), run, log, durable=False, settings=tests_only)


def ensure_template() -> Path:
    """The folder `postgres` of a stopped server that holds the database `template_world`."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = CACHE / _fingerprint()
    with (CACHE / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (wanted / "done").exists():
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
            made = subprocess.run(
                [sys.executable, "-m", "tests.template", str(wanted)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.settings"},
                capture_output=True,
                text=True,
            )
            if made.returncode:
                raise StoreError(f"The tests' template database could not be made.\n{made.stdout}{made.stderr}")
            (wanted / "done").touch()
    return wanted / "postgres"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _MAKES_IT for path in ROOT.glob(pattern) if ".venv" not in path.parts}):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def make(folder: Path) -> None:
    """Start an empty server in `folder`, migrate, build the world, stop."""
    folder.mkdir(mode=0o711, parents=True)
    postgres = server(folder, folder / "postgres.log")
    program = postgres.program()
    process = spawn(program)
    try:
        wait_ready(program, process)
        postgres.ensure_database(NAME)
        _fill(postgres.url(NAME))
    finally:
        stop(program, process)


def _fill(url: str) -> None:
    import django
    from django.conf import settings

    from voiceops.local.urls import database_settings

    django.setup()
    os.environ["DATABASE_URL"] = url  # loading the settings has set another
    settings.DATABASES["default"].update(database_settings())
    from django.db import connections

    from tests.world import build_world
    from voiceops.migrating import migrate

    migrate()
    build_world()
    connections.close_all()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
