"""Azure Speech: streamed transcription and neural voices, without Microsoft's SDK.

Wire of the ears: learn.microsoft.com/azure/ai-services/speech-service (“Speech protocol”, the one its SDK speaks): messages
with headers as in HTTP. A turn has a request id; it begins with a WAV header and ends with an empty piece of sound, to
which the service answers `turn.end`. Sound for the next turn waits for that.
Wire of the voice: its REST API, learn.microsoft.com/azure/ai-services/speech-service/rest-text-to-speech.
"""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from media_worker.contract.spec import Provider
from media_worker.providers.base import (
    BuildContext,
    Field,
    Probe,
    ProviderUnavailable,
    Stt,
    Tts,
    VendorSpec,
    key_of,
    number,
    option,
)
from media_worker.providers.locales import locale
from media_worker.providers.streaming import services
from media_worker.providers.streaming.wire import (
    Door,
    Final,
    Heard,
    Interim,
    Message,
    VendorSaid,
    loads,
    socket_url,
    words_of,
)

KEY_HEADER = "Ocp-Apim-Subscription-Key"
_WAV = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass
class SpeechWire:
    base: str
    key: str
    language: str
    rate: int
    words: tuple[str, ...] = ()
    chunk: float = 0.1
    answers: bool = True
    _request: str = ""
    _ending: str = ""
    _held: bytearray = field(default_factory=bytearray)

    def door(self) -> Door:
        path = "/speech/recognition/conversation/cognitiveservices/v1"
        url = socket_url(self.base, path, {"language": self.language, "format": "detailed"})
        system = {"name": "VoiceOps", "version": "1", "build": "Python", "lang": "Python"}
        config = {"context": {"system": system, "os": {"platform": "Linux", "name": "Linux", "version": ""}}}
        headers = {KEY_HEADER: self.key, "X-ConnectionId": uuid.uuid4().hex}
        return Door(url, headers, hello=(_text("speech.config", uuid.uuid4().hex, config),))

    def audio(self, pcm: bytes) -> Message | None:
        self._held += pcm
        if self._ending:
            return None
        sound = bytes(self._held)
        self._held.clear()
        if not self._request:
            self._request = uuid.uuid4().hex
            sound = _wav_header(self.rate) + sound
        return _sound(self._request, sound)

    def begin(self) -> Iterable[Message]:
        """Words to expect go along with a turn that has not begun."""
        if not self.words or self._request or self._ending:
            return
        self._request = uuid.uuid4().hex
        phrases = [{"Text": word} for word in self.words]
        yield _text("speech.context", self._request, {"dgi": {"Groups": [{"Type": "Generic", "Items": phrases}]}})
        yield _sound(self._request, _wav_header(self.rate))

    def finish(self) -> Iterable[Message]:
        if self._request and not self._ending:
            self._ending = self._request
            yield _sound(self._request, b"")

    def alive(self) -> Message | None:
        return None

    def goodbye(self) -> Iterable[Message]:
        return ()

    def read(self, message: Message) -> Iterable[Heard]:
        if isinstance(message, bytes):
            return
        head, _, body = message.partition("\r\n\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in head.split("\r\n"))
        }
        path, request = headers.get("path", "").lower(), headers.get("x-requestid", "")
        if not path:
            raise ValueError("This is no message of the speech protocol.")
        if path == "speech.hypothesis":
            yield Interim(str(loads(body).get("Text", "")))
        elif path == "speech.phrase":
            yield from _phrase(loads(body))
        elif path == "turn.end" and request in (self._request, self._ending):
            told, self._request, self._ending = bool(self._ending), "", ""
            if told:
                yield Final("", finalized=True)

    def closed(self, code: int, reason: str) -> Exception | None:
        words = reason.lower()
        if "quota" in words or "throttl" in words or "too many" in words:
            return VendorSaid("It ended the session for its limit.", 429)
        return VendorSaid("It ended the session.", 400) if code in (1003, 1007) else None


def _phrase(told: dict[str, Any]) -> Iterable[Heard]:
    status = told.get("RecognitionStatus")
    if status == "Error":
        raise VendorSaid("It could not transcribe.", 500)
    if status != "Success":
        return
    best = (told.get("NBest") or [{}])[0]
    confidence = best.get("Confidence")
    text = str(best.get("Display") or told.get("DisplayText") or "")
    yield Final(text, float(confidence) if isinstance(confidence, int | float) else None)


def _head(path: str, request: str, kind: str) -> str:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return f"Path: {path}\r\nX-RequestId: {request}\r\nX-Timestamp: {moment}\r\nContent-Type: {kind}\r\n"


def _text(path: str, request: str, body: dict[str, Any]) -> str:
    return f"{_head(path, request, 'application/json')}\r\n{json.dumps(body)}"


def _sound(request: str, pcm: bytes) -> bytes:
    head = _head("audio", request, "audio/x-wav").encode()
    return struct.pack(">H", len(head)) + head + pcm


def _wav_header(rate: int) -> bytes:
    """One channel of 16-bit samples, of a length not known yet."""
    return _WAV.pack(b"RIFF", 0, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", 0)


def _base(provider: Provider, kind: str) -> str:
    region = str(provider.account.get("region") or "")
    if provider.base_url:
        return provider.base_url
    if not region.isalnum():
        raise ProviderUnavailable("The Azure Speech account has no region, as in westeurope.")
    return f"https://{region}.{kind}.speech.microsoft.com"


def _stt(provider: Provider, context: BuildContext) -> Any:
    base, key, language = _base(provider, "stt"), key_of(provider, VENDOR), locale(context.spec.agent.language)
    words = words_of(option(provider, STT, "words"))

    def wire() -> SpeechWire:
        return SpeechWire(base, key, language, context.sample_rate, words)

    return services.ears(VENDOR.label, context, wire, latency=1.0, model="conversation")


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.posted import Post, PostedVoice

    language = locale(context.spec.agent.language)
    voice = str(option(provider, TTS, "voice"))
    rate = context.sample_rate if context.sample_rate in (8000, 16000) else 24000
    speed = number(provider, TTS, "speed") if option(provider, TTS, "speed") is not None else 1.0
    url = f"{_base(provider, 'tts').rstrip('/')}/cognitiveservices/v1"
    headers = {
        KEY_HEADER: key_of(provider, VENDOR),
        "Content-Type": "application/ssml+xml",
        "X-Microsoft-OutputFormat": f"raw-{rate // 1000}khz-16bit-mono-pcm",
        "User-Agent": "VoiceOps",
    }

    def ask(text: str) -> Post:
        return Post(url, _ssml(text, language, voice, speed).encode(), headers)

    return PostedVoice(label=VENDOR.label, ask=ask, sound="pcm", rate=rate, model="neural", voice=voice)


def _ssml(text: str, language: str, voice: str, speed: float) -> str:
    said = escape("".join(c for c in text if c.isprintable() or c.isspace()))
    if speed != 1:
        said = f'<prosody rate="{round((speed - 1) * 100):+d}%">{said}</prosody>'
    return (
        f'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang={quoteattr(language)}>'
        f"<voice name={quoteattr(voice)}>{said}</voice></speak>"
    )


STT = Stt(
    build=_stt,
    options=(Field("words", "Words to expect", help="Names and terms that are easily misheard, separated by commas."),),
    streaming=True,
    interim=True,
)

TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", default="en-US-AvaMultilingualNeural", help="A name as in en-GB-SoniaNeural."),
        Field("speed", "Speed", "number", min=0.5, max=2, help="1 is normal."),
    ),
)

VENDOR = VendorSpec(
    name="azure_speech",
    label="Azure Speech",
    account=(
        Field("api_key", "Key", "secret", required=True),
        Field("region", "Region", required=True, help="As in westeurope."),
        services.address("https://speech.example.org, which serves both the ears and the voice"),
    ),
    stt=STT,
    tts=TTS,
    probe=Probe(
        path="/cognitiveservices/voices/list",
        base="https://{region}.tts.speech.microsoft.com",
        header=KEY_HEADER,
        scheme="",
        lists="",
    ),
)
