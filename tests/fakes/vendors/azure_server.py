"""Azure Speech: the speech protocol of its SDK over a websocket.

Messages after microsoft's cognitive-services-speech-sdk-js (SpeechConnectionMessage, WebsocketMessageFormatter): headers
as in HTTP; binary ones begin with the length of their headers. It is strict: configuration first, a WAV header before the
sound of a turn, and no sound of the next turn before `turn.end`.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from aiohttp import WSMsgType

from tests.fakes.vendors.sockets import Fault, Listener, Seen, SocketVendor, Talk


class AzureSpeechServer(SocketVendor):
    def authorized(self, seen: Seen) -> bool:
        return seen.headers.get("ocp-apim-subscription-key") == self.key

    async def tell_error(self, talk: Talk, fault: Fault) -> None:
        await talk.close(1011, "Quota exceeded.")

    async def talk(self, talk: Talk) -> None:
        ears: Listener | None = None
        configured, request = False, ""
        rate = 0
        async for message in talk.socket:
            if message.type is WSMsgType.TEXT:
                head, _, body = message.data.partition("\r\n\r\n")
                path = _headers(head)["path"]
                talk.seen.texts.append({"path": path, "body": json.loads(body)})
                configured = configured or path == "speech.config"
                continue
            if message.type is not WSMsgType.BINARY:
                continue
            (size,) = struct.unpack(">H", message.data[:2])
            headers, sound = _headers(message.data[2 : 2 + size].decode()), message.data[2 + size :]
            if not configured or headers["path"] != "audio" or (request and headers["x-requestid"] != request):
                await talk.close(1007, "Unexpected message.")
                return
            if not request:
                request = headers["x-requestid"]
                if sound[:4] != b"RIFF" or sound[36:40] != b"data":
                    await talk.close(1007, "No WAV header.")
                    return
                (rate,) = struct.unpack("<I", sound[24:28])
                ears = ears or Listener(self, talk, rate)
                sound = sound[44:]
                await talk.say(_message("turn.start", request, {"context": {"serviceTag": "t-1"}}))
                if not sound:
                    continue
            elif not sound:
                assert ears is not None
                await self._phrase(talk, request, ears.finish())
                await talk.say(_message("turn.end", request, {}))
                request = ""
                continue
            assert ears is not None
            text = ears.hear(sound)
            if text:
                await talk.say(_message("speech.hypothesis", request, {"Text": text, "Offset": 0, "Duration": 1}))

    async def _phrase(self, talk: Talk, request: str, text: str) -> None:
        told: dict[str, Any] = {"RecognitionStatus": "InitialSilenceTimeout", "Offset": 0, "Duration": 0}
        if text:
            best = {"Confidence": self.confidence, "Lexical": text, "ITN": text, "MaskedITN": text, "Display": text}
            told = {"RecognitionStatus": "Success", "Offset": 0, "Duration": 1, "DisplayText": text, "NBest": [best]}
        await talk.say(_message("speech.phrase", request, told))


def _headers(head: str) -> dict[str, str]:
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n"))}


def _message(path: str, request: str, body: dict[str, Any]) -> str:
    head = f"X-RequestId:{request}\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}"
    return f"{head}\r\n\r\n{json.dumps(body)}"
