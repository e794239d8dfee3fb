"""Vosk: 16-bit samples in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from media_worker.providers.local.host import Loaded, ModelMissing, serve


def _load(folder: str) -> Any:
    import vosk

    vosk.SetLogLevel(-1)
    if not (Path(folder) / "am").is_dir() and not (Path(folder) / "final.mdl").is_file():
        raise ModelMissing(
            f"There is no Vosk model in the folder {folder}. Fetch one from alphacephei.com/vosk/models."
        )
    return vosk.Model(folder)


_models = Loaded(_load)


def work(wanted: dict[str, Any], sound: bytes) -> Iterator[bytes]:
    import vosk

    model = _models.get(wanted["folder"])
    if wanted.get("load"):
        return
    ears = vosk.KaldiRecognizer(model, wanted["rate"])
    ears.SetWords(True)
    ears.AcceptWaveform(sound)
    found = json.loads(ears.FinalResult())
    sure = [word["conf"] for word in found.get("result", ())]
    mean = sum(sure) / len(sure) if sure else None
    yield json.dumps({"text": found.get("text", ""), "confidence": mean}).encode()


if __name__ == "__main__":
    serve(work)
