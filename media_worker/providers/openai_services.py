"""pipecat's OpenAI services, for OpenAI and for every server that speaks its protocol. Imports pipecat: only builders do.

The SDK's own retries are off: a second attempt is the pipeline's decision, which knows how long a caller has waited.
One TLS context serves all calls, because making one takes some 20 ms of the event loop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAsyncHttpx2Client
from openai.types.chat import ChatCompletionChunk
from pipecat.adapters.llm.services.open_ai_adapter import OpenAILLMInvocationParams
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.mistral.llm import MistralLLMService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, ProviderUnavailable, Talent, VendorSpec, number, option
from media_worker.providers.containers import NotSamples, unwrap
from media_worker.providers.http import CONNECT_SECONDS, READ_SECONDS, VendorFailed, tls
from media_worker.providers.posted import Post, PostedEars, Transcript

OPENAI_RATE = 24000
STT_SECONDS = 5.0
"""Utterances are read one after another: a request that hangs must not keep the next one waiting."""
FIRST_SECONDS = 0.04
"""Sound that is gathered before the first of it is passed on."""
NO_KEY = "none"


def build_stt(provider: Provider, context: BuildContext, vendor: VendorSpec, base_url: str | None = None) -> Any:
    talent = _talent(vendor, "stt")
    model, prompt = str(option(provider, talent, "model")), _text(option(provider, talent, "prompt"))
    fields = {"model": model, "language": context.spec.agent.language.split("-")[0], "response_format": "json"}
    fields |= {"prompt": prompt} if prompt else {}
    url = f"{(provider.base_url or base_url or '').rstrip('/')}/audio/transcriptions"
    headers = {"authorization": f"Bearer {_key(provider)}"}
    for name, header in (("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")):
        if provider.account.get(name):
            headers[header] = str(provider.account[name])

    def ask(wav: bytes) -> Post:
        request = httpx2.Request("POST", url, data=fields, files={"file": ("audio.wav", wav, "audio/wav")})
        return Post(url, request.read(), headers | {"content-type": request.headers["content-type"]})

    def read(answer: dict[str, Any]) -> Transcript | None:
        return Transcript(str(answer["text"]).strip())

    return PostedEars(label=vendor.label, ask=ask, read=read, latency=2.0, model=model, seconds=STT_SECONDS)


def build_llm(
    provider: Provider,
    context: BuildContext,
    vendor: VendorSpec,
    base_url: str | None = None,
    *,
    kind: type[LLM] | None = None,
    extra: dict[str, Any] | None = None,
) -> Any:
    """`extra` goes along with every request, as the SDK's `create` takes it."""
    talent = _talent(vendor, "llm")
    kind = kind or (LLM if base_url else CompatibleLLM)
    longest = int(number(provider, talent, "max_tokens"))
    settings = kind.Settings(model=str(option(provider, talent, "model")), extra=extra or {})
    if kind.reasons:
        settings.max_completion_tokens = longest
    else:
        settings.max_tokens = longest
    temperature = option(provider, talent, "temperature")
    least = least_reasoning(str(settings.model)) if kind.reasons else None
    if least:
        settings.extra = {"reasoning_effort": least, **settings.extra}
    elif temperature is not None:
        settings.temperature = number(provider, talent, "temperature")
    return kind(
        api_key=_key(provider),
        base_url=provider.base_url or base_url,
        organization=_text(provider.account.get("organization")),
        project=_text(provider.account.get("project")),
        settings=settings,
    )


def least_reasoning(model: str) -> str | None:
    """What a model that reasons unless told otherwise is told, because a caller waits; None for all others.

    platform.openai.com/docs/guides/reasoning: “none” came with gpt-5.1, “minimal” is gpt-5's alone. Such models take no
    temperature.
    """
    if re.match(r"o[1-9]", model):
        return "low"
    if not re.match(r"gpt-[5-9]", model) or "-chat" in model:
        return None
    return "minimal" if re.match(r"gpt-5(-|$)", model) else "none"


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
    """pipecat's, with our client, and with every call of a tool that a model makes at once."""

    reasons = True
    """Its models may be of those that reason, which know only `max_completion_tokens`."""

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

    async def get_chat_completions(self, context: LLMContext) -> Any:
        return Completion(await super().get_chat_completions(context))


class CompatibleLLM(LLM):
    """Other servers know the role `system`, not `developer`, and the older `max_tokens`."""

    supports_developer_role = False
    reasons = False


class MistralLLM(CompatibleLLM, MistralLLMService):
    """Mistral wants ids of tools that are nine letters or digits: those that another model made are made over."""

    def build_chat_completion_params(self, params_from_context: OpenAILLMInvocationParams) -> dict[str, Any]:
        params: dict[str, Any] = super().build_chat_completion_params(params_from_context)
        messages = []
        for message in params["messages"]:
            made = dict(message)
            if made.get("tool_call_id"):
                made["tool_call_id"] = _nine(made["tool_call_id"])
            if made.get("tool_calls"):
                made["tool_calls"] = [{**call, "id": _nine(call["id"])} for call in made["tool_calls"]]
            messages.append(made)
        return params | {"messages": messages}


def _nine(id_: str) -> str:
    proper = len(id_) == 9 and id_.isascii() and id_.isalnum()
    return id_ if proper else hashlib.sha256(id_.encode()).hexdigest()[:9]


class Completion:
    """A streamed answer, one call of a tool in each piece, as pipecat reads it: it looks at the first only, where Mistral
    and Ollama send them all at once and Ollama gives each the number 0. An answer without a finish was cut off."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[ChatCompletionChunk, None]:
        numbers: dict[str, int] = {}
        finished = False
        async for chunk in self._stream:
            choice = chunk.choices[0] if chunk.choices else None
            finished = finished or bool(choice and choice.finish_reason)
            calls = (choice.delta.tool_calls if choice and choice.delta else None) or []
            for call in calls:
                if call.id and call.function and call.function.name:
                    call.index = numbers.setdefault(call.id, len(numbers))
                elif numbers:
                    call.index = min(call.index, len(numbers) - 1)
            if choice is None or not calls or (len(calls) == 1 and not choice.delta.content):
                yield chunk
                continue
            pieces: list[dict[str, Any]] = [{"tool_calls": [call], "content": None} for call in calls]
            if choice.delta.content:
                pieces.insert(0, {"tool_calls": None})
            for piece in pieces:
                delta = choice.delta.model_copy(update=piece)
                yield chunk.model_copy(update={"choices": [choice.model_copy(update={"delta": delta})]})
        if not finished:
            raise VendorFailed("The answer was cut off.")

    async def close(self) -> None:
        await self._stream.close()


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
                odd, rate, begun = b"", self._rate, False
                async for chunk in response.iter_bytes(int(self._rate * FIRST_SECONDS) * 2):
                    whole = odd + chunk
                    if not begun:
                        begun = True
                        whole, rate = unwrap(whole, rate, kind)
                    odd = whole[len(whole) // 2 * 2 :]
                    if len(whole) > 1:
                        await self.stop_ttfb_metrics()
                        yield TTSAudioRawFrame(whole[: len(whole) // 2 * 2], rate, 1, context_id=context_id)
        except NotSamples as error:
            yield ErrorFrame(error=f"The voice answered with {error}.")
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


def _http(read: float = READ_SECONDS) -> httpx2.AsyncClient:
    timeout = httpx2.Timeout(read, connect=CONNECT_SECONDS)
    return DefaultAsyncHttpx2Client(verify=tls(), timeout=timeout, trust_env=False, follow_redirects=False)
