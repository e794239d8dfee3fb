"""A server of embeddings that speaks OpenAI's protocol. What a text means is which groups of words it has words of."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from aiohttp import web

from tests.fakes.served import Served

DIMENSIONS = 64
_SAME = (
    ("cost", "price", "prices", "dollars", "expensive", "pay", "charge"),
    ("clean", "cleaning", "polish", "hygiene"),
    ("whitening", "whiter", "bleach", "brighter"),
    ("open", "opening", "hours", "closed", "close"),
    ("parking", "park", "car", "spaces"),
    ("implant", "implants", "artificial"),
)
_MEANS = {word: number for number, words in enumerate(_SAME) for word in words}


@dataclass
class FakeEmbeddings(Served):
    """`status` answers every request with that failure, `delay` lets them wait, `until` fails after so many requests."""

    dimensions: int = DIMENSIONS
    delay: float = 0.0
    status: int = 200
    until: int | None = None
    batches: list[list[str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def application(self) -> web.Application:
        made = web.Application(client_max_size=20_000_000)
        made.router.add_post("/v1/embeddings", self._embed)
        return made

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self.delay)
        if self.status != 200 or (self.until is not None and len(self.batches) >= self.until):
            return web.json_response({"error": {"message": "no"}}, status=self.status if self.status != 200 else 429)
        self.bodies.append(body)
        self.batches.append(list(body["input"]))
        dimensions = body.get("dimensions", self.dimensions)
        data = [
            {"object": "embedding", "index": number, "embedding": meaning(text, dimensions)}
            for number, text in enumerate(body["input"])
        ]
        return web.json_response({"object": "list", "model": body["model"], "data": list(reversed(data))})


def meaning(text: str, dimensions: int = DIMENSIONS) -> Sequence[float]:
    vector = [0.0] * dimensions
    for word in re.findall(r"[a-z]+", text.lower()):
        group = _MEANS.get(word)
        if group is not None:
            vector[group] += 3.0
        elif len(word) > 3:
            vector[len(_SAME) + crc32(word.encode()) % (dimensions - len(_SAME))] += 1.0
    vector[-1] += 0.1
    length = math.sqrt(sum(number * number for number in vector))
    return [number / length for number in vector]
