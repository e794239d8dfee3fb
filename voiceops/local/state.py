"""The state folder: secrets, embedded stores, logs and who is running.

`VOICEOPS_STATE` names it, `.voiceops/` beside manage.py otherwise. Settings read it before Django exists.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets as random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from voiceops.lib.errors import StoreError

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET_FOLDER = 80  # a unix socket's whole path may have 107 bytes; PostgreSQL adds a name of its own


def state_dir() -> Path:
    """The state folder's absolute path. It may not exist yet."""
    return Path(os.environ.get("VOICEOPS_STATE") or ROOT / ".voiceops").expanduser().absolute()


def ensure_state_dir() -> Path:
    """The state folder, made if it is missing: private, but passable as root, whose stores run as another user."""
    folder = state_dir()
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except PermissionError:
        raise StoreError(f"{folder} cannot be written: own it, or set VOICEOPS_STATE to another folder.") from None
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}.") from None
    return folder


@dataclass(frozen=True)
class Secrets:
    secret_key: str
    encryption_keys: str
    media_worker_key: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def secrets() -> Secrets:
    """This installation's own secrets, made on first use and never again."""
    path = state_dir() / "secrets.json"
    try:
        return _read_secrets(path)
    except FileNotFoundError:
        ensure_state_dir()
    with _locked(path.with_suffix(".lock")):
        if not path.exists():
            write_private(path, json.dumps(asdict(_new_secrets()), indent=1))
        return _read_secrets(path)


def _new_secrets() -> Secrets:
    key = base64.b64encode(os.urandom(32)).decode()
    return Secrets(
        secret_key=random.token_urlsafe(50),
        encryption_keys=f"k{random.token_hex(4)}:{key}",
        media_worker_key=random.token_urlsafe(32),
    )


def _read_secrets(path: Path) -> Secrets:
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise StoreError(
            f"{path} is damaged: put back a copy of it, because what it sealed cannot be opened without it."
        ) from None
    except PermissionError:
        raise StoreError(f"{path} belongs to another user: run as that user, or set VOICEOPS_STATE.") from None


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all, whatever happens meanwhile."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        file = path.open("w")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_dir() -> Path:
    """Where the stores' sockets are: in the state folder, unless its path is too long for a socket or it is closed to
    the user the stores run as. Where else is remembered in the state folder (`remember_run_dir`).

    A short folder is made as soon as it is asked for, because settings name it before the stores run. Its name is
    random, so nobody can sit on it beforehand.
    """
    inside, remembered = state_dir() / "run", state_dir() / "run.path"
    with contextlib.suppress(FileNotFoundError):
        elsewhere = Path(remembered.read_text().strip())
        if elsewhere.is_dir() and not elsewhere.is_symlink():
            return elsewhere
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    ensure_state_dir()
    with _locked(remembered.with_suffix(".lock")):
        return remember_run_dir(Path(tempfile.mkdtemp(prefix="voiceops-")))


def remember_run_dir(folder: Path) -> Path:
    write_private(state_dir() / "run.path", str(folder))
    return folder


def given(name: str) -> str:
    """An environment variable, or the content of the file that `<name>_FILE` names, or nothing."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name, "")
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise StoreError(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from None


def local_address() -> str:
    """Where the `up` of this state folder answers, or would answer."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((state_dir() / "running.json").read_text())["address"])
    return f"http://localhost:{os.environ.get('VOICEOPS_PORT') or 8000}"


def local_database_url() -> str:
    """Where the embedded PostgreSQL is, or would be."""
    return f"postgresql://voiceops@/voiceops?host={run_dir()}"


def local_redis_url() -> str:
    """Where the embedded Redis is, or would be."""
    return f"unix://{run_dir()}/redis.sock"
