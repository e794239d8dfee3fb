"""Chatterbox on a machine of your own, by a server that speaks OpenAI's protocol and answers with a WAV file.

So do chatterbox-tts-api and Chatterbox-TTS-Server; in process it would need torch.
"""

from __future__ import annotations

import json
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Tts, VendorSpec, address_of, number, option

BASE_URL = "http://localhost:4123/v1"


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.posted import Post, PostedVoice

    voice = str(option(provider, TTS, "voice"))
    wanted = {"model": "chatterbox", "voice": voice, "response_format": "wav"}
    extra = {
        name: number(provider, TTS, name)
        for name in ("exaggeration", "temperature")
        if option(provider, TTS, name) is not None
    }
    url = f"{address_of(provider, VENDOR)}/audio/speech"
    headers = {"content-type": "application/json"}
    if provider.api_key:
        headers["authorization"] = f"Bearer {provider.api_key.get_secret_value()}"

    def ask(text: str) -> Post:
        return Post(url, json.dumps({"input": text, **wanted, **extra}).encode(), headers)

    return PostedVoice(label=VENDOR.label, ask=ask, sound="wav", rate=24000, model="chatterbox", voice=voice)


TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", default="default", help="As the server names it; a cloned one, for example."),
        Field("exaggeration", "Exaggeration", "number", min=0.25, max=2, help="Empty: the server’s own."),
        Field("temperature", "Temperature", "number", min=0.05, max=5, help="Empty: the server’s own."),
    ),
)

VENDOR = VendorSpec(
    name="chatterbox",
    label="Chatterbox",
    account=(
        Field("base_url", "Address", "url", required=True, default=BASE_URL, help="Up to and with /v1."),
        Field("api_key", "API key", "secret", help="Only if the server asks for one."),
    ),
    tts=TTS,
    local=True,
    probe=Probe(path="/models", base=BASE_URL, lists=""),
    note="Nothing leaves your machines unless this address does.",
)
