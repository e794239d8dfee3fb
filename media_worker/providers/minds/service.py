"""One pipecat service for every language model that is reached over plain HTTP; its dialect knows the vendor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx2
from pipecat.frames.frames import Frame, LLMContextFrame, LLMFullResponseEndFrame, LLMFullResponseStartFrame
from pipecat.metrics.metrics import LLMTokenUsage
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import FunctionCallFromLLM, LLMService
from pipecat.services.settings import LLMSettings
from pipecat.utils.types import is_given

from media_worker.contract.spec import Provider
from media_worker.providers.base import Llm, Tool, number, option
from media_worker.providers.http import VendorFailed, client, posted
from media_worker.providers.minds.dialect import Dialect, End, Happening, Question, Text, Usage, Use, tidied


def build(provider: Provider, talent: Llm, dialect: Dialect) -> HttpMind:
    """A mind whose options are `model`, `temperature` and `max_tokens`."""
    temperature = option(provider, talent, "temperature")
    return HttpMind(
        dialect,
        model=str(option(provider, talent, "model")),
        max_tokens=int(number(provider, talent, "max_tokens")),
        temperature=None if temperature is None else number(provider, talent, "temperature"),
    )


class HttpMind(LLMService):
    """Streams an answer, runs the tools it asks for, and reports tokens. An interruption closes the connection."""

    def __init__(self, dialect: Dialect, *, model: str, max_tokens: int, temperature: float | None) -> None:
        super().__init__(
            settings=LLMSettings(
                model=model,
                system_instruction=None,
                temperature=temperature,
                max_tokens=max_tokens,
                top_p=None,
                top_k=None,
                frequency_penalty=None,
                presence_penalty=None,
                seed=None,
                filter_incomplete_user_turns=None,
                user_turn_completion_config=None,
            )
        )
        self._dialect = dialect
        self._http = client()

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._http.aclose()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await self.start_processing_metrics()
        try:
            await self._answer(frame.context)
        except asyncio.CancelledError:
            raise
        except httpx2.TimeoutException as error:
            await self.push_error("The model did not answer in time.", exception=error)
        except Exception as error:
            # Only ours are known to hold nothing that was said.
            said = str(error) if isinstance(error, VendorFailed) else type(error).__name__
            await self.push_error(f"The model failed: {said}", exception=error)
        finally:
            await self.stop_processing_metrics()
            await self.push_frame(LLMFullResponseEndFrame())

    async def run_inference(
        self,
        context: LLMContext,
        max_tokens: int | None = None,
        system_instruction: str | None = None,
        response_schema: dict[str, Any] | None = None,
    ) -> str | None:
        """The words of an answer outside the conversation. Raises VendorFailed, or what httpx2 raises."""
        question = self._question(context, max_tokens, system_instruction)
        return "".join([one.text async for one in self._happenings(question) if isinstance(one, Text)]) or None

    async def _answer(self, context: LLMContext) -> None:
        uses: list[Use] = []
        usage: Usage | None = None
        await self.start_ttfb_metrics()
        try:
            async with aclosing(self._happenings(self._question(context))) as happenings:
                async for one in happenings:
                    if isinstance(one, Usage):
                        usage = one
                        continue
                    await self.stop_ttfb_metrics()
                    if isinstance(one, Text) and one.text:
                        await self._push_llm_text(one.text)
                    elif isinstance(one, Use):
                        uses.append(one)
        finally:
            if usage is not None:
                await self.start_llm_usage_metrics(_tokens(usage))
        calls = [
            FunctionCallFromLLM(context=context, tool_call_id=use.id, function_name=use.name, arguments=use.arguments)
            for use in uses
        ]
        await self.run_function_calls(calls)

    async def _happenings(self, question: Question) -> AsyncGenerator[Happening]:
        request = self._dialect.request(question)
        ended = False
        async with (
            posted(
                self._http, request.url, content=request.content, headers=request.headers, kinds=self._dialect.kinds
            ) as response,
            aclosing(self._dialect.happenings(response.aiter_bytes())) as happenings,
        ):
            async for one in happenings:
                ended = ended or isinstance(one, End)
                yield one
        if not ended:
            raise VendorFailed("The answer was cut off.")

    def _question(
        self, context: LLMContext, max_tokens: int | None = None, system_instruction: str | None = None
    ) -> Question:
        settings = self._settings
        schema = context.tools
        standard = schema.standard_tools if is_given(schema) and schema is not None else []
        tools = [
            Tool(
                tool.name,
                tool.description,
                {"type": "object", "properties": tool.properties, "required": list(tool.required)},
            )
            for tool in standard
        ]
        return Question(
            model=str(settings.model),
            system=system_instruction or str(settings.system_instruction or ""),
            turns=tidied(message for message in context.get_messages() if isinstance(message, dict)),
            tools=tuple(tools),
            max_tokens=max_tokens or int(settings.max_tokens or 0) or 400,
            temperature=settings.temperature if isinstance(settings.temperature, int | float) else None,
        )


def _tokens(usage: Usage) -> LLMTokenUsage:
    total = usage.prompt + usage.read + usage.written + usage.completion
    return LLMTokenUsage(
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        total_tokens=total,
        cache_read_input_tokens=usage.read,
        cache_creation_input_tokens=usage.written,
    )
