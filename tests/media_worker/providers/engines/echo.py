"""Answers with what it was asked, or misbehaves as it is told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from media_worker.providers.local.host import serve


def work(wanted: dict[str, Any], sound: bytes) -> Iterator[bytes]:
    if wanted.get("load"):
        return
    if wanted.get("break"):
        raise ZeroDivisionError
    if wanted.get("die"):
        os._exit(3)
    if wanted.get("print"):
        sys.stdout.write(wanted["print"] * 1000)
    said = json.dumps({**wanted, "samples": len(sound) // 2})
    yield json.dumps({"text": said, "confidence": 0.9}).encode()


if __name__ == "__main__":
    serve(work)
