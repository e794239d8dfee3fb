"""The span recorder: who did a piece of work for a turn, when, and what it took. For the audio loop: nothing waits here.

    span = spans.open("llm", turn, provider, tier="small", why="intent hours")
    span.first()                      # its first word, token or sample
    span.add(tokens_in=210, tokens_out=18)
    span.end()                        # the work is over; what it was worth may still be unknown
    span.close(kept=False)            # written, once: one `events.Span` in the journal

What spans add up to, by stage and vendor, is the call's usage: `Meter`. The recorder writes at most `MOST_OF_A_TURN`
spans a turn and `MOST` a call; what is beyond is counted in the usage and not written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from media_worker.contract.events import Span, Usage
from media_worker.contract.spec import Provider
from media_worker.observe.journal import Journal

MOST = 4000
MOST_OF_A_TURN = 60

LATE_NEWS = 0.3
"""Seconds that a closed span waits for what its vendor tells last: some tell their tokens after the end of an answer."""

Stage = Literal["stt", "turn", "llm", "tool", "tts", "clip", "cache", "s2s"]
Billed = Literal["stt", "llm", "tts", "clip", "cache", "s2s"]

_BILLED: dict[str, Billed] = {
    "stt": "stt",
    "llm": "llm",
    "tts": "tts",
    "clip": "clip",
    "cache": "cache",
    "s2s": "s2s",
}


@dataclass
class Taken:
    seconds: float = 0.0
    characters: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def add(self, seconds: float = 0.0, characters: int = 0, tokens_in: int = 0, tokens_out: int = 0) -> None:
        self.seconds += max(0.0, seconds)
        self.characters += max(0, characters)
        self.tokens_in += max(0, tokens_in)
        self.tokens_out += max(0, tokens_out)


class Meter:
    """What a call took, by stage and vendor."""

    def __init__(self) -> None:
        self._taken: dict[tuple[Billed, str], Taken] = {}

    def of(self, stage: Billed, vendor: str) -> Taken:
        return self._taken.setdefault((stage, vendor), Taken())

    def seconds(self, stage: Billed) -> float:
        return sum(taken.seconds for (one, _), taken in self._taken.items() if one == stage)

    def usages(self) -> list[Usage]:
        return [
            Usage(
                stage=stage,
                vendor=vendor,
                seconds=round(taken.seconds, 2),
                characters=taken.characters,
                tokens_in=taken.tokens_in,
                tokens_out=taken.tokens_out,
            )
            for (stage, vendor), taken in self._taken.items()
        ]


@dataclass(eq=False)
class OpenSpan:
    """Made by `Spans.open`. Every method may be called late, or twice: the first time counts."""

    recorder: Spans
    turn: int
    stage: Stage
    vendor: str
    model: str
    key: str
    tier: str
    why: str
    name: str
    started_ms: int
    first_ms: int | None = None
    ended_ms: int | None = None
    taken: Taken = field(default_factory=Taken)
    kept: bool = True
    error: str = ""
    closed: bool = False
    written: bool = False

    def first(self, at_ms: int | None = None) -> None:
        """Its first result came, now or at `at_ms`."""
        if self.first_ms is None:
            self.first_ms = self.recorder.now_ms() if at_ms is None else at_ms

    def add(self, seconds: float = 0.0, characters: int = 0, tokens_in: int = 0, tokens_out: int = 0) -> None:
        """What it took, or took more. Counts for the usage at once, also when the span is never written."""
        self.taken.add(seconds, characters, tokens_in, tokens_out)
        billed = _BILLED.get(self.stage)
        if billed is not None and self.vendor and self.stage != "stt":
            self.recorder.meter.of(billed, self.vendor).add(seconds, characters, tokens_in, tokens_out)

    def end(self, at_ms: int | None = None) -> None:
        """The work itself is over. Whether it was of use, `close` tells."""
        if self.ended_ms is None:
            self.ended_ms = self.recorder.now_ms() if at_ms is None else at_ms

    def close(self, *, kept: bool = True, error: str = "", late_news: bool = False) -> None:
        """Over and judged. With `late_news` it is written a little later. `error` holds no word that was said."""
        if self.closed:
            return
        self.closed = True
        self.end()
        self.kept, self.error = kept, error[:200]
        if late_news:
            asyncio.get_running_loop().call_later(LATE_NEWS, self.recorder.write, self)
        else:
            self.recorder.write(self)


class Spans:
    """A call's recorder. `flush` writes at the end what is still open."""

    def __init__(self, journal: Journal) -> None:
        self.meter = Meter()
        self.unwritten = 0
        self._journal = journal
        self._waiting: list[OpenSpan] = []
        self._opened = 0
        self._of_turn: Counter[int] = Counter()

    def now_ms(self) -> int:
        return self._journal.clock.now_ms()

    def at_ms(self, moment: float) -> int:
        """A moment of `time.monotonic()` on the call's clock."""
        return self._journal.clock.at_ms(moment)

    def open(
        self,
        stage: Stage,
        turn: int,
        provider: Provider | None = None,
        *,
        vendor: str = "",
        model: str = "",
        key: str = "",
        tier: str = "",
        why: str = "",
        name: str = "",
        started_ms: int | None = None,
        lazy: bool = False,
    ) -> OpenSpan:
        """`provider` gives vendor, model and key's alias; what is given besides goes before it.

        `lazy`: perhaps it comes to nothing, and then nobody closes it: it is not written.
        """
        if provider is not None:
            vendor = vendor or provider.vendor
            model = model or str(provider.options.get("model") or provider.options.get("voice") or "")
            key = key or provider.alias
        span = OpenSpan(
            recorder=self,
            turn=max(0, turn),
            stage=stage,
            vendor=vendor[:40],
            model=model[:120],
            key=key[:80],
            tier=tier[:10],
            why=why[:120],
            name=name[:80],
            started_ms=self.now_ms() if started_ms is None else started_ms,
        )
        self._of_turn[span.turn] += 1
        self._opened += 1
        if self._opened > MOST or self._of_turn[span.turn] > MOST_OF_A_TURN:
            self.unwritten += 1
            span.written = True
        elif not lazy:
            self._waiting.append(span)
        return span

    def write(self, span: OpenSpan) -> None:
        if span.written:
            return
        span.written = True
        if span in self._waiting:
            self._waiting.remove(span)
        ended = span.ended_ms if span.ended_ms is not None else self.now_ms()
        self._journal.write(
            Span(
                turn=span.turn,
                stage=span.stage,
                vendor=span.vendor,
                model=span.model,
                key=span.key,
                tier=span.tier,
                why=span.why,
                name=span.name,
                started_ms=span.started_ms,
                first_ms=span.first_ms,
                ended_ms=max(span.started_ms, ended),
                tokens_in=span.taken.tokens_in,
                tokens_out=span.taken.tokens_out,
                characters=span.taken.characters,
                seconds=round(span.taken.seconds, 3),
                kept=span.kept,
                error=span.error,
            )
        )

    def flush(self) -> None:
        """The call is over: what nobody closed was cut off by its end."""
        for span in list(self._waiting):
            if not span.closed:
                span.close(kept=span.first_ms is not None)
            self.write(span)
