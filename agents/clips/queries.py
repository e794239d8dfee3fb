"""Recorded phrases, read: lists for people, the clips of a call, and their sound."""

from __future__ import annotations

import io
import uuid
import wave
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from agents.clips.sound import RATE
from agents.models import Agent, VoiceClip
from media_worker.contract.spec import Clip
from voiceops.lib.errors import StoreError
from voiceops.lib.schema import current_schema
from voiceops.lib.sealed import SealedReader
from voiceops.lib.storage import store

MOST_OF_A_CALL = 300
PIECE = 96 * 1024
"""Bytes of one answer to a worker: small enough that the caller's audio beside it is not held up."""


@dataclass(frozen=True)
class Piece:
    """`audio` is a part of a clip's canonical sound, which has `size` bytes."""

    audio: bytes
    size: int


def of_agent(agent: Agent) -> list[VoiceClip]:
    """The agent's own and its client's; of two with the same name the agent's own."""
    rows = VoiceClip.objects.filter(client=agent.client_id, archived_at=None)
    rows = rows.filter(Q(agent=agent) | Q(agent=None)).select_related("agent")
    found = {clip.name: clip for clip in sorted(rows, key=lambda clip: clip.agent_id is not None)}
    return sorted(found.values(), key=lambda clip: clip.name)


def for_call(agent: Agent) -> tuple[Clip, ...]:
    return tuple(
        Clip(
            id=clip.name,
            words=clip.words,
            sha256=clip.sha256,
            seconds=min(60.0, clip.seconds),
            kind=clip.kind,
            voice=clip.voice,
        )
        for clip in of_agent(agent)[:MOST_OF_A_CALL]
    )


def piece(sha256: str, offset: int) -> Piece | None:
    """A part of a clip of the present agency, archived or not; None when it has none such. Raises StoreError."""
    row = _with_sound(sha256).first()
    if row is None or not 0 <= offset < row.size:
        return None
    sealed = _reader(row)
    return Piece(b"".join(sealed.chunks(offset, offset + PIECE)), sealed.size)


def _with_sound(sha256: str) -> QuerySet[VoiceClip]:
    return VoiceClip.objects.filter(sha256=sha256).order_by("archived_at", "created_at")


def as_wav(clip: VoiceClip) -> bytes:
    """For the browser. Raises StoreError, SealError."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(_reader(clip).chunks()))
    return held.getvalue()


def place(schema: str, clip_id: uuid.UUID) -> str:
    """What a clip is sealed for."""
    return f"{schema}|agents.clip|{clip_id}"


def _reader(clip: VoiceClip) -> SealedReader:
    shelf = store()
    size = shelf.size(clip.storage_key)
    if size < clip.size:
        raise StoreError("A clip's sound is cut short.")
    return SealedReader(
        lambda start, length: shelf.read(clip.storage_key, start, length), size, place(current_schema(), clip.pk)
    )
