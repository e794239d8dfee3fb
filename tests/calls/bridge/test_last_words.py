"""What the caller was saying when a worker was lost is said again to the next one, and nothing that was a turn already."""

from __future__ import annotations

import pytest

from calls.bridge.lastwords import BEFORE_SPEECH, KEPT_SECONDS, LastWords
from media_worker.contract.spec import AudioFormat

pytestmark = pytest.mark.unit

SILENCE = b"\xff" * 160
SPEECH = b"\x10\x90" * 80
FRAMES_BEFORE = round(BEFORE_SPEECH / 0.02)


def words(*frames: bytes) -> LastWords:
    kept = LastWords(AudioFormat(codec="mulaw", rate=8000))
    for number, frame in enumerate(frames):
        kept.add(number * 20, frame)
    return kept


def test_a_sentence_is_repeated_from_a_little_before_its_first_sound() -> None:
    kept = words(*[SILENCE] * 100, *[SPEECH] * 50, *[SILENCE] * 10)
    assert b"".join(kept.repeated()) == SILENCE * FRAMES_BEFORE + SPEECH * 50 + SILENCE * 10


def test_what_was_told_as_a_turn_is_not_repeated() -> None:
    kept = words(*[SPEECH] * 50, *[SILENCE] * 30, *[SPEECH] * 20)
    kept.told(60 * 20)
    assert b"".join(kept.repeated()) == SILENCE * 20 + SPEECH * 20


def test_of_silence_only_the_end_is_repeated_where_a_word_may_begin() -> None:
    assert b"".join(words(*[SILENCE] * 200).repeated()) == SILENCE * FRAMES_BEFORE


def test_after_a_quiet_handover_only_what_came_since_is_repeated() -> None:
    kept = words(*[SPEECH] * 50, *[SILENCE] * 50)
    assert b"".join(kept.repeated(since_ms=95 * 20)) == SILENCE * 5


def test_a_caller_who_never_stops_does_not_fill_the_memory() -> None:
    kept = words(*[SPEECH] * 3000)
    assert len(b"".join(kept.repeated())) == KEPT_SECONDS * 8000
