"""Speechmatics' realtime websocket, /v2: StartRecognition, AddAudio (binary), AddTranscript, ForceEndOfUtterance.

Shapes after docs.speechmatics.com/api-ref/realtime-transcription-websocket: 401 at the handshake for an unknown key, an
Error message and then a close code for what goes wrong later.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk, messages


class SpeechmaticsServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("authorization") == f"Bearer {self.key}"

    async def talk(self, talk: Talk) -> None:
        ears: Listener | None = None
        heard = 0
        async for message in messages(talk):
            if isinstance(message, bytes):
                if ears is None:
                    await self._end(talk, "protocol_error", "Audio before StartRecognition", 4002)
                    return
                heard += 1
                await talk.say({"message": "AudioAdded", "seq_no": heard})
                text = ears.hear(message)
                if text:
                    await talk.say(self._transcript("AddPartialTranscript", text, ears))
            elif message["message"] == "StartRecognition":
                ears = Listener(self, talk, message["audio_format"]["sample_rate"])
                language = {"language_description": "English", "word_delimiter": " "}
                await talk.say({"message": "RecognitionStarted", "id": "s-1", "language_pack_info": language})
            elif message["message"] == "ForceEndOfUtterance" and ears is not None:
                text = ears.finish()
                if text:
                    await talk.say(self._transcript("AddTranscript", text, ears))
                await talk.say({"message": "EndOfUtterance", "metadata": {"start_time": 1.0, "end_time": 1.0}})
            elif message["message"] == "EndOfStream":
                await talk.say({"message": "EndOfTranscript"})
                await talk.close(1000)

    def _transcript(self, kind: str, text: str, ears: Listener) -> dict[str, Any]:
        results = [
            {
                "type": "word",
                "start_time": word["start"],
                "end_time": word["end"],
                "alternatives": [{"content": word["word"], "confidence": word["confidence"], "language": "en"}],
            }
            for word in ears.timed(text)
        ]
        metadata = {"transcript": f"{text} ", "start_time": 0.0, "end_time": 1.0}
        return {"message": kind, "format": "2.9", "metadata": metadata, "results": results}

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        if fault.what == "sessions":
            await self._end(talk, "quota_exceeded", "Concurrent Quota Exceeded", 4005)
        else:
            await self._end(talk, "internal_error", "It broke.", 1011)

    async def _end(self, talk: Talk, kind: str, reason: str, code: int) -> None:
        await talk.socket.send_str(json.dumps({"message": "Error", "type": kind, "reason": reason}))
        await talk.close(code, kind)
