"""Whisper beside the worker: faster-whisper in a program of its own. The model's files are fetched by the operator."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Stt, VendorSpec, option


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.local.services import LocalEars

    model = str(option(provider, STT, "model"))
    wanted = {
        "model": model,
        "language": context.spec.agent.language.split("-")[0],
        "words": str(option(provider, STT, "words") or ""),
        "device": str(option(provider, STT, "device")),
    }
    return LocalEars(label=VENDOR.label, engine="whisper", package="faster_whisper", model=model, wanted=wanted)


STT = Stt(
    build=_stt,
    options=(
        Field("model", "Model", default="small.en", help="A name, or a folder on every worker’s machine. Fetch a name once: hf download Systran/faster-whisper-small.en"),
        Field("device", "Runs on", "choice", default="cpu", choices=(("cpu", "Processor"), ("cuda", "NVIDIA graphics card"))),
        Field("words", "Words to expect", help="Names and terms that are easily misheard."),
    ),
    note="Hears an utterance once it is over. A processor needs about as long as the utterance for “small”.",
)  # fmt: skip

VENDOR = VendorSpec(
    name="whisper",
    label="Whisper, beside the worker",
    stt=STT,
    local=True,
    note="Nothing leaves your machines. Needs the extra “whisper”, and the model’s files.",
)
