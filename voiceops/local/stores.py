"""Both embedded stores of a state folder, ready to start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from voiceops.lib.errors import StoreError
from voiceops.local import postgres, state
from voiceops.local.identity import Home, home_for
from voiceops.local.postgres import Postgres
from voiceops.local.redis import Redis


@dataclass(frozen=True)
class Stores:
    home: Home
    postgres: Postgres
    redis: Redis


def embedded_stores(*, durable: bool = True) -> Stores:
    """The stores of the state folder, with every folder they need made. Nothing runs yet."""
    folder = state.ensure_state_dir()
    home = home_for(folder, postgres.programs(), user_namespaces=_namespaces_allowed())
    logs, run = folder / "logs", state.run_dir()
    if home.folder != folder:
        run = state.remember_run_dir(home.folder / "run")
    try:
        logs.mkdir(exist_ok=True, mode=0o700)
        run.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be made: {error.strerror}.") from None
    return Stores(
        home,
        Postgres(home, run, _log(logs, "postgres"), durable=durable),
        Redis(home, run, _log(logs, "redis"), durable=durable),
    )


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


def _namespaces_allowed() -> bool:
    """`VOICEOPS_USER_NAMESPACES=false` turns them off where a security policy forbids their use."""
    return os.environ.get("VOICEOPS_USER_NAMESPACES", "true").lower() not in {"false", "0", "no"}
