"""What a worker asks of the host during a call: what the carrier then does (hang up, transfer, send digits), pieces of
clips, the use of tools and knowledge."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from channels.db import database_sync_to_async
from django_tenants.utils import schema_context

from agents.answering import outcome_of
from agents.clips.queries import Piece, piece
from agents.tools.kinds.base import Caller
from calls import lifecycle, numbers
from calls.bridge import clips
from calls.bridge.line import Line
from calls.bridge.opening import Opened
from calls.bridge.relay import Relay
from calls.lifecycle import End, EndedReason
from calls.models import Call
from calls.reasons import meaning
from media_worker.contract.spec import AgentSpec, AudioFormat, Scalar
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import Request, Response
from voiceops.lib.errors import InvalidInput, VoiceOpsError

logger = logging.getLogger(__name__)

MOST_DIGITS = 40
TOOL_THREADS = ThreadPoolExecutor(64, "tool")
"""For all calls of this process."""


class Desk:
    def __init__(self, opened: Opened, line: Line) -> None:
        self._opened, self._line = opened, line
        self._transferred = False

    async def answer(self, request: Request, relay: Relay) -> None:
        """Do it, and tell the worker how it went. A worker that asks to hang up says `finished` next."""
        result: dict[str, Scalar] = {}
        if request.action in ("tool", "knowledge"):
            outcome = await self._outcome(request)
            relay.send(Response(id=request.id, ok=True, outcome=outcome))
            return
        try:
            if request.action == "clip":
                result = await self._clip(request.arguments)
            elif request.action == "transfer":
                await self._transfer(str(request.arguments.get("to", "")))
            elif request.action == "send_digits":
                await self._send_digits(str(request.arguments.get("digits", "")))
        except VoiceOpsError as error:
            relay.send(Response(id=request.id, ok=False, error=error.sentence))
            return
        relay.send(Response(id=request.id, ok=True, result=result))

    def why_it_stopped(self, otherwise: EndedReason = EndedReason.CALLER_HANGUP) -> EndedReason:
        return EndedReason.TRANSFERRED if self._transferred else otherwise

    @staticmethod
    def sentence(how: End) -> str:
        return how.detail or meaning(how.reason).sentence

    async def _outcome(self, request: Request) -> ToolOutcome:
        """In a thread of the tools' own: what waits for somebody's server keeps no call from its database."""
        work = database_sync_to_async(self._outcome_now, thread_sensitive=False, executor=TOOL_THREADS)
        try:
            return await work(request)
        except Exception as error:  # a tool may fail, and the call goes on
            logger.exception("Call %s: the host could not use a tool", self._opened.call_id)
            return ToolOutcome(ok=False, text=f"Something failed inside VoiceOps ({type(error).__name__}).")

    def _outcome_now(self, request: Request) -> ToolOutcome:
        agent = self._opened.spec.agent if self._opened.spec else None
        if agent is None or self._opened.client_id is None:
            return ToolOutcome(ok=False, text="This call has no agent.")
        with schema_context(self._opened.schema):
            return outcome_of(request, agent, self._on_behalf_of(agent))

    def _on_behalf_of(self, agent: AgentSpec) -> Caller:
        spec = self._opened.spec
        assert spec is not None
        assert self._opened.client_id is not None
        return Caller(
            client_id=self._opened.client_id,
            agent_id=agent.id,
            call_id=self._opened.call_id,
            caller=spec.caller,
            called=spec.called,
            timezone=str(spec.variables.get("timezone") or "UTC"),
            outbound=spec.direction == "outbound",
            variables=spec.variables,
        )

    async def _clip(self, asked: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """A piece of a clip of this call's agency."""
        offset = asked.get("offset")
        where = offset if isinstance(offset, int) else -1
        work = database_sync_to_async(self._read_clip, thread_sensitive=False)
        found = await work(str(asked.get("sha256", "")), where)
        if found is None:
            raise InvalidInput("There is no such clip.")
        return {"audio": base64.b64encode(found.audio).decode(), "size": found.size}

    def _read_clip(self, sha256: str, offset: int) -> Piece | None:
        with schema_context(self._opened.schema):
            return piece(sha256, offset)

    async def _transfer(self, to: str) -> None:
        if not self._opened.carrier.capabilities.transfers or self._opened.account is None:
            raise InvalidInput("This call cannot be transferred: there is no phone line to it.")
        number = numbers.destination(to)
        work = database_sync_to_async(self._transfer_now, thread_sensitive=False)
        self._transferred = True
        try:
            await work(number)
        except BaseException:
            self._transferred = False
            raise

    def _transfer_now(self, number: str) -> None:
        account = self._opened.account
        assert account is not None
        with schema_context(self._opened.schema):
            lifecycle.moved(self._opened.call_id, Call.Status.TRANSFERRING)
            try:
                self._opened.carrier.transfer_call(
                    account, self._opened.carrier_call_id, number, self._opened.caller_id
                )
            except VoiceOpsError:
                lifecycle.back_from_transfer(self._opened.call_id)
                raise

    async def _send_digits(self, digits: str) -> None:
        """As tones in the agent's audio: a media stream has no other way."""
        if not 0 < len(digits) <= MOST_DIGITS:
            raise InvalidInput(f"Digits to send: 1 to {MOST_DIGITS} of 0-9, A-D, * and #.")
        try:
            samples = await asyncio.to_thread(clips.tones, digits.upper().replace("W", "w"), self._line_audio)
        except ValueError:
            raise InvalidInput("Digits to send may be 0-9, A-D, *, # and w for a pause.") from None
        await self._line.say(samples)

    @property
    def _line_audio(self) -> AudioFormat:
        return self._opened.carrier.capabilities.audio


def command_group(schema: str, call_id: UUID) -> str:
    """Where staff's orders to the bridge of this call are sent."""
    return f"bridge.{schema}.{call_id.hex}"
