"""A VoiceOps that cannot work, or should not face the world, says so in `manage.py check`."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests import stores
from tests.conftest import use_database
from tests.world import World
from voiceops import checks
from voiceops.lib.errors import StoreError
from voiceops.migrating import migrate

pytestmark = pytest.mark.db

GOOD_KEY = "a:" + "A" * 43 + "="


def ids(found: list[Any]) -> list[str]:
    return [message.id for message in found]


def test_the_settings_of_a_laptop_are_fine(settings: Any) -> None:
    assert checks.keys(None) == checks.addresses(None) == checks.facing_the_world(None) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENCRYPTION_KEYS", "", "voiceops.E002"),
        ("ENCRYPTION_KEYS", "a:tooshort", "voiceops.E002"),
        ("PUBLIC_URL", "voice.example.com", "voiceops.E003"),
        ("PUBLIC_URL", "https://voice.example.com/path", "voiceops.E003"),
        ("PUBLIC_URL", "ftp://voice.example.com", "voiceops.E003"),
        ("MEDIA_WORKERS", ["worker"], "voiceops.E004"),
        ("MEDIA_WORKERS", ["worker:0"], "voiceops.E004"),
        ("OUTBOUND_ALLOW", ["10.0.0.0/33"], "voiceops.E010"),
        ("OUTBOUND_PORTS", ["http"], "voiceops.E010"),
        ("OUTBOUND_PORTS", [], "voiceops.E010"),
        ("S3_ENDPOINT_URL", "https://s3.example.com", "voiceops.E005"),
    ],
)
def test_a_setting_that_cannot_work_is_named(settings: Any, name: str, value: Any, expected: str) -> None:
    setattr(settings, name, value)
    assert ids([*checks.keys(None), *checks.addresses(None)]) == [expected]


def test_secrets_that_others_can_read_are_an_error(settings: Any, tmp_path: Path) -> None:
    settings.STATE_DIR = tmp_path
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o640)
    assert ids(checks.addresses(None)) == ["voiceops.E006"]


def test_the_world_is_faced_with_https_and_keys_of_its_own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_URL, settings.PUBLIC_HOST, settings.PUBLIC_SCHEME = "http://v.example", "v.example", "http"
    settings.DEBUG = True
    monkeypatch.delenv("ENCRYPTION_KEYS")
    assert ids(checks.facing_the_world(None)) == ["voiceops.E007", "voiceops.W008", "voiceops.W009"]
    settings.PUBLIC_SCHEME, settings.DEBUG = "https", False
    monkeypatch.setenv("ENCRYPTION_KEYS", GOOD_KEY)
    assert checks.facing_the_world(None) == []


def test_connections_of_our_own_share_no_session(world: World) -> None:
    assert not checks.shares_sessions()
    assert checks.pooling(None, databases=["default"]) == []


@contextmanager
def pgbouncer(mode: str) -> Iterator[Path]:
    """PgBouncer in front of the run's PostgreSQL, as the same user, on a socket in a folder of its own."""
    behind = stores.state() / "run"
    owner = behind.stat()
    if owner.st_uid == 0:
        pytest.skip("PgBouncer does not run as root")
    folder = stores.state() / f"pgbouncer-{mode}"
    folder.mkdir()
    (folder / "users.txt").write_text('"voiceops" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={behind}\n[pgbouncer]\npool_mode = {mode}\nunix_socket_dir = {folder}\n"
        f"listen_port = 6432\nlisten_addr =\nauth_type = trust\nauth_file = {folder / 'users.txt'}\n"
        f"ignore_startup_parameters = options\n"
    )
    run_as: dict[str, Any] = {}
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)
        run_as = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    process = subprocess.Popen(["pgbouncer", "-q", str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL, **run_as)
    try:
        deadline = time.monotonic() + 10
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, "PgBouncer did not start"
            assert time.monotonic() < deadline, "PgBouncer does not listen"
            time.sleep(0.05)
        yield folder
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="PgBouncer is not installed (apt install pgbouncer)")
@pytest.mark.parametrize(("mode", "refused"), [("transaction", True), ("statement", True), ("session", False)])
def test_a_pooler_that_mixes_agencies_is_refused(committed: str, mode: str, refused: bool) -> None:
    with pgbouncer(mode) as folder:
        use_database(f"postgresql://voiceops@/{connections['default'].settings_dict['NAME']}?host={folder}&port=6432")
        try:
            assert ids(checks.pooling(None, databases=["default"])) == (["voiceops.E001"] if refused else [])
            if refused:
                with pytest.raises(StoreError, match="transaction mode"):
                    migrate()
        finally:
            use_database(committed)
