"""faster-whisper: 16-bit samples in, JSON out. The model comes from this machine only; nothing is fetched."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from media_worker.providers.local.host import Loaded, ModelMissing, serve

RATE = 16000


def _load(name: tuple[str, str]) -> Any:
    from faster_whisper import WhisperModel

    model, device = name
    if "/" in model and not (Path(model) / "model.bin").is_file():
        raise ModelMissing(
            f"There is no Whisper model in the folder {model}: it should hold model.bin and config.json."
        )
    try:
        return WhisperModel(
            model, device=device, compute_type="int8" if device == "cpu" else "default", local_files_only=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelMissing(
            f"The Whisper model {model} is not on this machine, or cannot be loaded. Fetch it once with "
            f"“hf download Systran/faster-whisper-{model}”, or name a folder that holds one."
        ) from error


_models = Loaded(_load)


def work(wanted: dict[str, Any], sound: bytes) -> Iterator[bytes]:
    import numpy as np
    import soxr

    model = _models.get((wanted["model"], wanted["device"]))
    if wanted.get("load"):
        return
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2").astype(np.float32) / 32768
    segments, _ = model.transcribe(
        soxr.resample(samples, wanted["rate"], RATE),
        language=wanted["language"],
        beam_size=1,
        without_timestamps=True,
        condition_on_previous_text=False,
        initial_prompt=wanted["words"] or None,
    )
    heard = [segment for segment in segments if segment.no_speech_prob < 0.8]
    text = " ".join(segment.text.strip() for segment in heard)
    sure = min((math.exp(segment.avg_logprob) for segment in heard), default=None)
    yield json.dumps({"text": text, "confidence": sure}).encode()


if __name__ == "__main__":
    serve(work)
