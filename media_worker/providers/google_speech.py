"""Google Cloud Speech-to-Text and Text-to-Speech by an API key: no service account's file.

The ears stream over gRPC, which needs the extra “google”; without it, or when the option says so, they go by REST and get
an utterance once it is over. cloud.google.com/speech-to-text/docs/reference/rest/v1/speech/recognize,
cloud.google.com/text-to-speech/docs/reference/rest/v1/text/synthesize.
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    BuildContext,
    Field,
    Probe,
    Stt,
    Tts,
    VendorSpec,
    key_of,
    missing,
    number,
    option,
)
from media_worker.providers.locales import locale
from media_worker.providers.streaming import services
from media_worker.providers.streaming.wire import words_of

STT_URL = "https://speech.googleapis.com"
TTS_URL = "https://texttospeech.googleapis.com"


def _stt(provider: Provider, context: BuildContext) -> Any:
    return _by_rest(provider, context) if option(provider, STT, "way") == "rest" else _streamed(provider, context)


def _streamed(provider: Provider, context: BuildContext) -> Any:
    try:
        from media_worker.providers.google_streaming import GoogleEars
    except ImportError as error:
        raise missing("google", VENDOR.label) from error
    words = list(words_of(option(provider, STT, "words")))
    config: dict[str, Any] = {
        "language_code": locale(context.spec.agent.language),
        "model": str(option(provider, STT, "model")),
        "enable_automatic_punctuation": True,
        "max_alternatives": 1,
        "speech_contexts": [{"phrases": words}] if words else [],
    }
    where = urlsplit(provider.base_url or STT_URL)
    secure = where.scheme == "https"
    host = f"{where.hostname}:{where.port or (443 if secure else 80)}"
    key = key_of(provider, VENDOR)
    return GoogleEars(label=VENDOR.label, host=host, secure=secure, key=key, config=config, rate=context.sample_rate)


def _by_rest(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.posted import Post, PostedEars, Transcript

    model = str(option(provider, STT, "model"))
    config: dict[str, Any] = {
        "languageCode": locale(context.spec.agent.language),
        "model": model,
        "enableAutomaticPunctuation": True,
        "maxAlternatives": 1,
    }
    words = words_of(option(provider, STT, "words"))
    if words:
        config["speechContexts"] = [{"phrases": list(words)}]
    url = f"{(provider.base_url or STT_URL).rstrip('/')}/v1/speech:recognize"
    headers = _headers(provider)

    def ask(wav: bytes) -> Post:
        body = {"config": config, "audio": {"content": base64.b64encode(wav).decode()}}
        return Post(url, json.dumps(body).encode(), headers)

    def read(answer: dict[str, Any]) -> Transcript | None:
        """A result for each stretch of speech; the words are WAV's, which names its own rate."""
        best = [result["alternatives"][0] for result in answer.get("results") or () if result.get("alternatives")]
        if not best:
            return None
        sure = [float(one["confidence"]) for one in best if one.get("confidence")]
        text = " ".join(str(one.get("transcript", "")).strip() for one in best).strip()
        return Transcript(text, min(sure) if sure else None)

    return PostedEars(label=VENDOR.label, ask=ask, read=read, latency=1.57, model=model)


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.posted import Post, PostedVoice

    voice = str(option(provider, TTS, "voice"))
    audio: dict[str, Any] = {"audioEncoding": "LINEAR16", "sampleRateHertz": context.sample_rate}
    if option(provider, TTS, "speed") is not None:
        audio["speakingRate"] = number(provider, TTS, "speed")
    # A voice's name begins with its language: en-US-Chirp3-HD-Kore.
    parts = voice.split("-")
    language = "-".join(parts[:2]) if len(parts) > 2 else locale(context.spec.agent.language)
    url = f"{(provider.base_url or TTS_URL).rstrip('/')}/v1/text:synthesize"
    headers = _headers(provider)

    def ask(text: str) -> Post:
        body = {"input": {"text": text}, "voice": {"languageCode": language, "name": voice}, "audioConfig": audio}
        return Post(url, json.dumps(body).encode(), headers)

    return PostedVoice(
        label=VENDOR.label,
        ask=ask,
        sound="json",
        field="audioContent",
        rate=context.sample_rate,
        model="v1",
        voice=voice,
    )


def _headers(provider: Provider) -> dict[str, str]:
    return {"x-goog-api-key": key_of(provider, VENDOR), "content-type": "application/json"}


STT = Stt(
    build=_stt,
    options=(
        Field(
            "way",
            "Way",
            "choice",
            default="stream",
            choices=(("stream", "Streamed, needs the extra “google”"), ("rest", "Whole utterances, slower")),
        ),
        Field("model", "Model", default="telephony", help="For example telephony, latest_short or default."),
        Field("words", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),
    ),
    streaming=True,
    interim=True,
)

TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", default="en-US-Chirp3-HD-Kore", help="A name as in en-GB-Neural2-A."),
        Field("speed", "Speed", "number", min=0.25, max=2, help="1 is normal."),
    ),
    streaming=False,
    note="A sentence is spoken once all of it is made.",
)

VENDOR = VendorSpec(
    name="google_speech",
    label="Google Cloud Speech",
    account=(
        Field("api_key", "API key", "secret", required=True, help="With Speech-to-Text and Text-to-Speech enabled."),
        services.address("https://speech.example.org, which serves both the ears and the voice"),
    ),
    stt=STT,
    tts=TTS,
    probe=Probe(path="/v1/voices?languageCode=en-US", base=TTS_URL, header="x-goog-api-key", scheme="", lists="voices"),
)
