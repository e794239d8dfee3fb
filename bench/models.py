"""The models of a benchmark: OpenAI's wire protocol over a real socket, answering at once or after a set time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from uuid import uuid4

from bench.processes import free_port, running
from media_worker.contract.flow import ConversationNode, Flow
from media_worker.contract.spec import AgentSpec, Provider, Providers, TurnTaking

REPLY = "This is answer {count} and we are open from nine in the morning until six in the evening, Monday to Saturday."
"""One sentence, and never the same: sound that was made before may be kept."""

GREETING = "Hello, how can I help you today?"
HEARD = "what are your opening hours"
SERVER_CORE = 0
CLIENT_CORE = (os.cpu_count() or 1) - 1


@contextlib.contextmanager
def fake_models(
    stt_ms: int = 0, llm_ms: int = 0, tts_ms: int = 0, reply: str = REPLY, heard: str = HEARD
) -> Iterator[str]:
    """The base URL of a server whose stages take this long to their first byte."""
    port = free_port()
    delays = ["--stt-ms", str(stt_ms), "--llm-ms", str(llm_ms), "--tts-ms", str(tts_ms)]
    with running(
        "-m", "tests.fakes.vendors.openai_server", "--port", str(port), "--reply", reply, "--heard", heard, *delays,
        port=port, core=CLIENT_CORE,
    ):  # fmt: skip
        yield f"http://127.0.0.1:{port}/v1"


def agent(models: str, smart_turn: bool = False, speculate: bool = False, greeting: str = GREETING) -> AgentSpec:
    """An agent that listens, thinks and speaks through `models`. Without smart-turn the VAD's silence ends a turn."""
    server = Provider(vendor="openai_compatible", base_url=models, options={"model": "bench"})
    flow = Flow(
        greeting=greeting,
        prompt="You are a helpful receptionist.",
        start="talk",
        nodes=(ConversationNode(id="talk", prompt="Answer questions."),),
    )
    turns = (
        TurnTaking(smart_turn=True, speculate=speculate)
        if smart_turn
        else TurnTaking(smart_turn=False, speech_timeout=0.0, speculate=speculate)
    )
    return AgentSpec(
        id=uuid4(),
        version=1,
        name="Bench",
        flow=flow,
        turns=turns,
        providers=Providers(stt=server, llm=server, tts=server),
    )
