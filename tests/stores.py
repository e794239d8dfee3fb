"""The stores of one test run: a PostgreSQL for all, a Redis for each xdist worker, databases cloned from the template."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from tests.template import NAME, ensure_template, server
from voiceops.local.identity import home_for
from voiceops.local.postgres import USER, programs
from voiceops.local.process import Program, spawn, stop, wait_ready
from voiceops.local.redis import Redis

Running = tuple[Program, "subprocess.Popen[bytes]"]


def state() -> Path:
    return Path(os.environ["VOICEOPS_TEST_STATE"])


class RunStores:
    """What the run's first process owns: PostgreSQL on a copy of the template's files, and the folder itself."""

    def __init__(self) -> None:
        self.running: Running | None = None

    def start(self) -> None:
        template = ensure_template()
        subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(state() / "postgres")], check=True)
        program = server(state(), state() / "postgres.log").program()
        process = spawn(program)
        self.running = (program, process)
        wait_ready(program, process)

    def stop(self) -> None:
        if self.running:
            stop(*self.running)
        shutil.rmtree(state(), ignore_errors=True)


def start_redis(name: str) -> tuple[Redis, Running]:
    """A Redis that keeps nothing, dies with this process and has its socket in the state folder's `name`."""
    run = state() / name
    run.mkdir(mode=0o700, exist_ok=True)
    home = home_for(state(), programs())
    own_data = home.__class__(run, home.identity, home.programs)
    store = Redis(own_data, run, run / "redis.log", durable=False)
    home.identity.own(run)
    program = store.program()
    process = spawn(program)
    wait_ready(program, process)
    return store, (program, process)


def database_url(name: str) -> str:
    return f"postgresql://{USER}@/{name}?host={state() / 'run'}"


def clone_database(name: str) -> str:
    """A database of its own with the world in it, in place of an older one of that name. Returns its URL."""
    with psycopg.connect(database_url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(NAME)
            )
        )
    return database_url(name)


def drop_database(name: str) -> None:
    with psycopg.connect(database_url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
