"""`manage.py up`: the whole of VoiceOps on one machine, from an empty folder to one address."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voiceops.lib.errors import StoreError
from voiceops.local import programs, state
from voiceops.local.process import Program
from voiceops.local.stores import embedded_stores
from voiceops.local.supervisor import Stopped, Supervisor

LOG_KEPT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Options:
    """`media_workers` processes take `capacity` calls each; `drain_seconds` bounds how long live calls delay a stop."""

    host: str = "127.0.0.1"
    port: int = 8000
    media_workers: int = 1
    capacity: int = 20
    jobs: int = 4
    drain_seconds: float = 30.0


def cores() -> int:
    return len(os.sched_getaffinity(0))


def up(options: Options, migrate: Callable[[], None], say: Callable[[str], None]) -> None:
    """Run until asked to stop. Raises StoreError with a sentence when something cannot start.

    `migrate` brings the database to the code's shape; it is called once both stores answer.
    """
    folder = state.ensure_state_dir()
    with _alone(folder), Supervisor(say) as supervisor, contextlib.suppress(Stopped):
        if error := programs.can_listen(options.host, options.port):
            in_use = error.errno == 98
            raise StoreError(
                programs.port_taken(options.host, options.port)
                if in_use
                else f"Nothing can listen on {options.host} port {options.port}: {error.strerror}."
            )
        _start_stores(supervisor, say)
        _migrated(folder, migrate)
        order = _start_own(supervisor, options, folder)
        address = _public_url(options)
        state.write_private(folder / "running.json", json.dumps({"pid": os.getpid(), "address": address}))
        say(f"VoiceOps is ready: {address}")
        try:
            supervisor.run()
        finally:
            say("Stopping.")
            supervisor.stop_all(order)
            (folder / "running.json").unlink(missing_ok=True)


def running_address(folder: Path) -> str:
    """Where the `up` that owns this state folder answers, empty when it has not said so yet."""
    try:
        return str(json.loads((folder / "running.json").read_text())["address"])
    except (OSError, ValueError, KeyError):
        return ""


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Own the state folder. The kernel lets go of it when we die, so no lock is ever stale."""
    with (folder / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = running_address(folder)
            where = f"at {address}" if address else "and is just starting"
            raise StoreError(
                f"VoiceOps already runs from {folder} {where}: "
                f"use that one, stop it first, or set VOICEOPS_STATE to another folder."
            ) from None
        (folder / "running.json").unlink(missing_ok=True)
        yield


def _start_stores(supervisor: Supervisor, say: Callable[[str], None]) -> None:
    """Start each store that nothing replaces."""
    own_postgres, own_redis = not state.given("DATABASE_URL"), not state.given("REDIS_URL")
    if not (own_postgres or own_redis):
        return
    stores = embedded_stores()
    if stores.home.notice:
        say(stores.home.notice)
    started = []
    if own_postgres:
        started.append(_fresh_log(stores.postgres.program()))
    if own_redis:
        started.append(_fresh_log(stores.redis.program()))
    supervisor.start(*started)
    if own_postgres:
        stores.postgres.ensure_database()


def _migrated(folder: Path, migrate: Callable[[], None]) -> None:
    try:
        migrate()
    except Exception as error:
        log = folder / "logs" / "migrate.log"
        log.parent.mkdir(exist_ok=True, mode=0o700)
        log.write_text(traceback.format_exc())
        first_line = str(error).strip().split("\n", 1)[0]
        raise StoreError(f"The database could not be brought up to date: {first_line} (log: {log})") from error


def _start_own(supervisor: Supervisor, options: Options, folder: Path) -> list[list[str]]:
    """Start what is ours, and say in which order it must stop: calls first, stores last."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True, mode=0o700)
    (folder / "staticfiles").mkdir(exist_ok=True)
    ports = programs.free_ports(options.media_workers)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "voiceops.settings"),
        "VOICEOPS_STATE": str(folder),
        "PUBLIC_URL": _public_url(options),
        "MEDIA_WORKERS": ",".join(f"127.0.0.1:{port}" for port in ports),
        "MEDIA_WORKER_KEY": state.given("MEDIA_WORKER_KEY") or state.secrets().media_worker_key,
        "PYTHONUNBUFFERED": "1",
    }
    media = [
        programs.media_worker(env, logs / f"media-{n}.log", n, port, options.capacity, options.drain_seconds)
        for n, port in enumerate(ports, start=1)
    ]
    pooled = {"DATABASE_POOL": "20", **env}
    web = programs.daphne(pooled, logs / "daphne.log", options.host, options.port)
    jobs = programs.celery_worker(env, logs / "celery.log", options.jobs)
    clock = programs.celery_beat(env, logs / "beat.log", folder / "beat-schedule")
    supervisor.start(*[_fresh_log(program) for program in (*media, web, jobs, clock)])
    return [["beat", "celery", *(program.name for program in media)], ["daphne"], ["postgres", "redis"]]


def _fresh_log(program: Program) -> Program:
    """A log that grew big before this start is set aside."""
    with contextlib.suppress(FileNotFoundError):
        if program.log.stat().st_size > LOG_KEPT_BYTES:
            program.log.replace(program.log.with_suffix(".log.1"))
    return program


def _public_url(options: Options) -> str:
    return (state.given("PUBLIC_URL") or f"http://localhost:{options.port}").rstrip("/")
