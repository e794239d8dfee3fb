"""The process that reads one file: from its input, within what the system allows it, to one JSON object.

Exit code 0, also when the file cannot be used (`{"error": sentence}`): any other way to end is one that a hostile file
found.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict

MOST_MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 60
TOO_MUCH = "It needs too much memory to be read. Split it into smaller files."


def bounded() -> None:
    """No more memory and time than this; no file is written; calls on the same machine go first."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.nice(10)


def readers(kind: str, address: str) -> Callable[[bytes], object]:
    """Imported after the bounds are set, each only when it is needed."""
    if kind == "pdf":
        from agents.knowledge.reading.pdf import read_pdf

        return read_pdf
    if kind == "docx":
        from agents.knowledge.reading.word import read_docx

        return read_docx
    if kind == "html":
        from agents.knowledge.reading.page import read_html

        return lambda data: read_html(data, address)
    from agents.knowledge.reading.plain import read_csv, read_text

    return read_csv if kind == "csv" else read_text


def main() -> int:
    bounded()
    logging.disable(logging.CRITICAL)  # parsers quote what they stumble over
    from agents.knowledge.reading.blocks import MOST_BYTES, Reading, Unreadable

    kind, address = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        if not data.strip():
            raise Unreadable("The file is empty.")
        if len(data) > MOST_BYTES:
            raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
        reading = readers(kind, address)(data)
        assert isinstance(reading, Reading)
        if not reading.blocks:
            raise Unreadable("There is no text in it.")
        answer = {"title": reading.title, "pages": reading.pages, "links": reading.links}
        answer["blocks"] = [asdict(block) for block in reading.blocks]
        written = json.dumps(answer, ensure_ascii=False)
    except Unreadable as error:
        written = json.dumps({"error": str(error)})
    except (MemoryError, RecursionError):
        written = json.dumps({"error": TOO_MUCH})
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(written.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    os._exit(main())  # nothing that a parser left behind has a say any more
