"""Piper on a machine of your own: by its web server (`python -m piper.http_server`), or beside the worker.

The server takes a POST of JSON and answers with a WAV file (github.com/OHF-Voice/piper1-gpl, docs/API_HTTP.md).
"""

from __future__ import annotations

import json
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Tts, VendorSpec, address_of, number, option

BASE_URL = "http://localhost:5000"


def _tts(provider: Provider, context: BuildContext) -> Any:
    voice = str(option(provider, TTS, "voice"))
    speed = 1.0 if option(provider, TTS, "speed") is None else number(provider, TTS, "speed")
    folder = str(provider.account.get("folder") or "")
    if folder:
        from media_worker.providers.local.services import LocalVoice

        wanted = {"folder": folder, "voice": voice, "speed": speed}
        return LocalVoice(
            label=VENDOR.label, engine="piper", package="piper", model="piper", voice=voice, rate=22050, wanted=wanted
        )
    from media_worker.providers.posted import Post, PostedVoice

    url = f"{address_of(provider, VENDOR)}/"

    def ask(text: str) -> Post:
        body = {"text": text, "voice": voice, "length_scale": round(1 / speed, 3)}
        return Post(url, json.dumps(body).encode(), {"content-type": "application/json"})

    return PostedVoice(label=VENDOR.label, ask=ask, sound="wav", rate=22050, model="piper", voice=voice)


TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", default="en_US-lessac-medium", help="As its file is named, without .onnx."),
        Field("speed", "Speed", "number", min=0.5, max=2, help="1 is normal."),
    ),
)

VENDOR = VendorSpec(
    name="piper",
    label="Piper",
    account=(
        Field("base_url", "Address", "url", default=BASE_URL, help="Of its web server."),
        Field("folder", "Folder of the voices", help="To speak without a server: on every worker’s machine, with the voices’ .onnx and .onnx.json files in it."),
    ),
    tts=TTS,
    local=True,
    probe=Probe(path="/voices", base=BASE_URL, lists="", unless="folder"),
    note="Nothing leaves your machines unless this address does.",
)  # fmt: skip
