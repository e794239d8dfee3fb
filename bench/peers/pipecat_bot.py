"""The peer: a plain pipecat bot for Twilio, as its own examples build one, with the same models behind real sockets.

    python -m bench.peers.pipecat_bot --port 8765 --models http://127.0.0.1:9000/v1

Defaults everywhere: Silero VAD and smart-turn in the user aggregator, default observers, FastAPI's websocket.
"""

from __future__ import annotations

import argparse
import json

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

app = FastAPI()
models = ""


@app.websocket("/media")
async def media(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive_text()  # connected
    start = json.loads(await socket.receive_text())
    serializer = TwilioFrameSerializer(
        stream_sid=start["streamSid"], params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
    )
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, add_wav_header=False, serializer=serializer
        ),
    )
    speech = OpenAISTTService(api_key="bench", base_url=models)
    thought = OpenAILLMService(api_key="bench", base_url=models)
    voice = OpenAITTSService(api_key="bench", base_url=models, sample_rate=24000)
    context = LLMContext(messages=[{"role": "system", "content": "You are a helpful receptionist."}])
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    pipeline = Pipeline([transport.input(), speech, user, thought, voice, transport.output(), assistant])
    worker = PipelineWorker(
        pipeline, params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000, enable_metrics=True)
    )

    @transport.event_handler("on_client_disconnected")
    async def gone(*_: object) -> None:
        await worker.cancel()

    await worker.queue_frames([TTSSpeakFrame("Hello, how can I help you today?")])
    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(worker)
    await runner.run()


def main() -> None:
    global models
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--models", required=True)
    arguments = parser.parse_args()
    models = arguments.models
    logger.remove()
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
