"""Where audio lands on the call's clock: a known timeline of tones goes in, and comes out where it belongs."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from calls.recording.segments import AGENT, CALLER, CLEARED, Record
from calls.recording.timeline import decode, stereo

pytestmark = pytest.mark.unit


RATE = 8000
LOUD = np.full(160, 9000, dtype="<i2").tobytes()
SILENT = bytes(320)


def track(records: list[Record], *, parts: int = 1) -> npt.NDArray[np.int16]:
    """All blocks, one per segment of about a second, as one array of (samples, 2)."""
    share = max(1, len(records) // parts)
    groups = [records[i : i + share] for i in range(0, len(records), share)]
    return np.concatenate(
        list(stereo([(f"part-{n}", "pcm_s16le", group) for n, group in enumerate(groups)], RATE, RATE))
    )


def spans(side: npt.NDArray[np.int16]) -> list[tuple[int, int]]:
    """Where it is loud, in ms."""
    loud = np.flatnonzero(np.diff(np.concatenate(([0], side > 1000, [0])).astype(int)))
    return [(int(a) * 1000 // RATE, int(b) * 1000 // RATE) for a, b in zip(loud[::2], loud[1::2], strict=True)]


def caller(until: int, loud: tuple[int, int], jitter: int = 0, start: int = 0) -> list[Record]:
    dice = random.Random(7)
    return [
        Record(CALLER, at + dice.randrange(jitter + 1), LOUD if loud[0] <= at < loud[1] else SILENT)
        for at in range(start, until, 20)
    ]


def merged(*sides: list[Record]) -> list[Record]:
    return sorted((record for side in sides for record in side), key=lambda record: record.at_ms)


def test_mulaw_is_decoded_as_the_standard_says() -> None:
    assert decode("mulaw", bytes([0xFF, 0x7F, 0x80, 0x00, 0xAF])).tolist() == [0, 0, 32124, -32124, 4092]


def test_each_side_is_where_it_was_heard() -> None:
    agent = [Record(AGENT, 1000, LOUD * 50)]
    heard = track(merged(caller(4000, (2500, 3000)), agent))
    assert len(heard) == 4 * RATE
    assert spans(heard[:, 0]) == [(2500, 3000)]
    assert spans(heard[:, 1]) == [(1000, 2000)]


def test_jitter_makes_no_holes() -> None:
    heard = track(merged(caller(10_000, (0, 10_000), jitter=45)))
    ((begin, end),) = spans(heard[:, 0])
    assert begin <= 60
    assert 9_990 <= end <= 10_080


def test_a_stall_that_catches_up_moves_nothing() -> None:
    frames = [
        Record(CALLER, 3000 if 1000 <= record.at_ms < 3000 else record.at_ms, record.audio)
        for record in caller(6000, (1500, 2500))
    ]
    assert spans(track(frames)[:, 0]) == [(1500, 2500)]


def test_a_hole_in_the_carriers_stream_is_silence() -> None:
    heard = track([*caller(1000, (0, 1000)), *caller(6000, (4000, 5000), start=4000)])
    assert spans(heard[:, 0]) == [(0, 1000), (4000, 5000)]


def test_agent_audio_queues_behind_what_still_plays() -> None:
    agent = [Record(AGENT, 500, LOUD * 10), Record(AGENT, 520, LOUD * 10), Record(AGENT, 3000, LOUD * 5)]
    assert spans(track(merged(caller(4000, (0, 0)), agent))[:, 1]) == [(500, 900), (3000, 3100)]


def test_what_was_cleared_was_not_heard_and_what_follows_is_not_delayed() -> None:
    agent = [Record(AGENT, 500, LOUD * 100), Record(CLEARED, 900), Record(AGENT, 1500, LOUD * 10)]
    assert spans(track(merged(caller(3000, (0, 0)), agent))[:, 1]) == [(500, 900), (1500, 1700)]


def test_another_bridge_begins_with_an_empty_queue() -> None:
    first = [*caller(1000, (0, 0)), Record(AGENT, 980, LOUD * 500)]
    second = [*caller(6000, (0, 0), start=3000), Record(AGENT, 5980, LOUD)]
    blocks = stereo([("1", "pcm_s16le", first), ("2", "pcm_s16le", second)], RATE, RATE)
    assert spans(np.concatenate(list(blocks))[:, 1]) == [(980, 3000), (5980, 6000)]


def test_blocks_come_as_soon_as_they_are_certain_and_memory_stays_small() -> None:
    taken = 0

    def segments_of_an_hour() -> Iterator[tuple[str, str, list[Record]]]:
        for start in range(0, 3_600_000, 5000):
            assert start // 1000 - taken < 12
            yield (
                "1",
                "pcm_s16le",
                merged(caller(start + 5000, (0, 0), start=start), [Record(AGENT, start, LOUD * 100)]),
            )

    for block in stereo(segments_of_an_hour(), RATE, RATE):
        taken += len(block) // RATE
    assert taken == 3600
