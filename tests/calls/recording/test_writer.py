"""The segment writer: what is on disk after clears, crashes and bad disks, and that the loop never waits."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from django.conf import LazySettings

from calls.recording import segments
from calls.recording.segments import AGENT, CALLER, CLEARED, Record
from calls.recording.writer import Disk, SegmentWriter
from voiceops.lib.errors import SealError

pytestmark = pytest.mark.unit


FRAME = b"\x7f" * 160


@pytest.fixture(autouse=True)
def segment_dir(settings: LazySettings, tmp_path: Path) -> Path:
    settings.SEGMENT_DIR = tmp_path
    settings.RECORDING_SEGMENT_SECONDS = 1
    return tmp_path


def written(call_id: uuid.UUID) -> list[Record]:
    return [
        record for name in segments.names("alice", call_id) for record in segments.read("alice", call_id, name).records
    ]


def test_both_sides_and_clears_are_kept_in_order() -> None:
    call_id = uuid.uuid4()
    writer = SegmentWriter("alice", call_id, "mulaw", 8000)
    for at in range(0, 3000, 20):
        writer.caller(at, FRAME)
    writer.agent(3000, FRAME * 10)
    writer.cleared(3100)
    writer.close(3200).result(5)
    names = segments.names("alice", call_id)
    assert len(names) == 4
    heads = [segments.read("alice", call_id, name).head for name in names]
    assert [head.last for head in heads] == [False, False, False, True]
    assert {(head.codec, head.rate) for head in heads} == {("mulaw", 8000)}
    records = written(call_id)
    assert [r.at_ms for r in records if r.track == CALLER] == list(range(0, 3000, 20))
    assert records[-3:] == [Record(AGENT, 3000, FRAME * 10), Record(CLEARED, 3100), Record(CLEARED, 3200)]


def test_nothing_on_disk_is_readable_without_the_key_or_in_another_place(segment_dir: Path) -> None:
    call_id, other = uuid.uuid4(), uuid.uuid4()
    writer = SegmentWriter("alice", call_id, "mulaw", 8000)
    writer.caller(0, FRAME)
    writer.close().result(5)
    (name,) = segments.names("alice", call_id)
    file = segment_dir / "alice" / str(call_id) / name
    assert FRAME not in file.read_bytes()
    foreign = segment_dir / "charlie" / str(other)
    foreign.mkdir(parents=True)
    (foreign / name).write_bytes(file.read_bytes())
    with pytest.raises(SealError):
        segments.read("charlie", other, name)
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(SealError):
        segments.read("alice", call_id, name)


def test_a_resumed_call_goes_on_in_a_later_part() -> None:
    call_id = uuid.uuid4()
    for start in (0, 5000):
        writer = SegmentWriter("alice", call_id, "mulaw", 8000)
        writer.caller(start, FRAME)
        writer.close().result(5)
    assert [record.at_ms for record in written(call_id)] == [0, 5000]


def test_a_slow_disk_loses_segments_and_says_so_but_never_makes_audio_wait() -> None:
    lost: list[str] = []
    released = threading.Event()
    disk = Disk(waiting_bytes=40_000)
    writer = SegmentWriter("alice", uuid.uuid4(), "mulaw", 8000, on_lost=lost.append, disk=disk)
    writer._write = lambda *_: released.wait(10)  # type: ignore[method-assign,assignment]
    slowest = 0.0
    for at in range(0, 60_000, 20):
        begin = time.perf_counter()
        writer.caller(at, FRAME)
        slowest = max(slowest, time.perf_counter() - begin)
    released.set()
    disk.close(5)
    assert writer.lost_segments == len(lost) >= 50
    assert slowest < 0.5


def test_a_full_disk_costs_a_segment_and_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[str] = []
    call_id = uuid.uuid4()
    real, failures = segments.os.fsync, iter([OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])

    def fsync(handle: int) -> None:
        for failure in failures:
            raise failure
        real(handle)

    monkeypatch.setattr(segments.os, "fsync", fsync)
    writer = SegmentWriter("alice", call_id, "mulaw", 8000, on_lost=lost.append)
    for at in (0, 1000, 2000, 3000):
        writer.caller(at, FRAME)
    writer.close().result(5)
    assert lost == ["The disk did not take a part of the recording: No space left on device."]
    assert [record.at_ms for record in written(call_id)] == [2000, 3000]
    assert not list(segments.folder("alice", call_id).glob("*.tmp"))


WRITE_FOR_EVER = """
import sys, time, uuid
import django; django.setup()
from django.conf import settings
settings.SEGMENT_DIR, settings.RECORDING_SEGMENT_SECONDS = sys.argv[1], 1
from calls.recording.writer import SegmentWriter
writer = SegmentWriter("alice", uuid.UUID(sys.argv[2]), "mulaw", 8000)
for at in range(0, 60_000, 20):
    writer.caller(at, b"x" * 160)
    print(at, flush=True)
    time.sleep(0.002)
"""


@pytest.mark.timeout(60)
def test_a_killed_process_loses_only_the_last_seconds(segment_dir: Path) -> None:
    call_id = uuid.uuid4()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "voiceops.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(segment_dir), str(call_id)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 6000:
                break
        process.send_signal(signal.SIGKILL)
    kept = [record.at_ms for record in written(call_id)]
    assert kept[0] == 0
    assert 4000 <= kept[-1] <= 8000
    assert kept == list(range(0, kept[-1] + 1, 20))
