"""Segments → one sealed MP3 in the store, with its peaks. May be run again at any point: it begins from the segments.

The segments go only when the stored object was read back, opened, and is byte for byte what was encoded.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import soundfile
from django.conf import settings
from django.utils import timezone

from calls import live
from calls.aftercall.errors import NotYet
from calls.models import Call, Recording
from calls.recording import segments
from calls.recording.segments import Record
from calls.recording.timeline import Samples, stereo
from voiceops.lib.errors import PlatformError, SealError
from voiceops.lib.schema import current_schema
from voiceops.lib.sealed import SealedReader, SealedWriter
from voiceops.lib.storage import store

logger = logging.getLogger(__name__)

CONTENT_TYPE = "audio/mpeg"
PEAKS_PER_SECOND = 10
COMPRESSION = 0.6  # of libsndfile, 0 to 1: constant 32 kbit/s at 8 kHz, 64 at 16 kHz
STILL_WRITING_SECONDS = 60
FIRST_SEGMENT_SECONDS = 10
SCRATCH, SCRATCH_KEPT_SECONDS = "assembling-", 86_400


class RecordingDiffers(PlatformError):
    """The store gave back something else than it was given."""

    retryable = True


def place(schema: str, call_id: UUID) -> str:
    """What a recording is sealed for."""
    return f"{schema}|calls.recording|{call_id}"


@dataclass
class Peaks:
    """The loudest sample of each tenth of a second, 0 to 1, for each side."""

    rate: int
    samples: int = 0
    caller: list[float] = field(default_factory=list)
    agent: list[float] = field(default_factory=list)

    def add(self, block: Samples) -> None:
        """`block` begins on a whole second; only the last may be shorter than one."""
        self.samples += len(block)
        step = self.rate // PEAKS_PER_SECOND
        for side, peaks in ((0, self.caller), (1, self.agent)):
            loudness = np.abs(block[:, side].astype(np.int32))
            peaks += [
                round(float(value) / 32768, 3) for value in np.maximum.reduceat(loudness, range(0, len(block), step))
            ]


@dataclass
class Found:
    """What was read from the segments."""

    rate: int
    lost: int = 0

    @property
    def sentence(self) -> str:
        if not self.lost:
            return ""
        return (
            "1 part of it was lost and is silent."
            if self.lost == 1
            else f"{self.lost} parts of it were lost and are silent."
        )

    def parts(self, schema: str, call_id: UUID, names: list[str]) -> Iterator[tuple[str, str, tuple[Record, ...]]]:
        for name in names:
            try:
                segment = segments.read(schema, call_id, name)
            except SealError:
                self.lost += 1
                logger.error("A segment of call %s does not open; its seconds are silent", call_id)
                continue
            if segment.head.rate != self.rate:
                self.lost += 1
                continue
            yield segment.part, segment.head.codec, segment.records


def assemble(call: Call) -> None:
    """Raises NotYet while a bridge may still be writing, and errors that say whether another try can help."""
    schema = current_schema()
    recording, _ = Recording.objects.get_or_create(call=call)
    if recording.status == Recording.Status.READY:
        segments.delete(schema, call.pk)
        return
    names = segments.names(schema, call.pk)
    rate = _rate(schema, call.pk, names)
    if _may_still_be_written(schema, call, names):
        raise NotYet("The bridge is still writing the last seconds.")
    _show(recording, Recording.Status.ASSEMBLING)
    if rate is None:
        _show(recording, Recording.Status.EMPTY)
        segments.delete(schema, call.pk)
        return
    _encode_and_store(schema, call, recording, Found(rate), names)
    segments.delete(schema, call.pk)


def give_up(call: Call, sentence: str) -> None:
    """The state that people see when no further try is made. The segments stay, so that it can be asked for again."""
    recording, _ = Recording.objects.get_or_create(call=call)
    if recording.status != Recording.Status.READY:
        _show(recording, Recording.Status.FAILED, sentence)


def _encode_and_store(schema: str, call: Call, recording: Recording, found: Found, names: list[str]) -> None:
    key = f"{schema}/recordings/{call.pk}/call.mp3"
    where = place(schema, call.pk)
    scratch = Path(settings.SEGMENT_DIR) / schema
    _clear_scratch(scratch)
    with tempfile.NamedTemporaryFile(dir=scratch, prefix=SCRATCH) as file:
        sealed = SealedWriter(file, where)
        peaks = Peaks(found.rate)
        with soundfile.SoundFile(
            sealed,
            "w",
            samplerate=found.rate,
            channels=2,
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT",
            compression_level=COMPRESSION,
        ) as encoder:
            for block in stereo(found.parts(schema, call.pk, names), found.rate, found.rate):
                encoder.write(block.astype(np.float32) / 32768)
                peaks.add(block)
        sealed.finish()
        if not peaks.samples:
            _show(recording, Recording.Status.EMPTY)
            return
        path = Path(file.name)
        wanted = _digest(_local_reader(path, where))
        store().put(key, path)
    if _digest(reader(key, where)) != wanted:
        raise RecordingDiffers("The store gave back another recording than it was given.")
    recording.status = Recording.Status.READY
    recording.detail = found.sentence
    recording.storage_key, recording.content_type = key, CONTENT_TYPE
    recording.size, recording.sha256 = sealed.size, wanted
    recording.duration_ms = peaks.samples * 1000 // found.rate
    recording.peaks = {"caller": peaks.caller, "agent": peaks.agent}
    recording.ready_at = timezone.now()
    recording.save()
    live.call_changed(call, "recording")


def _clear_scratch(folder: Path) -> None:
    """What assemblies that were killed left there. It is sealed, but it takes room."""
    for path in folder.glob(f"{SCRATCH}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > SCRATCH_KEPT_SECONDS:
                path.unlink()


def reader(key: str, where: str) -> SealedReader:
    """Opens a stored recording for reading from anywhere."""
    shelf = store()
    return SealedReader(lambda start, length: shelf.read(key, start, length), shelf.size(key), where)


def _local_reader(path: Path, where: str) -> SealedReader:
    def read(start: int, length: int) -> bytes:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    return SealedReader(read, path.stat().st_size, where)


def _digest(sealed: SealedReader) -> str:
    digest = hashlib.sha256()
    for chunk in sealed.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _rate(schema: str, call_id: UUID, names: list[str]) -> int | None:
    """Of the first segment that opens and holds audio; None when there is none."""
    for name in names:
        try:
            segment = segments.read(schema, call_id, name)
        except SealError:
            continue
        if any(record.audio for record in segment.records):
            return segment.head.rate
    return None


def _may_still_be_written(schema: str, call: Call, names: list[str]) -> bool:
    """A part that was not closed, and was written to lately, may only be waiting for its disk."""
    if not names:
        ended = call.ended_at or timezone.now()
        return call.media_started_at is not None and (timezone.now() - ended).total_seconds() < FIRST_SEGMENT_SECONDS
    try:
        finished = segments.read(schema, call.pk, names[-1]).head.last
        return not finished and segments.age_seconds(schema, call.pk) < STILL_WRITING_SECONDS
    except (SealError, FileNotFoundError):
        return False


def _show(recording: Recording, status: Recording.Status, detail: str = "") -> None:
    recording.status, recording.detail = status, detail[:300]
    fields: Any = ["status", "detail"]
    recording.save(update_fields=fields)
    live.call_changed(recording.call, "recording")
