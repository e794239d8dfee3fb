"""Recorded phrases come, change and go. Every write is one transaction with its row in the audit log."""

from __future__ import annotations

import re
import tempfile
import unicodedata
import uuid
from collections.abc import Mapping
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from agents.clips import queries
from agents.clips.sound import canonical
from agents.models import Agent, VoiceClip
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput
from voiceops.lib.schema import current_schema
from voiceops.lib.sealed import SealedWriter
from voiceops.lib.storage import store

MOST_CLIPS = 150
"""Of one agent, and of one client: together no more than a call's spec holds."""

LONGEST_NAME = 40
LONGEST_WORDS = 500
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


def add(
    actor: User | None,
    agent: Agent,
    *,
    data: bytes,
    words: str,
    name: str = "",
    kind: str = VoiceClip.Kind.PHRASE,
    voice: str = "",
    for_client: bool = False,
) -> VoiceClip:
    """`data` is a sound file as it came. With `for_client` all agents of the client get it.

    Raises InvalidInput, whose `field` names what is wrong, and StoreError when it cannot be kept.
    """
    words = _words(words)
    owner = None if for_client else agent
    mine = VoiceClip.objects.filter(client=agent.client, agent=owner, archived_at=None)
    if mine.count() >= MOST_CLIPS:
        raise InvalidInput(f"There are {MOST_CLIPS} clips already. Archive some first.")
    name = _name(name) if name.strip() else _free_name(words, set(mine.values_list("name", flat=True)))
    sound = canonical(data)
    clip = VoiceClip(
        client=agent.client,
        agent=owner,
        name=name,
        words=words,
        kind=kind,
        voice=voice.strip()[:200],
        seconds=round(sound.seconds, 3),
        size=len(sound.pcm),
        sha256=sound.sha256,
        created_by=actor,
    )
    clip.storage_key = f"{current_schema()}/clips/{clip.pk}"
    _keep(clip, sound.pcm)
    try:
        with transaction.atomic():
            clip.save(force_insert=True)
            audit.record(actor, "clip.added", clip, data={"name": name, "seconds": clip.seconds})
    except IntegrityError:
        store().delete(clip.storage_key)
        raise InvalidInput(f"There is a clip “{name}” already.", "name") from None
    return clip


def change(actor: User, clip: VoiceClip, *, name: str, words: str, kind: str, voice: str) -> None:
    """Raises InvalidInput."""
    before = (clip.name, clip.words, clip.kind, clip.voice)
    clip.name, clip.words, clip.kind, clip.voice = _name(name), _words(words), kind, voice.strip()[:200]
    if before == (clip.name, clip.words, clip.kind, clip.voice):
        return
    try:
        with transaction.atomic():
            clip.save(update_fields=["name", "words", "kind", "voice"])
            audit.record(actor, "clip.changed", clip, data={"name": clip.name})
    except IntegrityError:
        raise InvalidInput(f"There is a clip “{clip.name}” already.", "name") from None


def archive(actor: User, clip: VoiceClip) -> None:
    """No later call hears it. Its sound is kept, for calls that run."""
    with transaction.atomic():
        if VoiceClip.objects.filter(pk=clip.pk, archived_at=None).update(archived_at=timezone.now()):
            audit.record(actor, "clip.archived", clip, data={"name": clip.name})


def count_use(agent_id: uuid.UUID, times: Mapping[str, int]) -> None:
    """A call of this agent is over, in which callers heard clips, by name, so often."""
    agent = Agent.objects.filter(pk=agent_id).first()
    if agent is None or not times:
        return
    for clip in queries.of_agent(agent):
        if clip.name in times:
            VoiceClip.objects.filter(pk=clip.pk).update(used=F("used") + times[clip.name])


def _keep(clip: VoiceClip, pcm: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="clip-") as file:
        sealed = SealedWriter(file, queries.place(current_schema(), clip.pk))
        sealed.write(pcm)
        sealed.finish()
        store().put(clip.storage_key, Path(file.name))


def _words(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(character.isalnum() for character in text):
        raise InvalidInput("Write down exactly what is said in it.", "words")
    if len(text) > LONGEST_WORDS:
        raise InvalidInput("At most 500 characters. Cut it into phrases.", "words")
    if any(character in "[]{}|" for character in text):
        raise InvalidInput("Only words and punctuation: no brackets, no {{variables}}.", "words")
    return text


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _NOT_A_NAME.sub("_", plain).strip("_")[:LONGEST_NAME].strip("_")
    if not name:
        raise InvalidInput("A name of letters and digits, such as “opening_hours”.", "name")
    return name


def _free_name(words: str, taken: set[str]) -> str:
    """The first words, and a number where they are taken."""
    try:
        base = _name(" ".join(words.split()[:4]))[: LONGEST_NAME - 4].strip("_")
    except InvalidInput:
        base = "clip"
    return next(
        name for number in range(1, MOST_CLIPS + 2) if (name := f"{base}_{number}" if number > 1 else base) not in taken
    )
