"""A server that speaks Bedrock's `ConverseStream`: binary event stream out, and a signature that is checked, not trusted.

The signature is made again with botocore's own signer from what arrived, so that ours is proved against Amazon's.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes.vendors.llm_faults import FakeMind
from tests.fakes.vendors.openai_server import Reply

_ERRORS = {429: "throttlingException", 500: "internalServerException", 503: "serviceUnavailableException"}
REGION = "eu-west-1"


class _Dated(SigV4Auth):
    """Signs with the date of the request that came, where botocore would take the clock's."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        pass


@dataclass
class FakeBedrock(FakeMind):
    key_id: str = "AKIDALICE"
    stream_kind: ClassVar[str] = "application/vnd.amazon.eventstream"

    def routes(self) -> list[str]:
        return ["/model/{model}/converse-stream"]

    def allowed(self, request: web.Request, raw: bytes) -> bool:
        given = request.headers.get("Authorization", "")
        if not self.key_id:
            return given == f"Bearer {self.key}"
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        url = f"http://{request.headers['Host']}{quote(unquote(request.raw_path), safe='/-_.~')}"
        signed = AWSRequest("POST", url, data=raw, headers=headers)
        signed.context["timestamp"] = request.headers.get("x-amz-date", "")
        signer = _Dated(Credentials(self.key_id, self.key), "bedrock", REGION)
        canonical = signer.canonical_request(signed)
        signature = signer.signature(signer.string_to_sign(signed, canonical), signed)
        return given.endswith(f"Signature={signature}")

    def refusal(self, status: int) -> web.Response:
        headers = {"x-amzn-ErrorType": _ERRORS.get(status, "AccessDeniedException")}
        return web.json_response({"message": "No."}, status=403 if status == 401 else status, headers=headers)

    def broken_off(self, status: int) -> bytes:
        headers = {":message-type": "exception", ":exception-type": _ERRORS[status]}
        return _message(headers, {"message": "No."})

    async def pieces(self, body: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        yield _event("messageStart", {"role": "assistant"})
        for word in reply.text.split(" ") if reply.text else []:
            yield _event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": f"{word} "}})
        if reply.text:
            yield _event("contentBlockStop", {"contentBlockIndex": 0})
        for number, (name, arguments) in enumerate(reply.tools, 1):
            use = {"toolUseId": f"tooluse_{len(self.seen)}_{number}", "name": name}
            yield _event("contentBlockStart", {"contentBlockIndex": number, "start": {"toolUse": use}})
            for part in (arguments[:3], arguments[3:]):
                yield _event("contentBlockDelta", {"contentBlockIndex": number, "delta": {"toolUse": {"input": part}}})
            yield _event("contentBlockStop", {"contentBlockIndex": number})
        yield _event("messageStop", {"stopReason": "tool_use" if reply.tools else "end_turn"})
        words = len(reply.text.split())
        usage = {"inputTokens": 50, "outputTokens": words, "totalTokens": 57 + words, "cacheReadInputTokens": 7}
        yield _event("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})


def _event(kind: str, body: dict[str, Any]) -> bytes:
    return _message({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, body)


def _message(headers: dict[str, str], body: dict[str, Any]) -> bytes:
    head = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    payload = json.dumps(body).encode()
    start = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    whole = start + struct.pack(">I", zlib.crc32(start)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))
