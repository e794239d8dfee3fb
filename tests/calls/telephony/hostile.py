"""Messages that nobody should send: the good ones with parts taken away, doubled or of the wrong type."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

WRONG: list[Any] = [None, True, -1, 1e308, "", "x" * 1000, [], {}, [[]], {"payload": 1}, "\ud800", "\x00", "💥"]


def nonsense(*good: dict[str, Any] | str, seed: int, rounds: int = 3000) -> Iterator[str | bytes]:
    """Reproducible. Binary, broken JSON, and JSON whose fields are not what they should be."""
    chance = random.Random(seed)
    yield from ("", " ", "{", "[]", "nul", "NaN", "[" * 100_000, "\ufeff{}", b"", b"\x00", bytes(range(256)))
    templates = [json.loads(one) if isinstance(one, str) else one for one in good]
    for _ in range(rounds):
        body = copy.deepcopy(chance.choice(templates))
        for _ in range(chance.randint(1, 3)):
            _spoil(body, chance)
        text = json.dumps(body)
        yield text if chance.random() < 0.8 else text[: chance.randrange(len(text) + 1)]


def _spoil(body: Any, chance: random.Random) -> None:
    while isinstance(body, dict) and body:
        key = chance.choice(sorted(body))
        if isinstance(body[key], dict) and body[key] and chance.random() < 0.7:
            body = body[key]
            continue
        if chance.random() < 0.4:
            del body[key]
        else:
            body[key] = chance.choice(WRONG)
        return
