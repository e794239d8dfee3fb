"""Where the stores are, as an operator may write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceops.lib.errors import StoreError
from voiceops.local import state
from voiceops.local.urls import database_settings, redis_url

pytestmark = pytest.mark.unit


def test_a_servers_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_POOL", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://voice%40ops:p%2Fw@db.example:6432/main?sslmode=require")
    assert database_settings() == {
        "NAME": "main",
        "USER": "voice@ops",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_sockets_folder_is_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://voiceops@/main?host=/run/postgres")
    assert (database_settings()["HOST"], database_settings()["PORT"]) == ("/run/postgres", "")


def test_connections_are_kept_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL", "8")
    assert database_settings()["OPTIONS"]["pool"]["max_size"] == 8


def test_a_secret_address_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://a:b@db/main\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert database_settings()["HOST"] == "db"
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="cannot be read"):
        database_settings()


@pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "postgresql://a:secret@b", "postgresql://a:secret@b:port/c"])
def test_what_is_no_address_is_refused_without_repeating_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(StoreError) as refused:
        database_settings()
    assert "secret" not in refused.value.sentence


def test_redis_may_be_a_server_or_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://:pw@queue:6380/1")
    assert redis_url() == "rediss://:pw@queue:6380/1"
    monkeypatch.setenv("REDIS_URL", "http://queue")
    with pytest.raises(StoreError):
        redis_url()


def test_secrets_are_made_once_and_only_for_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICEOPS_STATE", str(tmp_path / "state"))
    made = state.secrets()
    assert state.secrets() == made
    assert (tmp_path / "state" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert made.secret_key not in repr(made)


def test_damaged_secrets_are_never_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICEOPS_STATE", str(tmp_path))
    (tmp_path / "secrets.json").write_text('{"secret_key": "half')
    with pytest.raises(StoreError, match="put back a copy"):
        state.secrets()
    assert (tmp_path / "secrets.json").read_text() == '{"secret_key": "half'
