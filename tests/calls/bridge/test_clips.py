"""A worker asks its bridge for recorded clips, and gets those of the call's own agency only."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django_tenants.utils import schema_context

from agents.clips import actions
from agents.models import VoiceClip
from calls.models import CallEvent
from media_worker.contract import wire
from media_worker.contract.events import Usage
from tests.agents.clips.test_sound import file, speech
from tests.calls.bridge.conftest import Stage
from voiceops.lib.storage import LocalStore

pytestmark = pytest.mark.live


@pytest.fixture
def clip(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> VoiceClip:
    """Kept where the stack's Daphne looks for it."""
    from tests import stores

    monkeypatch.setattr("agents.clips.actions.store", lambda: LocalStore(Path(stores.state()) / "media"))
    with schema_context("alice"):
        return actions.add(None, stage.agent, data=file(speech(4.0)), words="We are open from nine to five.")


async def ask(session: Any, number: int, **arguments: Any) -> wire.Response:
    await session.send(wire.Request(id=number, action="clip", arguments=arguments))
    answer: wire.Response = await session.next(wire.Response)
    assert answer.id == number
    return answer


async def test_the_spec_names_the_clip_and_the_bridge_hands_out_its_sound(stage: Stage, clip: VoiceClip) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            told = session.start.spec.agent.clips
            assert [(one.id, one.words, one.sha256) for one in told] == [(clip.name, clip.words, clip.sha256)]
            pcm, number = b"", 7
            while len(pcm) < clip.size:
                answer = await ask(session, number, sha256=clip.sha256, offset=len(pcm))
                assert answer.ok
                assert answer.result["size"] == clip.size
                pcm += base64.b64decode(str(answer.result["audio"]))
                number += 1
            assert hashlib.sha256(pcm).hexdigest() == clip.sha256
            for wrong in ({"sha256": "0" * 64, "offset": 0}, {"sha256": clip.sha256, "offset": -5}, {"offset": "x"}):
                assert not (await ask(session, 100 + len(str(wrong)), **wrong)).ok
            await session.tell(Usage(stage="clip", vendor="library", seconds=4.0))
            await session.tell(Usage(stage="tts", vendor="builtin", seconds=6.0))
            await session.finish("agent_hangup")
    call = await stage.ended(trunk)

    def shown() -> str:
        from calls.queries.detail import detail

        assert CallEvent.objects.filter(call=call, kind="usage").count() == 2
        return detail(call, internals=True).voice

    assert await stage.read(shown) == "40 % clips, 0 % cache, 60 % TTS"
