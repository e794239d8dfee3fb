"""Whatever people bring: even, trimmed telephone sound, or a sentence that says why not."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from agents.clips.sound import LOUDNESS, RATE, canonical
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.unit


def speech(seconds: float = 1.0, rate: int = RATE, loud: float = 0.1, before: float = 0.0) -> np.ndarray:
    """A voice-like buzz that swells and falls, after silence."""
    at = np.arange(int(seconds * rate)) / rate
    buzz = np.sign(np.sin(2 * np.pi * 120 * at)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at))
    return np.concatenate([np.zeros(int(before * rate)), buzz * loud, np.zeros(int(before * rate))])


def file(samples: np.ndarray, rate: int = RATE, form: str = "WAV", subtype: str | None = None) -> bytes:
    held = io.BytesIO()
    soundfile.write(held, samples, rate, format=form, subtype=subtype)
    return held.getvalue()


def loudness(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, dtype="<i2") / 32768
    return float(10 * np.log10(np.mean(samples**2)))


@pytest.mark.parametrize(
    ("form", "rate", "subtype"),
    [
        ("WAV", 8_000, None),
        ("WAV", 48_000, "FLOAT"),
        ("MP3", 44_100, None),
        ("OGG", 48_000, None),
        ("FLAC", 96_000, None),
    ],
)
def test_every_kind_of_file_becomes_the_same_sound(form: str, rate: int, subtype: str | None) -> None:
    sound = canonical(file(np.stack([speech(rate=rate, before=1.0)] * 2, axis=1), rate, form, subtype))
    assert sound.seconds == pytest.approx(1.15, abs=0.15)
    assert loudness(sound.pcm) == pytest.approx(LOUDNESS, abs=2.0)


@pytest.mark.parametrize("loud", [0.01, 0.1, 0.99])
def test_the_quiet_and_the_loud_come_out_alike_and_never_clipped(loud: float) -> None:
    pcm = canonical(file(speech(loud=loud))).pcm
    assert loudness(pcm) == pytest.approx(LOUDNESS, abs=1.5)
    assert np.abs(np.frombuffer(pcm, dtype="<i2").astype(int)).max() < 32_000


def test_the_same_file_gives_the_same_clip() -> None:
    assert canonical(file(speech())).sha256 == canonical(file(speech())).sha256


def _lying(data: bytes) -> bytes:
    """A WAV whose head promises two billion seconds."""
    return data[:40] + struct.pack("<I", 0xFFFFFFF0) + data[44:]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no sound that can be read"),
        (b"<html>500</html>" * 100, "no sound that can be read"),
        (
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\xff\xff\xff\xff\xff\xff" + b"\0" * 64,
            "no sound that can be read",
        ),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 200, "no sound that can be read"),
        (file(np.zeros(RATE)), "Nothing can be heard"),
        (file(np.zeros(0)), "Nothing can be heard"),
        (file(speech(0.02)), "too short"),
        (file(speech(61.5, 8000), 8000), "longer than 60 seconds"),
        (file(speech(130.0, 8000), 8000), "longer than 60 seconds"),
        (b"\0" * (25 * 1024 * 1024 + 1), "larger than 25 MB"),
    ],
)
def test_what_is_no_phrase_is_refused_in_words(data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        canonical(data)


def test_a_head_that_lies_about_its_length_takes_no_memory() -> None:
    assert canonical(_lying(file(speech()))).seconds < 2


def test_numbers_that_are_none_are_silent() -> None:
    samples = speech().astype(np.float32)
    samples[100:200] = np.nan
    samples[300] = np.inf
    assert canonical(file(samples, subtype="FLOAT")).seconds == pytest.approx(1.1, abs=0.2)
