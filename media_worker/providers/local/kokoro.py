"""Kokoro: text in, 16-bit samples out. The first four bytes of a piece are its rate in Hz."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from media_worker.providers.local.host import Loaded, ModelMissing, serve

_LANGUAGES = {"en": "en-us", "es": "es", "fr": "fr-fr", "hi": "hi", "it": "it", "ja": "ja", "pt": "pt-br", "zh": "cmn"}


def _load(folder: Path) -> Any:
    from kokoro_onnx import Kokoro

    model, voices = folder / "kokoro.onnx", folder / "voices.bin"
    if not model.is_file() or not voices.is_file():
        raise ModelMissing(f"The folder {folder} should hold kokoro.onnx and voices.bin.")
    return Kokoro(str(model), str(voices))


_models = Loaded(_load)


def work(wanted: dict[str, Any], sound: bytes) -> Iterator[bytes]:
    import numpy as np

    model = _models.get(Path(wanted["folder"]))
    if wanted.get("load"):
        return
    code = wanted["language"].split("-")[0]
    language = "en-gb" if wanted["language"] == "en-GB" else _LANGUAGES.get(code, "en-us")
    samples, rate = model.create(wanted["text"], voice=wanted["voice"], speed=wanted["speed"], lang=language)
    yield struct.pack("<I", rate) + (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


if __name__ == "__main__":
    serve(work)
