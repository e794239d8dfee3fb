"""Voice activity: Silero's model, one ONNX session a process, run inline (about 0.1 ms for 32 ms of sound).

The state machine is pipecat's: a window counts as speech when the model is confident and it is loud enough; `vad_start`
seconds of such windows begin speech, `vad_stop` seconds without end it. Loudness is plain energy over an eighth of a
second: pipecat's own measure would cost more than the model.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from importlib import resources
from typing import Any, Literal

import numpy as np

from media_worker.contract.spec import TurnTaking

Change = Literal["started", "stopped"]

_RESET_AFTER = 2.0
_RESET_BELOW = 0.1
_RESET_WINDOWS = 5
_LOUDNESS_WINDOWS = 4
_STILL_WINDOWS = 16
"""After half a second below the loudness of speech the model is not asked until there is something to hear."""

_FADED = 10**-2.8
_FORGETS = 0.99
"""A window 28 dB below the loudest of this stretch is its echo: the model hears a voice in it for some 100 ms more."""

_NO_VOICE = 0.3
_KNOWN_AFTER = 8
_SINKS = 0.2
_RISES = 1.05
_NEAR_FLOOR = 10**0.2
_BELOW_VOICE = 10**-0.8
_VERY_NOISY = 10**-1.8
"""On a noisy line the echo sinks into the noise: within 2 dB of what is heard when nobody speaks, 8 dB below the voice,
and for more than one window, or two where the noise is loud: a soft consonant does as much."""

_SCALE = np.float32(1 / 32768)


@functools.cache
def session() -> Any:
    """The process's session. Thread-safe to run; state lives with each `Vad`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    model = resources.files("pipecat.audio.vad.data").joinpath("silero_vad.onnx")
    return onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])


class Vad:
    """One caller's voice activity. `hear` takes 16-bit samples of any length and tells what changed."""

    def __init__(self, turns: TurnTaking, rate: int) -> None:
        self._session = session()
        self._rate = np.array(rate, dtype=np.int64)
        self._window = 512 if rate == 16000 else 256
        self._past = 64 if rate == 16000 else 32
        self._loud = 10 ** ((turns.vad_min_volume * 100 - 110) / 10) * self._window
        self.window_seconds = self._window / rate
        self._confidence = turns.vad_confidence
        self._start = max(1, round(turns.vad_start / self.window_seconds))
        self._stop = max(1, round(turns.vad_stop / self.window_seconds))
        self._reset_due = int(_RESET_AFTER / self.window_seconds)
        self._pending = b""
        self._energy: deque[float] = deque(maxlen=_LOUDNESS_WINDOWS)
        self._still = 0
        self._count = 0
        self._since_reset = 0
        self._quiet = 0
        self._loudest = 0.0
        self._floor = 0.0
        self._least = math.inf
        self._noisy = 0
        self._sunk = 0
        self.speaking = False
        self._forget()

    def _forget(self) -> None:
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._input = np.zeros((1, self._past + self._window), dtype=np.float32)
        self._since_reset = 0

    def hear(self, pcm: bytes) -> list[Change]:
        data = self._pending + pcm if self._pending else pcm
        size = self._window * 2
        changes: list[Change] = []
        at = 0
        while len(data) - at >= size:
            change = self._step(np.frombuffer(data, dtype="<i2", count=self._window, offset=at))
            if change is not None:
                changes.append(change)
            at += size
        self._pending = data[at:]
        return changes

    def _step(self, samples: np.ndarray) -> Change | None:
        frame = self._input
        frame[0, : self._past] = frame[0, -self._past :]
        window = frame[0, self._past :]
        np.multiply(samples, _SCALE, out=window)
        self._still = 0 if self._loud_lately(window) else self._still + 1
        if self._still > _STILL_WINDOWS and not self.speaking:
            self._count = 0
            return None
        output, self._state = self._session.run(None, {"input": frame, "state": self._state, "sr": self._rate})
        confidence = float(output[0, 0])
        voice = confidence >= self._confidence and self._still == 0 and not self._faded()
        self._learn_noise(confidence)
        self._maybe_reset(confidence)
        if voice == self.speaking:
            self._count = 0
            return None
        self._count += 1
        if self._count < (self._stop if self.speaking else self._start):
            return None
        self._count = 0
        self.speaking = voice
        return "started" if voice else "stopped"

    def _loud_lately(self, window: np.ndarray) -> bool:
        self._energy.append(float(np.dot(window, window)))
        return max(self._energy) >= self._loud

    def _faded(self) -> bool:
        """While somebody speaks: is this window only what their last word left behind?"""
        now = self._energy[-1]
        self._loudest = max(now, self._loudest * _FORGETS) if self.speaking else now
        faded = self._loudest * _FADED
        sunk = self._floor > faded and now < min(self._floor * _NEAR_FLOOR, self._loudest * _BELOW_VOICE)
        self._sunk = self._sunk + 1 if sunk else 0
        enough = 2 if self._floor > self._loudest * _VERY_NOISY else 1
        return self.speaking and (self._sunk > enough or now < faded)

    def _learn_noise(self, confidence: float) -> None:
        """The line's own noise, from windows in which nobody speaks. It sinks at once and rises slowly."""
        if self.speaking or confidence >= _NO_VOICE or not self._energy[-1]:
            return
        now = self._energy[-1]
        self._noisy += 1
        if self._noisy <= _KNOWN_AFTER:
            self._least = min(now, self._least)
            self._floor = self._least if self._noisy == _KNOWN_AFTER else 0.0
        elif now < self._floor:
            self._floor += (now - self._floor) * _SINKS
        else:
            self._floor = min(now, self._floor * _RISES)

    def _maybe_reset(self, confidence: float) -> None:
        """The model goes deaf after long silence or music at 8 kHz until its state is cleared; only in clear quiet."""
        self._since_reset += 1
        self._quiet = self._quiet + 1 if confidence < _RESET_BELOW else 0
        if self._since_reset >= self._reset_due and not self.speaking and self._quiet >= _RESET_WINDOWS:
            self._forget()
