"""A model answers a turn, in as many rounds as its tools need, and never later than the caller's patience.

pipecat waits for ever for a server that stalls, so the deadlines are ours: for the first token, between tokens, for a
tool. What fails is told to `failed`, once, with the reply left open: whoever listens lets another model go on with it, or
gives it up. Which model that is, `minds.py` decides.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import ErrorFrame, InterruptionFrame, LLMContextFrame, LLMUpdateSettingsFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import FunctionCallParams, LLMService
from pipecat.services.settings import LLMSettings
from pipecat.utils.errors import ErrorCategory

from media_worker.flow.routing import UNSURE, UNSURE_PROMPT, UNSURE_TOOL, Doubt
from media_worker.observe.journal import History
from media_worker.observe.spans import OpenSpan
from media_worker.pipeline.lanes import Lane
from media_worker.pipeline.speech import Speech
from media_worker.pipeline.thoughts import Guess, Outcome, Reporting, Round, Thought, told
from media_worker.pipeline.voice import Voice
from media_worker.providers.faults import UNAVAILABLE, VendorFault

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner, Reply, ToolResult

BETWEEN_TOKENS = 3.0
TOOL = 15.0
MOST_ROUNDS = 6
MOST_CHARACTERS = 1500
"""Of one reply, some hundred seconds of speech: a model that does not stop is stopped."""

ENOUGH = "Shall I go on?"
TOOLS_DONE = 20.0
"""Seconds that a new question waits for what the last one had begun to do: it should know of it."""

CONTINUE = "(The caller says nothing. Go on from where the conversation stands.)"
GO_ON = (
    "(The line broke off while you spoke. The caller has heard your last words as they stand here. Go on from exactly "
    "there, in the same sentence or the next; do not repeat them, do not mention the break.)"
)

_ERROR_LAG = 1.0


class Thinker:
    """`source` is the processor before the model: what a model is to do is pushed from there to whoever stands."""

    def __init__(
        self,
        lane: Lane,
        source: FrameProcessor,
        flow: FlowRunner,
        history: History,
        voice: Voice,
        report: Reporting,
    ) -> None:
        self._source = source
        self._lane = lane
        self._prompts: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._flow = flow
        self._history = history
        self._voice = voice
        self._report = report
        self._round: Round | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._last_span: OpenSpan | None = None
        self.speech: Speech | None = None
        """The reply that is being thought of, also between a failure and the next attempt."""
        self._continues = False
        self._guess: Guess | None = None
        self.tools_running = 0
        """Also those of replies that were interrupted: what a tool does, it does to its end."""
        self._tools_idle = asyncio.Event()
        self._tools_idle.set()
        voice.thoughts = self

    @property
    def busy(self) -> bool:
        return self.speech is not None

    def meet(self, llm: LLMService) -> None:
        """A model came in: its tool calls come here."""
        llm.register_function(None, self._on_call)
        llm.add_event_handler("on_error", self._spoiled)

    def _spoiled(self, llm: LLMService, error: ErrorFrame) -> None:
        """What it said until now is no whole answer. The error itself travels a longer way than the answer's end."""
        if self._round is not None and llm is self._lane.service and error.category is not ErrorCategory.APPLICATION:
            self._round.spoiled = True

    # ── asking ───────────────────────────────────────────────────────────────────────────────────

    async def open(self, turn: int) -> Speech:
        self.speech = await self._voice.open(turn)
        self._continues = False
        return self.speech

    async def guess(self, turn: int, text: str, thought: Thought) -> Speech:
        """Begin on a turn that is not decided: the first sentence only, no tools, and nothing is told to anybody."""
        speech = await self.open(turn)
        speech.speculative = True
        self._guess = Guess(text)
        await self._ask(turn, 1, thought)
        return speech

    async def keep(self, speech: Speech) -> bool:
        """The guess was right: go on as with any reply. False when there is nothing to go on with."""
        guess, self._guess = self._guess, None
        if guess is None or speech is not self.speech:
            return False
        speech.speculative = False
        guess.decided.set()
        if guess.rest:
            await self._write(speech, guess.rest)
        if guess.failure is not None:
            await self._fail(*guess.failure)
        elif guess.done is not None:
            await self._maybe_done(guess.done)
        return True

    async def ask(self, speech: Speech, thought: Thought) -> None:
        """Let whoever stands answer, or go on with, the reply that is open."""
        if self.tools_running:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tools_idle.wait(), TOOLS_DONE)
        if speech is self.speech:
            await self._ask(speech.turn, 1, thought)

    async def patient(self, line: str) -> None:
        """A line while a tool runs that the model has called without a word."""
        now, speech = self._round, self.speech
        if now is not None and speech is not None and not now.text.strip():
            await self._voice.add(speech, f"{line}\n")

    async def _ask(self, turn: int, number: int, thought: Thought) -> None:
        llm = self._lane.service
        if not llm.is_usable:
            await llm.set_usable(True)
        tools = self._tools(thought) if number < MOST_ROUNDS else []
        prompt = self._flow.system_prompt()
        if thought.doubtful:
            prompt = f"{prompt}\n\n{UNSURE_PROMPT}"
        if prompt != self._prompts.get(llm):
            self._prompts[llm] = prompt
            delta = LLMSettings(system_instruction=prompt)
            await self._source.push_frame(LLMUpdateSettingsFrame(delta=delta, service=llm))
        context = LLMContext(messages=self._messages())  # type: ignore[arg-type]
        if tools:
            context.set_tools(ToolsSchema(standard_tools=tools))
        route = thought.route
        span = self._report.asked(turn, self._lane.provider, route.tier, route.why)
        self._round = Round(turn, number, thought, span, Doubt())
        self._last_span = span
        self._within(thought.patience, "no_first_token")
        await self._source.push_frame(LLMContextFrame(context=context))

    def _tools(self, thought: Thought) -> list[FunctionSchema]:
        tools = [
            FunctionSchema(
                name=tool.name,
                description=tool.description,
                properties=tool.parameters.get("properties", {}),
                required=tool.parameters.get("required", []),
            )
            for tool in self._flow.tools()
        ]
        if thought.doubtful:
            tools.append(FunctionSchema(name=UNSURE, description=UNSURE_TOOL, properties={}, required=[]))
        return tools

    def _messages(self) -> list[dict[str, Any]]:
        """The conversation; and, where another model broke off, what it had said of its answer."""
        messages = self._history.for_llm()
        if self._guess is not None:
            messages.append({"role": "user", "content": self._guess.text})
        elif messages and messages[-1]["role"] == "assistant":
            messages.append({"role": "user", "content": CONTINUE})
        if self._continues and self.speech is not None and self.speech.sentences:
            messages += [
                {"role": "assistant", "content": self.speech.text},
                {"role": "user", "content": GO_ON},
            ]
        return messages

    async def stop(self) -> None:
        """Whatever the model is doing, it is not needed any more. What it has written of a sentence is left unsaid."""
        await self._hush()
        speech, self.speech = self.speech, None
        if speech is not None:
            await self._voice.close(speech, say_rest=False)

    def hear_again(self) -> None:
        """Another model stands here: the one that was to be ignored has left."""
        self._voice.hear_llm()

    async def _hush(self, why: str = "") -> None:
        self._within(None)
        now, self._round = self._round, None
        if self._guess is not None:
            self._guess.decided.set()
            self._guess = None
        if now is not None:
            kept = self.speech is not None and bool(self.speech.sentences) and not self.speech.speculative
            now.span.close(kept=kept, error=why, late_news=True)
        self._voice.ignore_llm()
        await self._source.push_frame(InterruptionFrame())

    # ── listening ────────────────────────────────────────────────────────────────────────────────

    async def on_text(self, text: str) -> None:
        now, speech = self._round, self.speech
        if now is None or speech is None:
            return
        now.span.first()
        self._within(BETWEEN_TOKENS, "stalled")
        if now.thought.doubtful:
            text = now.doubt.take(text)
            if now.doubt.unsure:
                await self._fail(UNSURE)
                return
        await self._say(now, speech, text)

    async def _say(self, now: Round, speech: Speech, text: str) -> None:
        if not text:
            return
        if not now.text:
            self._report.first_token(now.turn)
        now.text += text
        if self._guess is not None and speech.sentences:
            self._guess.rest += text
            return
        await self._write(speech, text)

    async def _write(self, speech: Speech, text: str) -> None:
        room = max(0, MOST_CHARACTERS - len(speech.text))
        await self._voice.add(speech, text[:room])
        if len(text) > room and speech is self.speech:
            await self._enough(speech)

    async def _enough(self, speech: Speech) -> None:
        """The caller has a say in how long a reply may be."""
        self._report.too_long(speech.turn)
        await self._hush("too long")
        await self._voice.forget_rest(speech)
        await self._voice.add(speech, ENOUGH)
        await self._answered(speech, None, speech.turn)

    async def on_calls(self, count: int) -> None:
        if self._round is not None:
            self._round.span.first()
            self._report.first_call(self._round.turn)
            self._round.expected += count
            self._within(max(TOOL, self._flow.longest_tool), "tool_timeout")

    async def on_end(self) -> None:
        now = self._round
        if now is None:
            return
        now.ended = True
        now.span.end()
        if now.spoiled:
            self._within(_ERROR_LAG, "error")
            return
        if self.speech is not None:
            await self._say(now, self.speech, now.doubt.rest())
        if not now.expected and not now.text.strip():
            await self._fail("empty")
        else:
            await self._maybe_done(now)

    def on_tokens(self, tokens_in: int, tokens_out: int) -> None:
        """Some vendors tell them after the end of the answer."""
        if self._last_span is not None:
            self._last_span.add(tokens_in=tokens_in, tokens_out=tokens_out)

    async def on_error(self, why: str, fault: VendorFault) -> None:
        if self._round is not None:
            await self._fail(why, fault)

    async def _on_call(self, params: FunctionCallParams) -> None:
        """pipecat cancels this when the caller speaks; the tool itself is shielded, so a write is never half done."""
        now = self._round
        if params.function_name == UNSURE and now is not None and now.thought.doubtful:
            await params.result_callback({"result": "Good. Say nothing."})
            self._report.spawn(self._fail_in(now, UNSURE))
            return
        if self._guess is not None:
            await self._guess.decided.wait()
            if now is not self._round:
                return
        span = self._report.tool(now.turn, params.function_name) if now is not None else None
        call = {
            "id": params.tool_call_id or uuid.uuid4().hex,
            "type": "function",
            "function": {"name": params.function_name, "arguments": json.dumps(dict(params.arguments))},
        }
        running = asyncio.ensure_future(self._flow.on_tool_call(params.function_name, dict(params.arguments)))
        self.tools_running += 1
        self._tools_idle.clear()
        running.add_done_callback(lambda done: self._tool_ended(done, now, call))
        try:
            result = await asyncio.shield(running)
        except BaseException as error:
            if span is not None:
                span.close(kept=False, error=type(error).__name__)
            raise
        if span is not None:
            span.close(error="" if result.ok else "failed")
        await params.result_callback({"result": result.text})
        if now is None or now is not self._round:
            return
        now.calls.append(call)
        now.results.append(told(call, result))
        if result.reply is not None and now.reply is None:
            now.reply = result.reply
        self._report.spawn(self._maybe_done(now))

    def _tool_ended(self, done: asyncio.Future[ToolResult], now: Round | None, call: dict[str, Any]) -> None:
        """What was done for a reply that nobody wanted to hear to its end was done: the next answer knows of it."""
        self.tools_running -= 1
        if not self.tools_running:
            self._tools_idle.set()
        lost = now is not None and now is not self._round
        if lost and not done.cancelled() and done.exception() is None:
            self._history.tool_round([call], [told(call, done.result())])

    async def _maybe_done(self, now: Round) -> None:
        if now is not self._round or not now.ended or len(now.calls) < now.expected:
            return
        if self._guess is not None:
            self._within(None)
            self._guess.done = now
            return
        self._within(None)
        now.span.close(late_news=True)
        speech = self.speech
        if speech is None:
            return
        if now.calls:
            self._history.tool_round(now.calls, now.results)
        if now.calls and now.reply is None and now.number < MOST_ROUNDS:
            if now.text:
                await self._voice.add(speech, "\n")
            if now is self._round:
                await self._ask(now.turn, now.number + 1, now.thought)
            return
        if not now.text.strip() and now.reply is None and not speech.sentences:
            await self._fail("too_many_tools" if now.calls else "empty")
            return
        self._round = None
        await self._answered(speech, now.reply, now.turn)

    async def _answered(self, speech: Speech, reply: Reply | None, turn: int) -> None:
        if speech is self.speech:
            self.speech = None
            await self._voice.close(speech)
            await self._report.answered(speech, reply, turn)

    # ── patience ─────────────────────────────────────────────────────────────────────────────────

    def _within(self, seconds: float | None, why: str = "") -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._too_late, self._round, why)

    def _too_late(self, now: Round | None, why: str) -> None:
        if now is not None and now is self._round:
            self._report.spawn(self._fail_in(now, why))

    async def _fail_in(self, now: Round, why: str) -> None:
        if now is self._round:
            await self._fail(why)

    async def _fail(self, why: str, fault: VendorFault = UNAVAILABLE) -> None:
        """The model is stopped; the reply stays open, up to the last sentence that was whole."""
        speech = self.speech
        if self._round is None or speech is None:
            return
        if self._guess is not None:
            self._within(None)
            self._guess.failure = (why, fault)
            return
        self._continues = True
        await self._hush(why)
        await self._voice.forget_rest(speech)
        await self._report.failed(Outcome(why, bool(speech.sentences), fault), speech)
