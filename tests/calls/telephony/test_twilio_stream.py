"""Twilio's media stream, message by message, without a socket."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from calls.telephony.base import (
    LARGEST_MESSAGE,
    Audio,
    Connected,
    Digit,
    Malformed,
    MarkReturned,
    Stopped,
    StreamStarted,
)
from calls.telephony.twilio_stream import TwilioCodec
from tests.calls.telephony.hostile import nonsense

pytestmark = pytest.mark.unit

SID = "MZ" + "1" * 32
START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC" + "2" * 32,
        "streamSid": SID,
        "callSid": "CA" + "3" * 32,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"FirstName": "Jane"},
    },
    "streamSid": SID,
}


def started() -> TwilioCodec:
    codec = TwilioCodec()
    codec.decode(json.dumps(START))
    return codec


def media(payload: str, **more: object) -> str:
    body = {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": payload, **more}
    return json.dumps({"event": "media", "sequenceNumber": "4", "media": body, "streamSid": SID})


def test_a_stream_from_its_beginning_to_its_end() -> None:
    codec = TwilioCodec()
    assert codec.decode('{"event":"connected","protocol":"Call","version":"1.0.0"}') == Connected()
    assert codec.decode(json.dumps(START)) == StreamStarted(SID, "CA" + "3" * 32, "AC" + "2" * 32)
    assert codec.decode(media(b64encode(bytes(160)).decode())) == Audio(bytes(160))
    mark = {"event": "mark", "sequenceNumber": "4", "streamSid": SID, "mark": {"name": "my label"}}
    assert codec.decode(json.dumps(mark)) == MarkReturned("my label")
    dtmf = {"event": "dtmf", "streamSid": SID, "sequenceNumber": "5", "dtmf": {"track": "inbound_track", "digit": "1"}}
    assert codec.decode(json.dumps(dtmf)) == Digit("1")
    stop = {"event": "stop", "sequenceNumber": "5", "stop": {"accountSid": "AC", "callSid": "CA"}, "streamSid": SID}
    assert codec.decode(json.dumps(stop)) == Stopped()


def test_what_is_sent_has_exactly_the_fields_twilio_takes() -> None:
    codec = started()
    assert json.loads(codec.audio(b"\x00\xff")) == {"event": "media", "streamSid": SID, "media": {"payload": "AP8="}}
    assert json.loads(codec.clear()) == {"event": "clear", "streamSid": SID}
    assert json.loads(codec.mark('quote " here')) == {
        "event": "mark",
        "streamSid": SID,
        "mark": {"name": 'quote " here'},
    }
    assert codec.ready() is codec.event("{}") is codec.ended("x", "y") is None


def test_media_before_start_is_malformed() -> None:
    frame = TwilioCodec().decode(media("AP8="))
    assert frame == Malformed("media before start")


def test_a_second_start_does_not_move_the_stream() -> None:
    codec = started()
    other = START | {"streamSid": "MZother"}
    assert codec.decode(json.dumps(other)) == Malformed("second start")
    assert json.loads(codec.clear())["streamSid"] == SID


@pytest.mark.parametrize(
    "layout",
    [
        None,
        {},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000},
        {"encoding": "audio/opus", "sampleRate": 8000},
        {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2},
    ],
)
def test_a_format_we_do_not_speak_never_starts(layout: object) -> None:
    start = START | {"start": START["start"] | {"mediaFormat": layout}}  # type: ignore[operator]
    assert isinstance(TwilioCodec().decode(json.dumps(start)), Malformed)


@pytest.mark.parametrize("payload", ["", "====", "A", "не base64", "AP8=\n", "AP 8="])
def test_a_payload_that_is_no_base64_is_malformed(payload: str) -> None:
    assert isinstance(started().decode(media(payload)), Malformed)


def test_a_huge_message_is_not_even_parsed() -> None:
    assert started().decode(media("A" * LARGEST_MESSAGE)) == Malformed("message too large")


@pytest.mark.parametrize("codec", [TwilioCodec, started])
def test_nothing_that_arrives_raises(codec: type[TwilioCodec]) -> None:
    one = codec()
    for message in nonsense(START, media("AP8="), seed=7):
        one.decode(message)
