"""Vosk beside the worker, in a program of its own. A model is a folder that the operator fetched (alphacephei.com/vosk/models)."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, ProviderUnavailable, Stt, VendorSpec, option


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.local.services import LocalEars

    folder = str(option(provider, STT, "folder") or "")
    if not folder:
        raise ProviderUnavailable("Vosk needs the folder of its model.")
    return LocalEars(label=VENDOR.label, engine="vosk", package="vosk", model="vosk", wanted={"folder": folder})


STT = Stt(
    build=_stt,
    options=(
        Field("folder", "Folder of the model", required=True, help="On every worker’s machine, as in /srv/models/vosk-model-small-en-us-0.15."),
    ),
    note="Hears an utterance once it is over.",
)  # fmt: skip

VENDOR = VendorSpec(
    name="vosk",
    label="Vosk, beside the worker",
    stt=STT,
    local=True,
    note="Nothing leaves your machines. Needs the extra “vosk”, and a model’s folder.",
)
