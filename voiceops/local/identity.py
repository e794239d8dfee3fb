"""As whom a store's program runs, and where its files are then.

PostgreSQL refuses to run as root. A normal user runs it as themself. Root, in this order:

1. drops to `postgres` or `nobody`, where that user can reach the state folder and the program;
2. enters a user namespace in which root counts as a normal user: the files stay root's and nothing is opened to others;
3. drops to that user with the files in a private folder under /var/tmp, which is remembered and said.

No folder but our own changes its mode, and no user is added.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceops.lib.errors import StoreError
from voiceops.local.state import write_private

_UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_REMEMBERED = "stores.path"


@dataclass(frozen=True)
class Identity:
    """`uid` None: stay who we are. `prefix` goes before the command."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def popen(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)


@dataclass(frozen=True)
class Home:
    """Where the stores keep their data, as whom they run, and what a person should be told about it, if anything."""

    folder: Path
    identity: Identity
    programs: Path
    notice: str = ""


def home_for(state: Path, programs: Path, *, user_namespaces: bool = True) -> Home:
    """Decide where and as whom, from what is on disk already and what this machine allows.

    `programs` is the folder with PostgreSQL's programs (`…/bin`). Raises StoreError when there is no way.
    """
    if os.geteuid() != 0:
        return Home(state, Identity(), programs)
    remembered = state / _REMEMBERED
    if remembered.exists():
        return _moved_home(Path(remembered.read_text().strip()), programs)
    data = state / "postgres"
    owner = data.stat().st_uid if data.exists() else None
    if owner:
        identity = Identity(owner, data.stat().st_gid)
        if not (_can_enter(state, identity) and _can_run(programs, identity)):
            raise StoreError(
                f"{data} belongs to user {owner}, who can no longer reach it: open the folders above to it."
            )
        return Home(state, identity, programs)
    if owner is None:
        identity = _unprivileged()
        if _can_enter(state, identity) and _can_run(programs, identity):
            return Home(state, identity, programs)
    if user_namespaces and _namespaces_work():
        return Home(state, Identity(prefix=_UNSHARE), programs)
    if owner is not None:
        raise StoreError(f"{data} belongs to root, and PostgreSQL does not run as root: give it to a normal user.")
    folder = Path(tempfile.mkdtemp(prefix="voiceops-", dir="/var/tmp"))
    write_private(remembered, str(folder))
    return _moved_home(folder, programs)


def _moved_home(folder: Path, programs: Path) -> Home:
    if not folder.is_dir():
        raise StoreError(f"The stores' data was in {folder}, which is gone: put it back before starting again.")
    identity = _unprivileged()
    identity.own(folder)
    if not _can_run(programs, identity):
        installed = folder / "pginstall"
        if not installed.exists():
            shutil.copytree(programs.parent, installed)
        programs = installed / programs.name
    return Home(
        folder,
        identity,
        programs,
        f"The stores' data is in {folder}: they cannot run as root, and no other user can reach the state folder.",
    )


def _unprivileged() -> Identity:
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(user.pw_uid, user.pw_gid)
    raise StoreError("PostgreSQL does not run as root and there is neither a user postgres nor nobody: add one.")


def _can_enter(folder: Path, identity: Identity) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], identity)


def _can_run(programs: Path, identity: Identity) -> bool:
    return _succeeds([str(programs / "postgres"), "--version"], identity)


def _namespaces_work() -> bool:
    return shutil.which("unshare") is not None and _succeeds([*_UNSHARE, "true"], Identity())


def _succeeds(argv: list[str], identity: Identity) -> bool:
    try:
        done = subprocess.run(argv, cwd="/", capture_output=True, timeout=20, **identity.popen())
    except OSError:
        return False
    return done.returncode == 0
