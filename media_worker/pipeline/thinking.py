"""An LLM answers a turn, in as many rounds as its tools need, and never later than the caller's patience.

pipecat waits for ever for a server that stalls, so the deadlines are ours: for the first token, between tokens, for a
tool. What fails is told to `failed`, once; whoever listens decides what the caller hears.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import InterruptionFrame, LLMContextFrame, LLMUpdateSettingsFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import FunctionCallParams, LLMService
from pipecat.services.settings import LLMSettings

from media_worker.observe.journal import History
from media_worker.observe.spans import OpenSpan
from media_worker.pipeline.speech import Speech
from media_worker.pipeline.voice import Voice

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner, Reply

FIRST_TOKEN = 3.0
BETWEEN_TOKENS = 3.0
TOOL = 15.0
MOST_ROUNDS = 6
_ERROR_LAG = 0.1
"""An error travels a longer way than the end of the answer it spoiled."""


@dataclass
class Round:
    """One request to the LLM: what it said, and the tools it called."""

    turn: int
    number: int
    span: OpenSpan
    text: str = ""
    expected: int = 0
    ended: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    reply: Reply | None = None


@dataclass(frozen=True)
class Outcome:
    """`heard_something`: part of the answer was on its way to the caller. `why` names the failure, in one word."""

    why: str
    heard_something: bool


@dataclass(frozen=True)
class Reporting:
    """Whom the thinker tells, always with the turn's number. `asked` and `tool` open the spans of the call's trace."""

    asked: Callable[[int], OpenSpan]
    tool: Callable[[int, str], OpenSpan]
    first_token: Callable[[int], None]
    answered: Callable[[Speech | None, Reply | None, int], Awaitable[None]]
    failed: Callable[[Outcome, int], Awaitable[None]]
    spawn: Callable[[Coroutine[Any, Any, None]], object]


class Thinker:
    """`source` is the processor before the LLM: what the LLM is to do is pushed from there."""

    def __init__(
        self,
        llm: LLMService,
        source: FrameProcessor,
        flow: FlowRunner,
        history: History,
        voice: Voice,
        report: Reporting,
    ) -> None:
        self._source = source
        self._llm = llm
        self._prompt = ""
        self._flow = flow
        self._history = history
        self._voice = voice
        self._report = report
        self._round: Round | None = None
        self._speech: Speech | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._last_span: OpenSpan | None = None
        llm.register_function(None, self._on_call)
        voice.thoughts = self

    @property
    def busy(self) -> bool:
        return self._round is not None

    # ── asking ───────────────────────────────────────────────────────────────────────────────────

    async def answer(self, turn: int) -> None:
        self._speech = await self._voice.open(turn)
        await self._ask(turn, 1)

    async def _ask(self, turn: int, number: int) -> None:
        tools = [
            FunctionSchema(
                name=tool.name,
                description=tool.description,
                properties=tool.parameters.get("properties", {}),
                required=tool.parameters.get("required", []),
            )
            for tool in self._flow.tools()
        ]
        prompt = self._flow.system_prompt()
        if prompt != self._prompt:
            self._prompt = prompt
            delta = LLMSettings(system_instruction=prompt)
            await self._source.push_frame(LLMUpdateSettingsFrame(delta=delta, service=self._llm))
        context = LLMContext(messages=self._history.for_llm())  # type: ignore[arg-type]
        if tools:
            context.set_tools(ToolsSchema(standard_tools=tools))
        self._round = Round(turn, number, self._report.asked(turn))
        self._last_span = self._round.span
        self._within(FIRST_TOKEN, "no_first_token")
        await self._source.push_frame(LLMContextFrame(context=context))

    async def stop(self) -> None:
        """Whatever the LLM is doing, it is not needed any more."""
        self._within(None)
        now, speech = self._round, self._speech
        self._round = self._speech = None
        if now is not None:
            now.span.close(kept=speech is not None and bool(speech.sentences), late_news=True)
        if speech is not None:
            await self._voice.close(speech, say_rest=False)
        self._voice.ignore_llm()
        await self._source.push_frame(InterruptionFrame())

    # ── listening ────────────────────────────────────────────────────────────────────────────────

    async def on_text(self, text: str) -> None:
        now, speech = self._round, self._speech
        if now is None or speech is None:
            return
        now.span.first()
        if not now.text:
            self._report.first_token(now.turn)
        now.text += text
        self._within(BETWEEN_TOKENS, "stalled")
        await self._voice.add(speech, text)

    async def on_calls(self, count: int) -> None:
        if self._round is not None:
            self._round.span.first()
            self._report.first_token(self._round.turn)
            self._round.expected += count
            self._within(TOOL, "tool_timeout")

    async def on_end(self) -> None:
        now = self._round
        if now is None:
            return
        now.ended = True
        now.span.end()
        if not now.expected and not now.text.strip():
            self._within(_ERROR_LAG, "empty")
        else:
            await self._maybe_done(now)

    def on_tokens(self, tokens_in: int, tokens_out: int) -> None:
        """Some vendors tell them after the end of the answer."""
        if self._last_span is not None:
            self._last_span.add(tokens_in=tokens_in, tokens_out=tokens_out)

    async def on_error(self, why: str) -> None:
        if self._round is not None:
            await self._fail(why)

    async def _on_call(self, params: FunctionCallParams) -> None:
        """pipecat cancels this when the caller speaks; the tool itself is shielded, so a write is never half done."""
        now = self._round
        span = self._report.tool(now.turn, params.function_name) if now is not None else None
        running = asyncio.ensure_future(self._flow.on_tool_call(params.function_name, dict(params.arguments)))
        try:
            result = await asyncio.shield(running)
        except BaseException as error:
            if span is not None:
                span.close(kept=False, error=type(error).__name__)
            raise
        if span is not None:
            span.close()
        await params.result_callback({"result": result.text})
        if now is None or now is not self._round:
            return
        call = {
            "id": params.tool_call_id or uuid.uuid4().hex,
            "type": "function",
            "function": {"name": params.function_name, "arguments": json.dumps(dict(params.arguments))},
        }
        now.calls.append(call)
        now.results.append({"role": "tool", "tool_call_id": call["id"], "content": result.text})
        if result.reply is not None and now.reply is None:
            now.reply = result.reply
        self._report.spawn(self._maybe_done(now))

    async def _maybe_done(self, now: Round) -> None:
        if now is not self._round or not now.ended or len(now.calls) < now.expected:
            return
        self._within(None)
        now.span.close(late_news=True)
        speech = self._speech
        if now.calls:
            self._history.tool_round(now.calls, now.results)
        if now.calls and now.reply is None and now.number < MOST_ROUNDS:
            if speech is not None and now.text:
                await self._voice.add(speech, "\n")
            await self._ask(now.turn, now.number + 1)
            return
        if not now.text.strip() and now.reply is None and (speech is None or not speech.sentences):
            await self._fail("too_many_tools")
            return
        self._round = self._speech = None
        if speech is not None:
            await self._voice.close(speech)
        await self._report.answered(speech, now.reply, now.turn)

    # ── patience ─────────────────────────────────────────────────────────────────────────────────

    def _within(self, seconds: float | None, why: str = "") -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._too_late, self._round, why)

    def _too_late(self, now: Round | None, why: str) -> None:
        if now is not None and now is self._round:
            self._report.spawn(self._fail(why))

    async def _fail(self, why: str) -> None:
        speech, turn = self._speech, self._round.turn if self._round else 0
        heard_something = speech is not None and bool(speech.sentences)
        if self._round is not None:
            self._round.span.close(kept=heard_something, error=why, late_news=True)
        await self.stop()
        await self._report.failed(Outcome(why, heard_something), turn)
