"""OpenAI: transcription of segments, chat completions, streamed speech."""

from __future__ import annotations

from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Probe, S2s, Stt, Tts, VendorSpec

BASE_URL = "https://api.openai.com/v1"

VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
    *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
)

S2S_VOICES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_stt

    return build_stt(provider, context, VENDOR, BASE_URL)


def _llm(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_llm

    return build_llm(provider, context, VENDOR, BASE_URL)


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_services import build_tts

    return build_tts(provider, context, VENDOR, BASE_URL)


def _s2s(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.openai_realtime import build

    return build(provider, context, S2S, BASE_URL)


S2S = S2s(
    build=_s2s,
    options=(
        Field("model", "Model", default="gpt-realtime"),
        Field("voice", "Voice", "choice", default="marin", choices=tuple((v, v.capitalize()) for v in S2S_VOICES)),
    ),
    note="Hears, thinks and speaks in one. Sound leaves your machines.",
)

VENDOR = VendorSpec(
    name="openai",
    label="OpenAI",
    account=(
        Field("api_key", "API key", "secret", required=True),
        Field("organization", "Organization", help="Only for keys that belong to several."),
        Field("project", "Project", help="Only for keys that belong to several."),
    ),
    stt=Stt(
        build=_stt,
        options=(
            Field("model", "Model", default="gpt-4o-transcribe"),
            Field("prompt", "Words to expect", help="Names and terms that are easily misheard."),
        ),
        note="Hears an utterance once it is over.",
    ),
    llm=Llm(
        build=_llm,
        options=(
            Field("model", "Model", default="gpt-4.1-mini"),
            Field("temperature", "Temperature", "number", min=0, max=2, help="Empty: the model's own."),
            Field("max_tokens", "Longest reply, in tokens", "number", default=400, min=16, max=4096),
        ),
        completions=True,
    ),
    tts=Tts(
        build=_tts,
        options=(
            Field("model", "Model", default="gpt-4o-mini-tts"),
            Field("voice", "Voice", "choice", default="marin", choices=tuple((v, v.capitalize()) for v in VOICES)),
            Field("speed", "Speed", "number", min=0.25, max=4, help="1 is normal."),
            Field("instructions", "How to speak", help="For example: warm, calm, a little slower with numbers."),
        ),
    ),
    s2s=S2S,
    probe=Probe(
        base=BASE_URL, account_headers=(("organization", "OpenAI-Organization"), ("project", "OpenAI-Project"))
    ),
)
