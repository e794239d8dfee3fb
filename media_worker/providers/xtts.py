"""XTTS on a machine of your own, by xtts-api-server (github.com/daswer123/xtts-api-server); in process it would need torch."""

from __future__ import annotations

import json
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Probe, Tts, VendorSpec, address_of, option

BASE_URL = "http://localhost:8020"
LANGUAGES = ("ar", "cs", "de", "en", "es", "fr", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh", "hi")


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.posted import Post, PostedVoice

    voice = str(option(provider, TTS, "voice"))
    language = context.spec.agent.language.split("-")[0]
    spoken = {"speaker_wav": voice, "language": "zh-cn" if language == "zh" else language}
    url = f"{address_of(provider, VENDOR)}/tts_to_audio/"

    def ask(text: str) -> Post:
        return Post(url, json.dumps({"text": text, **spoken}).encode(), {"content-type": "application/json"})

    return PostedVoice(label=VENDOR.label, ask=ask, sound="wav", rate=24000, model="xtts", voice=voice)


TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Speaker", default="female", help="The name of a sample in the server’s folder of speakers."),
    ),
    languages=LANGUAGES,
    streaming=False,
)

VENDOR = VendorSpec(
    name="xtts",
    label="XTTS",
    account=(Field("base_url", "Address", "url", required=True, default=BASE_URL),),
    tts=TTS,
    local=True,
    probe=Probe(path="/speakers_list", base=BASE_URL, lists=""),
    note="Nothing leaves your machines unless this address does. Its model’s licence forbids commercial use without leave.",
)
