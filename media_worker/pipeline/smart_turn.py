"""Has the caller finished? pipecat's smart-turn model reads the prosody of the last eight seconds.

One ONNX session a process, on two threads of their own: an inference takes about 40 ms, which must not hold the loop
that carries everyone's audio. What does not come back in time is not waited for (`turns.py`).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import resources
from typing import Any

import numpy as np

SECONDS = 8
_RATE = 16000
_THREADS = 2
_MOST_WAITING = 8
"""With more inferences than this under way the answer would come too late to be of use."""


@functools.cache
def session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    model = resources.files("pipecat.audio.turn.smart_turn.data").joinpath("smart-turn-v3.2-cpu.onnx")
    return onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])


def probability(pcm: bytes, rate: int) -> float:
    """How likely it is (0 to 1) that the speech that ends `pcm` is a finished turn. Blocks for about 40 ms."""
    import soxr
    from pipecat.audio.turn.smart_turn._whisper_features import compute_whisper_log_mel_features

    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    if rate != _RATE:
        samples = soxr.resample(samples, rate, _RATE, quality="HQ")
    samples = samples[-SECONDS * _RATE :]
    samples = np.pad(samples, (SECONDS * _RATE - len(samples), 0))
    features = np.expand_dims(compute_whisper_log_mel_features(samples, do_normalize=True), axis=0)
    return float(session().run(None, {"input_features": features})[0][0].item())


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="smart-turn")


_waiting = 0


def ask(pcm: bytes, rate: int, answer: Callable[[float | None], None]) -> None:
    """Call `answer` on this loop with the probability, or with None when there is none to be had."""
    global _waiting
    loop = asyncio.get_running_loop()
    if _waiting >= _MOST_WAITING:
        loop.call_soon(answer, None)
        return
    _waiting += 1

    def done(future: Future[float]) -> None:
        def deliver() -> None:
            global _waiting
            _waiting -= 1
            answer(None if future.cancelled() or future.exception() else future.result())

        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver)

    _threads().submit(probability, pcm, rate).add_done_callback(done)
