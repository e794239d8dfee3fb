"""pipecat's OpenAI services, for OpenAI and for every server that speaks its protocol. Imports pipecat: only builders do.

The SDK's own retries are off: a second attempt is the pipeline's decision, which knows how long a caller has waited.
One TLS context serves all calls, because making one takes some 20 ms of the event loop.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAsyncHttpx2Client
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.transcriptions.language import Language

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, ProviderUnavailable, Talent, VendorSpec, number, option

OPENAI_RATE = 24000
CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
STT_SECONDS = 5.0
"""Utterances are read one after another: a request that hangs must not keep the next one waiting."""
FIRST_SECONDS = 0.04
"""Sound that is gathered before the first of it is passed on."""
NO_KEY = "none"


def build_stt(provider: Provider, context: BuildContext, vendor: VendorSpec, base_url: str | None = None) -> Any:
    talent = _talent(vendor, "stt")
    language = context.spec.agent.language.split("-")[0]
    service = OpenAISTTService(
        api_key=_key(provider),
        base_url=provider.base_url or base_url,
        http_client=_http(STT_SECONDS),
        settings=OpenAISTTService.Settings(
            model=str(option(provider, talent, "model")),
            language=Language(language),
            prompt=_text(option(provider, talent, "prompt")),
        ),
    )
    service._client = service._client.with_options(max_retries=0)
    return service


def build_llm(provider: Provider, context: BuildContext, vendor: VendorSpec, base_url: str | None = None) -> Any:
    talent = _talent(vendor, "llm")
    settings = OpenAILLMService.Settings(
        model=str(option(provider, talent, "model")), max_tokens=int(number(provider, talent, "max_tokens"))
    )
    temperature = option(provider, talent, "temperature")
    if temperature is not None:
        settings.temperature = number(provider, talent, "temperature")
    kind = LLM if base_url else CompatibleLLM
    return kind(
        api_key=_key(provider),
        base_url=provider.base_url or base_url,
        organization=_text(provider.account.get("organization")),
        project=_text(provider.account.get("project")),
        settings=settings,
    )


def build_tts(provider: Provider, context: BuildContext, vendor: VendorSpec, base_url: str | None = None) -> Any:
    talent = _talent(vendor, "tts")
    declared = {field.name for field in talent.options}
    speed = option(provider, talent, "speed")
    return OpenAITTS(
        client=AsyncOpenAI(
            api_key=_key(provider),
            base_url=provider.base_url or base_url,
            organization=_text(provider.account.get("organization")),
            project=_text(provider.account.get("project")),
            http_client=_http(),
            max_retries=0,
        ),
        rate=int(number(provider, talent, "rate")) if "rate" in declared else OPENAI_RATE,
        model=str(option(provider, talent, "model")),
        voice=str(option(provider, talent, "voice")),
        speed=None if speed is None else number(provider, talent, "speed"),
        instructions=_text(option(provider, talent, "instructions")) if "instructions" in declared else None,
    )


class LLM(OpenAILLMService):
    """pipecat's, with our client."""

    def create_client(
        self,
        api_key: Any = None,
        base_url: Any = None,
        organization: Any = None,
        project: Any = None,
        default_headers: Any = None,
        **kwargs: Any,
    ) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            organization=organization,
            project=project,
            default_headers=default_headers,
            http_client=_http(),
            max_retries=0,
        )


class CompatibleLLM(LLM):
    """Local servers know the role `system`, not `developer`."""

    supports_developer_role = False


class OpenAITTS(TTSService):
    """Streams `audio/speech`. pipecat's own refuses voices that OpenAI has not got, and waits for half a second of sound."""

    def __init__(
        self, *, client: AsyncOpenAI, rate: int, model: str, voice: str, speed: float | None, instructions: str | None
    ) -> None:
        super().__init__(
            sample_rate=rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=model, voice=voice, language=None),
        )
        self._client = client
        self._rate = rate
        self._request: dict[str, Any] = {"model": model, "voice": voice, "response_format": "pcm"}
        if speed is not None:
            self._request["speed"] = speed
        if instructions:
            self._request["instructions"] = instructions

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._client.close()

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        request = self._client.audio.speech.with_streaming_response.create(input=text, **self._request)
        try:
            async with request as response:
                kind = response.headers.get("content-type", "").partition(";")[0]
                if kind.startswith("text/") or kind == "application/json":
                    yield ErrorFrame(error=f"The voice answered with {kind} in place of sound.")
                    return
                await self.start_tts_usage_metrics(text)
                odd = b""
                async for chunk in response.iter_bytes(int(self._rate * FIRST_SECONDS) * 2):
                    whole = odd + chunk
                    odd = whole[len(whole) // 2 * 2 :]
                    if len(whole) > 1:
                        await self.stop_ttfb_metrics()
                        yield TTSAudioRawFrame(whole[: len(whole) // 2 * 2], self._rate, 1, context_id=context_id)
        except APIStatusError as error:
            yield ErrorFrame(error=f"The voice answered {error.status_code}.", exception=error)
        except APIConnectionError as error:
            yield ErrorFrame(error=f"The voice did not answer: {type(error).__name__}.", exception=error)


def _talent(vendor: VendorSpec, name: Any) -> Talent:
    talent = vendor.talent(name)
    if talent is None:
        raise ProviderUnavailable(f"{vendor.label} has no {name.upper()}.")
    return talent


def _key(provider: Provider) -> str:
    """The SDK wants a key even where the server asks for none."""
    return provider.api_key.get_secret_value() if provider.api_key else NO_KEY


def _text(value: Any) -> str | None:
    return str(value) if value else None


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _http(read: float = READ_SECONDS) -> httpx2.AsyncClient:
    timeout = httpx2.Timeout(read, connect=CONNECT_SECONDS)
    return DefaultAsyncHttpx2Client(verify=_tls(), timeout=timeout, trust_env=False)
