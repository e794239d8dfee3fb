"""Records a call from the bridge's event loop without ever making it wait.

The loop's share is appending to a list. Sealing, writing and fsync happen on one background thread for the whole
process. When the disk cannot keep up or is full, segments are lost and counted; audio is never late because of it.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from calls.recording import segments
from calls.recording.segments import AGENT, CALLER, CLEARED, Head, Record

logger = logging.getLogger(__name__)

WAITING_BYTES = 64 * 1024 * 1024
FLUSH_AT_EXIT_SECONDS = 3.0


@dataclass(frozen=True)
class Job:
    size: int
    run: Callable[[], None]


class Disk:
    """The thread that writes for every call of this process. Its queue is bounded in bytes."""

    def __init__(self, waiting_bytes: int = WAITING_BYTES) -> None:
        self._waiting_bytes = waiting_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def take(self, job: Job) -> bool:
        """Never blocks. False: there is no room, and the job will not be done."""
        with self._lock:
            if self._bytes + job.size > self._waiting_bytes:
                return False
            self._bytes += job.size
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="recording-disk", daemon=True)
                self._thread.start()
                atexit.register(self.close, FLUSH_AT_EXIT_SECONDS)
        self._jobs.put(job)
        return True

    def close(self, timeout: float) -> None:
        """Write what waits, for at most `timeout` seconds, and stop."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(timeout)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.run()
            finally:
                with self._lock:
                    self._bytes -= job.size


_disk = Disk()


class SegmentWriter:
    """One bridge's share of a call's recording. A call that another bridge goes on with gets another writer.

    Times are milliseconds on the call's clock. Hand audio over when it passes the carrier's socket: the caller's as it
    arrives, the agent's as it is written. What the carrier then plays is worked out when the recording is assembled:
    agent audio plays from `at_ms` or when the audio before it ends, and `cleared` silences what had not been played.
    """

    def __init__(
        self,
        schema: str,
        call_id: UUID,
        codec: str,
        rate: int,
        *,
        on_lost: Callable[[str], None] | None = None,
        disk: Disk | None = None,
    ) -> None:
        """`on_lost` is told, from any thread, each time a segment is lost: a sentence for the agency's staff."""
        self.lost_segments = 0
        self._schema, self._call_id, self._codec, self._rate = schema, call_id, codec, rate
        self._on_lost = on_lost
        self._disk = disk or _disk
        self._part = segments.new_part()
        self._number = 0
        self._records: list[Record] = []
        self._size = 0
        self._began_ms = 0
        self._span_ms = settings.RECORDING_SEGMENT_SECONDS * 1000
        self._closed: Future[None] | None = None

    def caller(self, at_ms: int, audio: bytes) -> None:
        self._add(CALLER, at_ms, bytes(audio))

    def agent(self, at_ms: int, audio: bytes) -> None:
        self._add(AGENT, at_ms, bytes(audio))

    def cleared(self, at_ms: int) -> None:
        """The carrier threw away what it had not yet played. Say so too when the stream stops."""
        self._add(CLEARED, at_ms, b"")

    def close(self, at_ms: int | None = None) -> Future[None]:
        """Finish this part; `at_ms` is when the stream stopped. The future is done when all of it is on disk or lost.

        Nobody has to wait for it: the assembly knows a part that was not finished. Closing twice is harmless.
        """
        if self._closed is None:
            if at_ms is not None:
                self.cleared(at_ms)
            self._closed = Future()
            self._flush(last=True)
        return self._closed

    def _add(self, track: int, at_ms: int, audio: bytes) -> None:
        if self._closed is not None:
            return
        record = Record(track, max(0, at_ms), audio)
        if not self._records:
            self._began_ms = record.at_ms
        self._records.append(record)
        self._size += len(record.audio) + 16
        if record.at_ms - self._began_ms >= self._span_ms:
            self._flush()

    def _flush(self, last: bool = False) -> None:
        records, number, size = self._records, self._number, self._size
        self._records, self._number, self._size = [], number + 1, 0
        done = self._closed if last else None
        if not self._disk.take(Job(size, lambda: self._write(number, records, done))):
            self._lose("The disk is too slow for the recordings of the calls that are running.")
            if done is not None:
                done.set_result(None)

    def _write(self, number: int, records: list[Record], done: Future[None] | None) -> None:
        """On the disk's thread."""
        try:
            head = Head(self._codec, self._rate, last=done is not None)
            segments.write(self._schema, self._call_id, self._part, number, head, records)
        except OSError as error:
            self._lose(f"The disk did not take a part of the recording: {error.strerror}.")
        except Exception:
            logger.exception("A segment of call %s could not be written", self._call_id)
            self._lose("A part of the recording could not be written.")
        finally:
            if done is not None:
                done.set_result(None)

    def _lose(self, sentence: str) -> None:
        self.lost_segments += 1
        logger.error("Call %s lost a segment of its recording: %s", self._call_id, sentence)
        if self._on_lost is not None:
            self._on_lost(sentence)
