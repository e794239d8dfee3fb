"""VoiceOps as real processes, for tests that go end to end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.stores import start_redis, state
from voiceops.local import programs
from voiceops.local.process import Program, spawn, stop, wait_ready


@dataclass(frozen=True)
class LiveStack:
    """`url` is the platform's address; an agency answers on `http://<agency>.localhost:<port>`, see `agency_url`."""

    port: int
    url: str
    media_workers: tuple[str, ...]
    database_url: str
    redis_url: str
    env: dict[str, str]
    folder: Path

    def agency_url(self, slug: str = "alice") -> str:
        return f"http://{slug}.localhost:{self.port}"

    def client(self, slug: str = "alice") -> httpx2.Client:
        """Asks an agency's host without needing a resolver that knows `*.localhost`."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Host": f"{slug}.localhost:{self.port}"}, timeout=20
        )

    def manage(self, *arguments: str) -> list[str]:
        """The command line of a management command; run it with `env=stack.env`."""
        return [sys.executable, "manage.py", *arguments]


@contextmanager
def running_stack(database_url: str, folder: Path, media_workers: int = 2, capacity: int = 4) -> Iterator[LiveStack]:
    """Daphne, media workers and Celery, on this database and a Redis of their own. They die with this process."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as running:
        redis, (redis_program, redis_process) = start_redis(folder.name)
        running.callback(stop, redis_program, redis_process)
        port, *media_ports = programs.free_ports(1 + media_workers)
        workers = tuple(f"127.0.0.1:{one}" for one in media_ports)
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "voiceops.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis.url(),
            "PUBLIC_URL": f"http://localhost:{port}",
            "MEDIA_WORKERS": ",".join(workers),
            "VOICEOPS_STATE": str(state()),
            "PYTHONUNBUFFERED": "1",
        }
        started: list[Program] = [
            programs.media_worker(env, folder / f"media-{n}.log", n, one, capacity, drain_seconds=3)
            for n, one in enumerate(media_ports, start=1)
        ]
        started.append(programs.daphne({"DATABASE_POOL": "20", **env}, folder / "daphne.log", "127.0.0.1", port))
        started.append(programs.celery_worker(env, folder / "celery.log", concurrency=2))
        processes = []
        for program in started:
            process = spawn(program)
            running.callback(stop, program, process)
            processes.append(process)
        for program, process in zip(started, processes, strict=True):
            wait_ready(program, process)
        yield LiveStack(port, f"http://localhost:{port}", workers, database_url, redis.url(), env, folder)
