"""Twilio's Media Streams: what its socket says, and what may be said to it.

Source: twilio.com/docs/voice/media-streams/websocket-messages. Numbers in messages are strings; an outbound message with
one field too many is refused (31951), so nothing is added to them.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from calls.telephony import base
from calls.telephony.base import Frame, Malformed, Message


class TwilioCodec:
    """Sans I/O: one for each socket. It learns the stream's id from `start` and puts it into all that it writes."""

    def __init__(self) -> None:
        self._stream_id = ""
        self._before_payload = ""

    def decode(self, message: Message) -> Frame:
        if isinstance(message, bytes):
            return Malformed("binary message")
        if len(message) > base.LARGEST_MESSAGE:
            return Malformed("message too large")
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            return Malformed("not JSON")
        if not isinstance(body, dict):
            return Malformed("not an object")
        event = body.get("event")
        if event == "media":
            return self._media(body)
        if event == "start":
            return self._start(body)
        if self._stream_id and event in ("mark", "dtmf", "stop") and body.get("streamSid") != self._stream_id:
            return Malformed("another stream's message")
        if event == "connected":
            return base.Connected()
        if event == "mark":
            name = _text(body, "mark", "name")
            named = 0 < len(name) <= base.LONGEST_MARK
            return base.MarkReturned(name) if named else Malformed("mark without a name")
        if event == "dtmf":
            digit = _text(body, "dtmf", "digit")
            return base.Digit(digit) if len(digit) == 1 and digit in "0123456789*#ABCD" else Malformed("no digit")
        if event == "stop":
            return base.Stopped()
        return Malformed("unknown event")

    def _media(self, body: Mapping[str, Any]) -> Frame:
        media = body.get("media")
        if not isinstance(media, dict) or not isinstance(media.get("payload"), str):
            return Malformed("media without a payload")
        if body.get("streamSid") != self._stream_id:
            return Malformed("another stream's message" if self._stream_id else "media before start")
        if media.get("track", "inbound") != "inbound":
            return Malformed("another track")
        try:
            samples = b64decode(media["payload"], validate=True)
        except (binascii.Error, ValueError):
            return Malformed("bad base64")
        return base.Audio(samples) if samples else Malformed("empty audio")

    def _start(self, body: Mapping[str, Any]) -> Frame:
        if self._stream_id:
            return Malformed("second start")
        start = body.get("start")
        stream_id = body.get("streamSid")
        if not isinstance(start, dict) or not isinstance(stream_id, str) or not 0 < len(stream_id) <= 64:
            return Malformed("start without a stream")
        layout = start.get("mediaFormat")
        if not isinstance(layout, dict) or layout.get("encoding") != "audio/x-mulaw":
            return Malformed("unknown media format")
        if str(layout.get("sampleRate")) != "8000" or str(layout.get("channels", 1)) != "1":
            return Malformed("unknown media format")
        self._stream_id = stream_id
        head = json.dumps({"event": "media", "streamSid": stream_id}, separators=(",", ":"))
        self._before_payload = head[:-1] + ',"media":{"payload":"'
        return base.StreamStarted(stream_id, _text(start, "callSid"), _text(start, "accountSid"))

    def audio(self, samples: bytes) -> Message:
        return f'{self._before_payload}{b64encode(samples).decode()}"}}}}'

    def clear(self) -> Message:
        return json.dumps({"event": "clear", "streamSid": self._stream_id})

    def mark(self, name: str) -> Message:
        return json.dumps({"event": "mark", "streamSid": self._stream_id, "mark": {"name": name}})

    def ready(self) -> Message | None:
        return None

    def event(self, event_json: str) -> Message | None:
        return None

    def ended(self, reason: str, detail: str) -> Message | None:
        return None


def _text(body: Mapping[str, Any], *path: str) -> str:
    """The text at this path; empty when there is none."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
