"""What a caller says, cut into 20 ms frames of 16-bit mono samples."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]

FRAME_SECONDS = 0.02
SPEECH_LEVEL = 500  # RMS of a frame of 16-bit samples above which somebody is speaking
CLIPS = Path(__file__).resolve().parents[2] / "tests" / "clips"


class LineError(Exception):
    """A line that cannot be spoken, in words."""


@dataclass(frozen=True)
class Line:
    """One utterance. `speech_starts` and `speech_ends` are frame numbers: where its sound begins and is over."""

    text: str
    frames: tuple[Samples, ...]
    speech_starts: int
    speech_ends: int


def line_from_wav(path: Path, rate: int, text: str = "") -> Line:
    """Raises LineError when the file is no audio."""
    try:
        samples, file_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise LineError(f"{path} cannot be read as audio: {error}") from error
    mono = samples.mean(axis=1)
    if file_rate != rate:
        mono = soxr.resample(mono, file_rate, rate)
    return cut(np.clip(mono * 32767, -32768, 32767).astype(np.int16), rate, text or path.stem)


def line_from_text(text: str, rate: int) -> Line:
    """The committed clip that says this, else flite's voice when that program is installed."""
    clip = CLIPS / f"{slug(text)}.wav"
    if clip.exists():
        return line_from_wav(clip, rate, text)
    flite = shutil.which("flite")
    if flite is None:
        known = ", ".join(sorted(path.stem.replace("_", " ") for path in CLIPS.glob("*.wav")))
        raise LineError(
            f"There is no clip that says {text!r}, and the program flite, which could, is not installed. "
            f"Use --wav, install flite, or say one of: {known}."
        )
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        subprocess.run([flite, "-voice", "rms", "-t", text, "-o", str(wav)], check=True, timeout=30)  # noqa: S603
        return line_from_wav(wav, rate, text)


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def cut(samples: Samples, rate: int, text: str) -> Line:
    size = int(rate * FRAME_SECONDS)
    padded = np.concatenate([samples, np.zeros(-len(samples) % size, np.int16)])
    frames = tuple(padded[i : i + size] for i in range(0, len(padded), size))
    loud = [i for i, frame in enumerate(frames) if level(frame) > SPEECH_LEVEL]
    if not loud:
        raise LineError(f"{text!r} is silence.")
    return Line(text, frames, loud[0], loud[-1] + 1)


def level(frame: Samples) -> float:
    """RMS of 16-bit samples."""
    return float(np.sqrt(np.mean(np.square(frame.astype(np.float32))))) if len(frame) else 0.0
