"""Logs: stdlib, plain or JSON, one line an event, with the call's id and never a word of what was said.

pipecat logs through loguru and quotes texts; only its warnings pass, with everything quoted or bracketed taken out.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

current_call: ContextVar[str] = ContextVar("current_call", default="")

_QUOTED = re.compile(r"\[[^\]]*\]|\{.*\}|\"[^\"]*\"|'[^']*'|“[^”]*”", re.DOTALL)


def without_words(message: str) -> str:
    """Somebody else's message for logs and events: what it quotes may be what a caller said."""
    return _QUOTED.sub("…", " ".join(message.split()))[:300]


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if call := current_call.get():
            line["call"] = call
        if record.exc_info:
            line["error"] = _where(record)
        return json.dumps(line, ensure_ascii=False)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        call = current_call.get()
        line = f"{time} {record.levelname:<7} {f'call {call[:8]} ' if call else ''}{record.getMessage()}"
        return f"{line} ({_where(record)})" if record.exc_info else line


def _where(record: logging.LogRecord) -> str:
    """Type and place of an exception. Not its message: it may quote what was said."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place


def configure(level: str = "INFO", as_json: bool = False) -> None:
    """Set up this process's logs, and route pipecat's into them."""
    from loguru import logger

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Plain())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("websockets", "httpx", "httpx2", "httpcore", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logger.remove()
    logger.add(_from_loguru, level="WARNING", format="{message}", backtrace=False, diagnose=False)


def _from_loguru(message: Any) -> None:
    record = message.record
    text = without_words(record["message"])
    logging.getLogger("pipecat").log(record["level"].no, "%s:%s %s", record["module"], record["line"], text)
