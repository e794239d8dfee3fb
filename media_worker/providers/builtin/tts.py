"""espeak-ng as a pipecat service. The program that speaks is shared by a worker's calls; sentences come back in one go."""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator
from importlib.util import find_spec

from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.transcriptions.language import Language

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, ProviderUnavailable, number, option
from media_worker.providers.builtin import TTS
from media_worker.providers.builtin.children import ChildUnavailable, child

PROGRAM = "media_worker.providers.builtin.espeak"
SPEAK = 1
AUDIO, DONE = 1, 2
PATIENCE = 3.0
LONGEST_PIECE = 280
MISSING = "The built-in voice needs the extra “espeak” (espeak-ng, GPL-3): pip install voiceops[espeak]."
_CACHE_BYTES = 24 * 1024 * 1024
_ENDS = re.compile(r"(?<=[.!?;:])\s+")
_PAUSES = re.compile(r"(?<=,)\s+|\s+(?=(?:and|but|or|so|because|which|that)\b)")


def build(provider: Provider, context: BuildContext) -> BuiltinTTSService:
    """Raises ProviderUnavailable when espeak-ng is not installed."""
    if find_spec("espeakng_loader") is None:
        raise ProviderUnavailable(MISSING)
    return BuiltinTTSService(
        sample_rate=context.sample_rate,
        agency=context.spec.agency,
        voice=str(option(provider, TTS, "voice")),
        speed=int(number(provider, TTS, "speed")),
        pitch=int(number(provider, TTS, "pitch")),
    )


class BuiltinTTSService(TTSService):
    def __init__(self, *, sample_rate: int, agency: str, voice: str, speed: int, pitch: int) -> None:
        super().__init__(
            sample_rate=sample_rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model="espeak-ng", voice=voice, language=Language.EN),
        )
        self._rate = sample_rate
        self._agency = agency
        self._manner: dict[str, str | int] = {"voice": voice, "speed": speed, "pitch": pitch, "rate": sample_rate}

    def can_generate_metrics(self) -> bool:
        return True

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as FrameProcessor does
        await super().setup(setup)
        await child(PROGRAM).ready()

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        sayable = pieces(text)
        if not sayable:
            yield TTSAudioRawFrame(bytes(self._rate // 25 * 2), self._rate, 1, context_id=context_id)
        for piece in sayable:
            try:
                async for pcm in self._sound(piece):
                    await self.stop_ttfb_metrics()
                    yield TTSAudioRawFrame(pcm, self._rate, 1, context_id=context_id)
            except (ChildUnavailable, TimeoutError) as error:
                yield ErrorFrame(error=f"The built-in voice does not speak: {error or 'it took too long.'}")
                return

    async def _sound(self, text: str) -> AsyncGenerator[bytes, None]:
        """The sentence's sound, from the cache or as it comes. A program that dies under it is started once more."""
        key = (self._agency, text, *self._manner.values())
        if (kept := _cache.get(key)) is not None:
            yield kept
            return
        whole = bytearray()
        for attempt in (1, 2):
            try:
                async for pcm in self._synthesise(text):
                    whole += pcm
                    yield pcm
                break
            except ChildUnavailable:
                if attempt == 2 or whole:
                    raise
        _cache.put(key, bytes(whole))

    async def _synthesise(self, text: str) -> AsyncGenerator[bytes, None]:
        program = child(PROGRAM)
        await program.ready()
        answers: asyncio.Queue[tuple[int | None, bytes]] = asyncio.Queue()
        stream = program.open(lambda kind, payload: answers.put_nowait((kind, payload)))
        try:
            program.send(stream, SPEAK, json.dumps({"text": text, **self._manner}).encode())
            while True:
                kind, payload = await asyncio.wait_for(answers.get(), PATIENCE)
                if kind == DONE:
                    return
                if kind != AUDIO:
                    raise ChildUnavailable(payload.decode(errors="replace") or "its program died.")
                yield payload
        finally:
            program.close(stream)


def pieces(text: str) -> list[str]:
    """Sentences, and long ones at their pauses: so that the first sound never waits for a long text."""
    found: list[str] = []
    for sentence in _ENDS.split(text.strip()):
        rest = sentence.strip()
        while len(rest) > LONGEST_PIECE:
            cuts = [match.start() for match in _PAUSES.finditer(rest, 40, LONGEST_PIECE)]
            cut = cuts[-1] if cuts else rest.rfind(" ", 40, LONGEST_PIECE)
            cut = cut if cut > 0 else LONGEST_PIECE
            found.append(rest[:cut].strip())
            rest = rest[cut:].strip()
        if any(c.isalnum() for c in rest):
            found.append(rest)
    return found


class _Cache:
    """Sound by agency, text and manner; the longest unused goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str | int, ...], bytes] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str | int, ...]) -> bytes | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: tuple[str | int, ...], sound: bytes) -> None:
        if key in self._kept or len(sound) > self._most // 8:
            return
        self._kept[key] = sound
        self._size += len(sound)
        while self._size > self._most:
            self._size -= len(self._kept.popitem(last=False)[1])


_cache = _Cache(_CACHE_BYTES)
