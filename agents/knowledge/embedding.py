"""Passages and questions become vectors, at any server that speaks OpenAI's protocol for it.

An `Embedder` is made where the database is at hand, and then asks from any thread.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from agents.accounts import pools, queries, reaching
from agents.knowledge.columns import WIDTHS
from agents.models import KnowledgeGeneration, ProviderAccount
from media_worker.contract.spec import Provider
from media_worker.providers.base import VendorSpec
from voiceops.lib.errors import ProviderError, ProviderRefused
from voiceops.lib.schema import current_schema

BATCH = 64
MOST_ANSWER = 12_000_000
INDEXING_SECONDS = 30.0
QUESTION_SECONDS = 0.8
RESTS = 20.0
"""So long no question is sent to a server that failed one."""

_KEPT_QUESTIONS = 512


@dataclass(frozen=True)
class Embedder:
    """One model of one account. `space` names it: vectors of one space can be compared."""

    space: str
    model: str
    dimensions: int | None
    _provider: Provider = field(repr=False)
    _vendor: VendorSpec | None = field(repr=False)

    @classmethod
    def of(cls, account: ProviderAccount, model: str, dimensions: int | None) -> Embedder:
        provider = queries.as_provider(account, pools.usable(account.pk))
        return cls(space_of(account.pk, model, dimensions), model, dimensions, provider, queries.vendor_of(account))

    def embed(
        self, texts: Sequence[str], seconds: float = INDEXING_SECONDS, within: float | None = None
    ) -> list[list[float]]:
        """A vector of length one for each text, in order. Raises ProviderError, in words."""
        body: dict[str, Any] = {"model": self.model, "input": list(texts), "encoding_format": "float"}
        if self.dimensions:
            body["dimensions"] = self.dimensions
        answer = reaching.send(
            self._provider,
            self._vendor,
            "POST",
            "/embeddings",
            seconds=seconds,
            body=body,
            within=within,
            most=MOST_ANSWER,
        )
        return _vectors(answer, len(texts))


def space_of(account: UUID, model: str, dimensions: int | None) -> str:
    return hashlib.sha256(f"{account}|{model}|{dimensions or ''}".encode()).hexdigest()[:16]


def embedder_of(generation: KnowledgeGeneration) -> Embedder | None:
    """None when the generation has no vectors. Raises ProviderRefused when its account is gone."""
    if not generation.space:
        return None
    account = generation.account
    if account is None or account.archived_at is not None:
        raise ProviderRefused("The account that makes its embeddings was archived or removed. Choose another.")
    return Embedder.of(account, generation.model, generation.dimensions)


def _vectors(answer: Any, wanted: int) -> list[list[float]]:
    rows = answer.get("data") if isinstance(answer, dict) else None
    try:
        rows = sorted(rows or (), key=lambda row: int(row.get("index", 0)))
        vectors = [[float(number) for number in row["embedding"]] for row in rows]
    except (TypeError, ValueError, KeyError, AttributeError):
        raise ProviderRefused("The server’s answer holds no embeddings. Is this an embedding model?") from None
    lengths = {len(vector) for vector in vectors}
    if len(vectors) != wanted or len(lengths) != 1 or 0 in lengths:
        raise ProviderRefused("The server answered with other embeddings than were asked for.")
    if lengths.pop() > WIDTHS[-1]:
        raise ProviderRefused(f"This model’s embeddings have more than {WIDTHS[-1]} numbers. Ask it for fewer.")
    return [_unit(vector) for vector in vectors]


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(number * number for number in vector))
    if not math.isfinite(length) or length == 0:
        raise ProviderRefused("The server answered with an embedding that is no vector.")
    return [number / length for number in vector]


class _Questions:
    """Questions on their way to a server, those it answered lately, and which servers rest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], list[float]] = OrderedDict()
        self._rest_until: dict[tuple[str, str], float] = {}
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="embed")

    def ask(self, embedder: Embedder, question: str, seconds: float) -> Future[list[float]]:
        """Fails with ProviderError. What is asked is kept by schema: no agency meets another's."""
        server = (current_schema(), embedder.space)
        key = (*server, hashlib.sha256(question.encode()).hexdigest())
        done: Future[list[float]] = Future()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                done.set_result(kept)
                return done
            if self._rest_until.get(server, 0.0) > time.monotonic():
                done.set_exception(ProviderRefused("The server failed a moment ago."))
                return done
        return self._threads.submit(self._asked, embedder, question, seconds, server, key)

    def _asked(
        self, embedder: Embedder, question: str, seconds: float, server: tuple[str, str], key: tuple[str, str, str]
    ) -> list[float]:
        try:
            (vector,) = embedder.embed([question], seconds=seconds, within=seconds)
        except ProviderError:
            self.failed(server)
            raise
        with self._lock:
            self._kept[key] = vector
            while len(self._kept) > _KEPT_QUESTIONS:
                self._kept.popitem(last=False)
        return vector

    def failed(self, server: tuple[str, str]) -> None:
        with self._lock:
            self._rest_until[server] = time.monotonic() + RESTS

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self._rest_until.clear()


questions = _Questions()
