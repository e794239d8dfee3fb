"""The embedded stores: start, stop, and everything that can be in the way. Each failure is one clear sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from voiceops.lib.errors import StoreError
from voiceops.local import identity, postgres, redis, state
from voiceops.local.identity import Home, home_for
from voiceops.local.process import Program, spawn, stop, wait_ready
from voiceops.local.stores import Stores, embedded_stores

pytestmark = pytest.mark.unit

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another user")
Start = Callable[[Program], "subprocess.Popen[bytes]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICEOPS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:

        def started(program: Program) -> subprocess.Popen[bytes]:
            process = spawn(program)
            running.callback(stop, program, process)
            wait_ready(program, process)
            return process

        yield started


def remember(stores: Stores, text: str) -> None:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("create table if not exists memory (text text)")
        connection.execute("insert into memory values (%s)", [text])


def remembered(stores: Stores) -> list[str]:
    with psycopg.connect(stores.postgres.url("postgres")) as connection:
        return [row[0] for row in connection.execute("select text from memory")]


def test_both_stores_keep_what_they_were_told(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    programs = [stores.postgres.program(), stores.redis.program()]
    processes = [start(program) for program in programs]
    remember(stores, "a call")
    with redis_client.Redis(unix_socket_path=str(stores.redis.socket)) as client:
        client.lpush("queue", "a task")
    for program, process in zip(programs, processes, strict=True):
        stop(program, process)
        assert process.returncode == 0
    for program in programs:
        start(program)
    assert remembered(stores) == ["a call"]
    with redis_client.Redis(unix_socket_path=str(stores.redis.socket)) as client:
        assert client.rpop("queue") == b"a task"


def test_nothing_of_the_state_is_open_to_others(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    start(stores.postgres.program())
    state.secrets()
    assert state.run_dir().stat().st_mode & 0o077 == 0
    assert stores.postgres.data.stat().st_mode & 0o077 == 0
    assert (folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_killed_servers_come_back_with_everything(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    server = start(stores.postgres.program())
    remember(stores, "before the power cut")
    server.send_signal(signal.SIGKILL)
    server.wait()
    start(stores.postgres.program())
    assert remembered(stores) == ["before the power cut"]


@pytest.mark.parametrize("pid", [1, os.getpid(), 999_999_999], ids=["init", "us", "nobody"])
def test_a_lock_from_before_a_power_cut_whose_number_is_now_anothers_is_no_obstacle(
    folder: Path, start: Start, pid: int
) -> None:
    stores = embedded_stores()
    program = stores.postgres.program()
    stop(program, start(program))
    lock = stores.postgres.data / "postmaster.pid"
    lock.write_text(f"{pid}\n{stores.postgres.data}\n1\n5432\n{stores.postgres.run}\n\n  1 1\nready   \n")
    start(program)
    remember(stores, "started")


def test_a_server_left_over_from_a_killed_supervisor_is_replaced(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    leftovers = [start(stores.postgres.program()), start(stores.redis.program())]
    start(stores.postgres.program())
    start(stores.redis.program())
    assert [leftover.wait(5) for leftover in leftovers] == [0, 0]


def test_servers_end_when_their_starter_is_killed(folder: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, cwd=state.ROOT, env={**os.environ}
    )
    assert starter.stdout
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in pids):
        assert time.monotonic() < deadline, "they outlived their starter"
        time.sleep(0.05)


STARTER = """
import time
from voiceops.local.process import spawn, wait_ready
from voiceops.local.stores import embedded_stores
stores = embedded_stores()
programs = [stores.postgres.program(), stores.redis.program()]
processes = [spawn(program) for program in programs]
for program, process in zip(programs, processes):
    wait_ready(program, process)
print(*[process.pid for process in processes], flush=True)
time.sleep(60)
"""


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def short_folders() -> Iterator[list[Path]]:
    """Folders that a test had made outside its own, to be removed when the servers in them are gone."""
    made: list[Path] = []
    yield made
    for folder in made:
        shutil.rmtree(folder)


def test_a_path_too_long_for_a_socket_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_folders: list[Path], start: Start
) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    monkeypatch.setenv("VOICEOPS_STATE", str(deep))
    stores = embedded_stores()
    start(stores.postgres.program())
    start(stores.redis.program())
    assert len(str(state.run_dir())) < state.LONGEST_SOCKET_FOLDER
    assert str(state.run_dir()) in state.local_database_url()
    remember(stores, "deep")
    short_folders.append(state.run_dir())


def test_another_versions_data_is_left_alone(folder: Path) -> None:
    stores = embedded_stores()
    stores.postgres.data.mkdir()
    (stores.postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StoreError, match="written by PostgreSQL 17 and this is 18"):
        spawn(stores.postgres.program())


def test_a_missing_wheel_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"requirements\.lock, or set DATABASE_URL"):
        postgres.programs()
    with pytest.raises(StoreError, match=r"requirements\.lock, or set REDIS_URL"):
        redis.program_path()


def test_a_damaged_log_of_writes_is_said(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    stores.redis.prepare()
    (stores.redis.data / "appendonly.aof").write_bytes(
        b"*2\r\n$3\r\nnonsense" + b"\x00" * 200 + b"*1\r\n$4\r\nPING\r\n"
    )
    with pytest.raises(StoreError, match="damaged"):
        start(stores.redis.program())


def test_an_interrupted_first_start_begins_again(folder: Path, start: Start) -> None:
    stores = embedded_stores()
    half_made = stores.postgres.data.with_name("postgres.new")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    start(stores.postgres.program())
    assert not half_made.exists()


def test_an_unwritable_state_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("VOICEOPS_STATE", str(blocked / "state"))
    with pytest.raises(StoreError, match="cannot be made"):
        state.ensure_state_dir()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 20 MB that holds the state folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    monkeypatch.setenv("VOICEOPS_STATE", str(disk / "state"))
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@needs_root
def test_a_disk_too_small_for_a_first_start_is_said_and_a_bigger_one_works(small_disk: Path, start: Start) -> None:
    stores = embedded_stores()
    with pytest.raises(StoreError, match="The disk is full"):
        start(stores.postgres.program())
    resize(small_disk, "200m")
    program = stores.postgres.program()
    stop(program, start(program))


@needs_root
def test_what_was_written_before_the_disk_was_full_is_not_lost(small_disk: Path, start: Start) -> None:
    resize(small_disk, "160m")
    stores = embedded_stores()
    database, queue = stores.postgres.program(), stores.redis.program()
    running = [start(database), start(queue)]
    remember(stores, "before the disk was full")
    with redis_client.Redis(unix_socket_path=str(stores.redis.socket)) as client:
        client.lpush("queue", "a task")
        time.sleep(1.1)  # Redis writes its log to the disk every second
    for server in running:
        server.kill()
        server.wait()
    fill(small_disk / "ballast")
    for program in (database, queue):
        with contextlib.suppress(StoreError):
            stop(program, start(program))
    (small_disk / "ballast").unlink()
    database_again, queue_again = start(database), start(queue)
    remember(stores, "after")
    assert remembered(stores) == ["before the disk was full", "after"]
    with redis_client.Redis(unix_socket_path=str(stores.redis.socket)) as client:
        assert client.lrange("queue", 0, -1) == [b"a task"]
    stop(database, database_again)
    stop(queue, queue_again)


@needs_root
def test_root_drops_to_a_user_who_can_reach_the_folder(folder: Path) -> None:
    # pytest's own temporary folders are closed to others, so this one lies elsewhere
    with open_folder() as place:
        home = home_for(place, postgres.programs())
    assert home.identity.uid not in (None, 0)
    assert home.folder == place


@needs_root
def test_root_enters_a_user_namespace_where_nobody_else_can_reach_the_folder(tmp_path: Path, folder: Path) -> None:
    tmp_path.chmod(0o700)
    folder.mkdir()
    home = home_for(folder, postgres.programs())
    assert (home.identity.uid, home.identity.prefix[0]) == (None, "unshare")


@needs_root
def test_without_namespaces_the_data_moves_to_a_private_folder_and_that_is_said(
    tmp_path: Path, folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("VOICEOPS_USER_NAMESPACES", "false")
    stores = embedded_stores()
    moved = stores.home.folder
    try:
        assert str(moved) in stores.home.notice
        assert moved.stat().st_mode & 0o077 == 0
        start(stores.postgres.program())
        start(stores.redis.program())
        remember(stores, "moved")
        assert embedded_stores().home.folder == moved
        assert tmp_path.stat().st_mode & 0o777 == 0o700
    finally:
        subprocess.run(["rm", "-rf", moved], check=True)


@needs_root
def test_data_of_root_is_never_given_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "postgres").mkdir(parents=True)
    with pytest.raises(StoreError, match="belongs to root"):
        home_for(folder, postgres.programs(), user_namespaces=False)


class open_folder:
    """A state folder that every user can pass through."""

    def __enter__(self) -> Path:
        import tempfile

        self.path = Path(tempfile.mkdtemp(prefix="voiceops-open-"))
        self.path.chmod(0o711)
        return self.path

    def __exit__(self, *_: object) -> None:
        subprocess.run(["rm", "-rf", self.path], check=True)


def test_a_normal_user_stays_themself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity.os, "geteuid", lambda: 1000)
    assert home_for(folder, Path("/nowhere")) == Home(folder, identity.Identity(), Path("/nowhere"))
