"""Our own programs as the supervisor (and the tests' live stack) starts them."""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from voiceops.local.process import Program

Environment = Mapping[str, str]


def daphne(env: Environment, log: Path, host: str, port: int) -> Program:
    """Django over HTTP and websockets. Ready when it answers a request, whatever the answer.

    Every request has a thread of its own, so without a pool it would also make a connection of its own.
    """
    argv = ["-b", host, "-p", str(port), "--server-name", "voiceops", "--application-close-timeout", "2"]
    argv += ["--verbosity", "0"]  # no access log: the paths of media sockets carry tickets
    if env.get("BEHIND_PROXY", "").lower() in {"true", "1", "yes"}:
        argv.append("--proxy-headers")
    return Program(
        name="daphne",
        argv=[sys.executable, "-m", "voiceops.serve", *argv, "voiceops.asgi:application"],
        log=log,
        env={"DATABASE_POOL": "16", **env},
        stop_seconds=10.0,  # it hands live calls back to their carriers
        ready=lambda: _answers_http(_reachable(host), port),
        explain=lambda tail: port_taken(host, port) if "Address already in use" in tail else "",
    )


def media_worker(env: Environment, log: Path, number: int, port: int, capacity: int, drain_seconds: float) -> Program:
    """One media worker on loopback. It may use `drain_seconds` to bring its calls to an end."""
    argv = ["serve", "--host", "127.0.0.1", "--port", str(port), "--capacity", str(capacity)]
    argv += ["--drain-seconds", f"{drain_seconds:g}"]
    return Program(
        name=f"media-{number}",
        argv=[sys.executable, "-m", "media_worker", *argv],
        log=log,
        env=env,
        stop_seconds=drain_seconds + 2,
        ready=lambda: _listens("127.0.0.1", port),
    )


def celery_worker(env: Environment, log: Path, concurrency: int) -> Program:
    """Jobs, in threads of one process: its tasks wait for networks and disks more than they compute."""
    argv = ["worker", "--pool", "threads", "--concurrency", str(concurrency), "--loglevel", "INFO"]
    argv += ["--without-gossip", "--without-mingle", "--hostname", "voiceops@localhost"]
    return Program(
        name="celery",
        argv=[sys.executable, "-m", "celery", "-A", "voiceops.celery:app", *argv],
        log=log,
        env=env,
        stop_seconds=2.0,
        ready=_says(log, " ready."),
    )


def celery_beat(env: Environment, log: Path, schedule: Path) -> Program:
    argv = ["beat", "--schedule", str(schedule), "--pidfile", "", "--loglevel", "INFO"]
    return Program(
        name="beat",
        argv=[sys.executable, "-m", "celery", "-A", "voiceops.celery:app", *argv],
        log=log,
        env=env,
        stop_seconds=1.0,
        ready=_says(log, "beat: Starting"),
    )


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def can_listen(host: str, port: int) -> OSError | None:
    """None when the port is free on this host, otherwise what the system says."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            one.listen(1)
    except OSError as error:
        return error
    return None


def port_taken(host: str, port: int) -> str:
    return (
        f"Port {port} on {host} is in use by another program: stop it, "
        f"or choose another port with VOICEOPS_PORT={port + 1} (or `up --port {port + 1}`)."
    )


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the address to ask, not to listen on


def _answers_http(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": "localhost"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def _says(log: Path, words: str) -> Callable[[], bool]:
    """Whether the log has said these words since now."""
    start = log.stat().st_size if log.exists() else 0

    def said() -> bool:
        try:
            with log.open(errors="replace") as file:
                file.seek(start)
                return words in file.read()
        except OSError:
            return False

    return said
