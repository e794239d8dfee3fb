"""Piper: text in, 16-bit samples out, sentence by sentence. The first four bytes of a piece are its rate in Hz."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from media_worker.providers.local.host import Loaded, ModelMissing, serve


def _load(path: Path) -> Any:
    from piper import PiperVoice

    if not path.is_file() or not Path(f"{path}.json").is_file():
        raise ModelMissing(f"There is no Piper voice {path.name} with its .json in the folder {path.parent}.")
    return PiperVoice.load(str(path))


_models = Loaded(_load)


def work(wanted: dict[str, Any], sound: bytes) -> Iterator[bytes]:
    from piper import SynthesisConfig

    name = Path(wanted["voice"]).name
    voice = _models.get(Path(wanted["folder"]) / f"{name}.onnx")
    if wanted.get("load"):
        return
    for chunk in voice.synthesize(wanted["text"], SynthesisConfig(length_scale=1 / wanted["speed"])):
        yield struct.pack("<I", chunk.sample_rate) + chunk.audio_int16_bytes


if __name__ == "__main__":
    serve(work)
