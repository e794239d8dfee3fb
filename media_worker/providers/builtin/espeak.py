"""The program that speaks: `python -m media_worker.providers.builtin.espeak`, started by `children`.

espeak-ng is GPL-3, so it is kept at arm's length: nothing but this small program loads it, through ctypes, and it talks
to the rest by messages over its input and output. One request, one sentence; a sentence takes some milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any, BinaryIO

import numpy as np
import soxr

from media_worker.providers.builtin.children import HEADER, MOST_PAYLOAD

SPEAK = 1
AUDIO, DONE, FAILED = 1, 2, 3
LONGEST_TEXT = 2_000
LOUDNESS = 3_300.0
"""RMS of the voiced part, of 32768: about -20 dBFS, what a telephone network expects of speech."""
PEAK = 29_000.0
PAUSE = 0.14
_CHUNK_SECONDS = 0.2

_RETRIEVAL, _UTF8, _POSITION_CHARACTER = 2, 1, 1
_RATE, _VOLUME, _PITCH, _RANGE, _WORDGAP = 1, 2, 3, 4, 7
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library, loaded once. Raises RuntimeError when it or its data is missing."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        path = espeakng_loader.get_data_path().encode()
        self.rate = int(self._library.espeak_Initialize(_RETRIEVAL, 0, path, 0))
        if self.rate <= 0:
            raise RuntimeError("espeak-ng cannot read its data")
        self._heard: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._callback = _CALLBACK(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Mono samples at `self.rate`, as loud as speech on a telephone."""
        library = self._library
        if voice != self._voice:
            if library.espeak_SetVoiceByName(voice.encode()) != 0:
                self._voice = ""
                raise RuntimeError(f"espeak-ng has no voice called {voice[:40]}")
            self._voice = voice
        for parameter, value in ((_RATE, speed), (_VOLUME, 100), (_PITCH, pitch), (_RANGE, 62), (_WORDGAP, 0)):
            library.espeak_SetParameter(parameter, value, 0)
        self._heard.clear()
        raw = text.encode("utf-8")
        if library.espeak_Synth(raw, len(raw) + 1, 0, _POSITION_CHARACTER, 0, _UTF8, None, None) != 0:
            raise RuntimeError("espeak-ng refused the text")
        library.espeak_Synchronize()
        sound = np.concatenate(self._heard).astype(np.float32) if self._heard else np.zeros(0, np.float32)
        self._heard.clear()
        return loud(trim(sound, self.rate))


def trim(sound: np.ndarray[Any, np.dtype[np.float32]], rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Without the silence around the sentence, but for a short pause after it."""
    audible = np.flatnonzero(np.abs(sound) > 120)
    if not len(audible):
        return sound[:0]
    pause = np.zeros(int(PAUSE * rate), np.float32)
    begin = max(0, int(audible[0]) - rate // 100)
    return np.concatenate([sound[begin : int(audible[-1]) + rate // 50], pause])


def loud(sound: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    voiced = sound[np.abs(sound) > 300]
    if not len(voiced):
        return sound
    gain = LOUDNESS / float(np.sqrt(np.mean(voiced**2)))
    lifted = sound * min(gain, 4.0)
    knee = PEAK * 0.7
    over = np.abs(lifted) - knee
    # Peaks are bent, not cut: a clipped consonant hurts on a telephone.
    bent = np.sign(lifted) * (knee + (PEAK - knee) * np.tanh(over / (PEAK - knee)))
    return np.where(over > 0, bent, lifted).astype(np.float32)


def _clean(text: str) -> str:
    """Without control characters and what espeak takes for a command."""
    kept = "".join(c if c.isprintable() else " " for c in text[:LONGEST_TEXT])
    return kept.replace("[[", " ").replace("]]", " ")


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    espeak = Espeak()

    def answer(stream: int, kind: int, payload: bytes = b"") -> None:
        sink.write(HEADER.pack(len(payload), stream, kind) + payload)
        sink.flush()

    answer(0, 0)
    while True:
        header = source.read(HEADER.size)
        if len(header) < HEADER.size:
            return
        size, stream, kind = HEADER.unpack(header)
        payload = source.read(size) if size <= MOST_PAYLOAD else b""
        if len(payload) < size:
            return
        if kind != SPEAK:
            continue
        try:
            wanted = json.loads(payload)
            rate = int(wanted["rate"])
            speed, pitch = int(wanted["speed"]), int(wanted["pitch"])
            sound = espeak.speak(_clean(str(wanted["text"])), str(wanted["voice"]), speed, pitch)
            if rate != espeak.rate and len(sound):
                sound = soxr.resample(sound, espeak.rate, rate)
            pcm = np.clip(sound, -32768, 32767).astype("<i2").tobytes()
            step = int(_CHUNK_SECONDS * rate) * 2
            for at in range(0, len(pcm), step):
                answer(stream, AUDIO, pcm[at : at + step])
            answer(stream, DONE)
        except (RuntimeError, ValueError, KeyError, TypeError, OSError, ImportError) as error:
            answer(stream, FAILED, f"{type(error).__name__}: {error}"[:500].encode())


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
