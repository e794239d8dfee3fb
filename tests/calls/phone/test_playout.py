from __future__ import annotations

import pytest

from calls.phone.playout import Playout

pytestmark = pytest.mark.unit


def playout() -> Playout:
    return Playout(frame_bytes=4, silence=b".")


def test_audio_is_played_in_order_and_padded_with_silence() -> None:
    line = playout()
    line.add(b"abcdef")
    assert [line.tick()[0], line.tick()[0], line.tick()[0]] == [b"abcd", b"ef..", b"...."]
    assert bytes(line.heard) == b"abcdef......"


def test_a_mark_comes_back_when_the_audio_before_it_was_played() -> None:
    line = playout()
    line.add(b"abcdefgh")
    assert line.mark("end") == []
    assert line.tick()[1] == []
    assert line.tick()[1] == ["end"]


def test_a_mark_with_nothing_queued_comes_back_at_once() -> None:
    assert playout().mark("now") == ["now"]


def test_a_clear_drops_what_was_queued_and_returns_its_marks() -> None:
    line = playout()
    line.add(b"abcdefgh")
    line.mark("end")
    line.tick()
    assert line.clear() == ["end"]
    assert line.tick() == (b"....", [])
    assert line.queued == 0
