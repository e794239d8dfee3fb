"""What the return of a mark means."""

from __future__ import annotations

import pytest

from calls.bridge import clips
from calls.bridge.playback import MOST_MARKS, Playback
from media_worker.contract.spec import AudioFormat

pytestmark = pytest.mark.unit


def test_a_mark_that_returns_was_played() -> None:
    playback = Playback()
    playback.sent("a")
    assert playback.returned("a")
    assert not playback.returned("a")


def test_a_mark_that_returns_after_a_clear_was_not() -> None:
    playback = Playback()
    playback.sent("a")
    playback.sent("b")
    assert playback.clear() == ["a", "b"]
    assert not playback.returned("a")
    assert not playback.returned("b")


def test_a_name_may_be_used_again_after_a_clear() -> None:
    playback = Playback()
    playback.sent("a")
    playback.clear()
    playback.sent("a")
    assert playback.returned("a")


def test_a_mark_nobody_sent_means_nothing() -> None:
    assert not Playback().returned("surprise")


def test_a_carrier_that_returns_nothing_does_not_fill_the_memory() -> None:
    playback = Playback()
    for number in range(3 * MOST_MARKS):
        playback.sent(str(number))
    assert len(playback.clear()) == MOST_MARKS


@pytest.mark.parametrize("audio", [AudioFormat(codec="mulaw", rate=8000), AudioFormat(codec="pcm_s16le", rate=16000)])
def test_the_bridges_own_words_are_there_in_every_codec(audio: AudioFormat) -> None:
    assert 0.5 < clips.seconds(clips.clip(clips.HOLD, audio), audio) < 3
    assert 2 < clips.seconds(clips.clip(clips.SORRY, audio), audio) < 8


def test_tones_are_of_the_keys_they_name() -> None:
    import numpy as np

    audio = AudioFormat(codec="pcm_s16le", rate=8000)
    samples = np.frombuffer(clips.tones("5", audio), np.int16)[: int(0.12 * 8000)]
    spectrum = np.abs(np.fft.rfft(samples))
    loudest = sorted(np.argsort(spectrum)[-2:] * 8000 / len(samples))
    assert [round(one, -1) for one in loudest] == pytest.approx([770, 1336], abs=12)
    with pytest.raises(ValueError, match="substring not found"):
        clips.tones("x", audio)
