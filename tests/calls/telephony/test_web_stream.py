"""The browser's side of the media socket, message by message."""

from __future__ import annotations

import json

import pytest

from calls.telephony.base import Audio, Digit, Malformed, MarkReturned, Stopped, StreamStarted
from calls.telephony.web import WebCodec
from tests.calls.telephony.hostile import nonsense

pytestmark = pytest.mark.unit
START = {"type": "start", "rate": 16000}


def started() -> WebCodec:
    codec = WebCodec()
    codec.decode(json.dumps(START))
    return codec


def test_a_conversation_from_the_browser() -> None:
    codec = WebCodec()
    assert codec.decode(json.dumps(START)) == StreamStarted("web")
    assert codec.decode(bytes(640)) == Audio(bytes(640))
    assert codec.decode('{"type":"mark","name":"m1"}') == MarkReturned("m1")
    assert codec.decode('{"type":"dtmf","digit":"#"}') == Digit("#")
    assert codec.decode('{"type":"hangup"}') == Stopped()


def test_what_the_browser_is_told() -> None:
    codec = started()
    assert codec.audio(b"\x01\x02") == b"\x01\x02"
    assert json.loads(codec.clear()) == {"type": "clear"}
    assert json.loads(codec.mark("m1")) == {"type": "mark", "name": "m1"}
    assert codec.ready() == '{"type":"ready"}'
    assert json.loads(codec.event('{"seq":1}') or "") == {"type": "event", "event": {"seq": 1}}
    assert json.loads(codec.ended("worker_lost", "Sorry.") or "")["reason"] == "worker_lost"


@pytest.mark.parametrize("message", [b"\x00", b"", '{"type":"start","rate":8000}', '{"type":"dtmf","digit":"12"}'])
def test_what_cannot_be_is_malformed(message: str | bytes) -> None:
    assert isinstance(started().decode(message), Malformed)


def test_audio_before_start_is_malformed() -> None:
    assert WebCodec().decode(bytes(640)) == Malformed("media before start")


def test_nothing_that_arrives_raises() -> None:
    codec = started()
    for message in nonsense(START, {"type": "mark", "name": "m"}, {"type": "dtmf", "digit": "1"}, seed=3):
        codec.decode(message)
