"""What a TTS has spoken, kept by content: the flow's own lines from the first time, other sentences from the second.

Only whole sentences are kept: spoken to their end by one voice, without an error, and heard to their end.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator

from pydantic import BaseModel

from media_worker.contract.spec import AgentSpec, CallSpec, Colleague, Provider
from media_worker.pipeline import sounds
from media_worker.pipeline.clips import plain_sentences
from media_worker.pipeline.sounds import Key, SoundStore
from media_worker.pipeline.speech import Sentence

_LEAST_PACE = 0.02
"""Seconds a character: a sentence that took less was not spoken whole."""

_MOST_SECONDS = 30
_MOST_AGENTS = 64

_lines: OrderedDict[Key, frozenset[str]] = OrderedDict()


class Spoken:
    """`speaks` tells who is the voice by now. `store` is shared by the calls of a process."""

    def __init__(self, spec: CallSpec, speaks: Callable[[], Provider], store: SoundStore | None = None) -> None:
        self._spec = spec
        self._speaks = speaks
        self._rate = spec.audio.rate
        self._store = sounds.SPOKEN if store is None else store
        self._doubts = 0

    def sound(self, text: str) -> bytes | None:
        """Samples at the call's rate, when this voice has said it before."""
        return self._store.get(self._key(text))

    def record(self, sentence: Sentence) -> None:
        """The voice is about to say it: let its sound be gathered if it is worth keeping."""
        key = self._key(sentence.text)
        if self._store.seen_before(key) or sentence.text in own_lines(self._spec):
            sentence.recording = bytearray()
            sentence.keep_as = (*key, self._doubts)

    def doubt(self) -> None:
        """The voice had an error: nothing of what it has in hand is kept."""
        self._doubts += 1

    def keep(self, sentences: list[Sentence]) -> None:
        """Their speech is over."""
        for sentence in sentences:
            pcm, sentence.recording = sentence.recording, None
            whole = sentence.played and sentence.whole and not sentence.broken
            if not pcm or not whole or sentence.keep_as != (*self._key(sentence.text), self._doubts):
                continue
            seconds = len(pcm) / 2 / self._rate
            if _LEAST_PACE * len(sentence.text) <= seconds <= _MOST_SECONDS:
                self._store.put(self._key(sentence.text), bytes(pcm))

    def _key(self, text: str) -> Key:
        voice = self._speaks()
        manner = json.dumps([voice.base_url, voice.account, voice.options], sort_keys=True, default=str)
        return (self._spec.agency, voice.vendor, manner, self._spec.agent.language, self._rate, text)


def own_lines(spec: CallSpec) -> frozenset[str]:
    """The sentences that the flow itself says, but for those that hold a value of the call."""
    key: Key = (spec.agency, str(spec.agent.id), spec.agent.version)
    if key not in _lines:
        found = (said for text in _texts(spec.agent) if "{{" not in text for said in plain_sentences(text))
        _lines[key] = frozenset(found)
        if len(_lines) > _MOST_AGENTS:
            _lines.popitem(last=False)
    return _lines[key]


def _texts(agent: AgentSpec) -> Iterator[str]:
    everybody: list[AgentSpec | Colleague] = [agent, *agent.colleagues]
    for one in everybody:
        yield from _spoken_in(one.flow)
        for tool in one.tools:
            yield from (tool.waiting, tool.failure)
    yield from agent.limits.idle_prompts
    yield agent.limits.idle_goodbye
    yield from agent.fallbacks.fillers
    yield agent.fallbacks.apology
    yield agent.fallbacks.reask


def _spoken_in(part: BaseModel) -> Iterator[str]:
    """The texts of a flow, or a part of one, whose fields are declared as words for callers."""
    for name, field in type(part).model_fields.items():
        declared = field.json_schema_extra
        widget = declared["ui"]["widget"] if isinstance(declared, dict) and "ui" in declared else ""  # type: ignore[call-overload, index]
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _spoken_in(one)
            elif isinstance(one, str) and (widget == "prose" or name == "fallback"):
                yield one
