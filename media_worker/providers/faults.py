"""What went wrong at a vendor, read from whatever its SDK threw: was the key refused, and when may it be tried again?

Every SDK has its own exceptions, but they carry the answer of the server in one of few ways: `status_code` or `status`
or `code`, on the exception or on its `response`, and the headers beside it; botocore has a dictionary. A service tells
its failure as an `ErrorFrame` whose `exception` is that exception, so that this can read it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

Kind = Literal["refused", "rate_limited", "rejected", "unavailable"]

LONGEST_WAIT = 86_400.0
_MOST_CAUSES = 8
_IN_TEXT = re.compile(
    r"(?:\bHTTP\b|\bstatus(?: code)?\b|\banswered\b|\berror\b)[^\d\n]{0,12}\b([45]\d\d)\b", re.IGNORECASE
)
_THROTTLED = frozenset({"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"})


@dataclass(frozen=True)
class VendorFault:
    """`refused`: the key (401, 402, 403). `rate_limited`: too much for now (429). `rejected`: what was asked (other
    4xx): the same request will never do. `unavailable`: all else. `retry_after` in seconds, where the vendor said."""

    kind: Kind
    status: int | None = None
    retry_after: float | None = None

    @property
    def permanent(self) -> bool:
        """Asking the same again, with the same key, cannot help."""
        return self.kind in ("refused", "rejected")


UNAVAILABLE = VendorFault("unavailable")


def fault_of(error: BaseException | None, text: str = "") -> VendorFault:
    """The fault behind an exception, its causes among them; `text` is looked at when no exception tells."""
    for one in _causes(error):
        answer = getattr(one, "response", None)
        status, headers = _status(one, answer), _headers(one, answer)
        if isinstance(answer, Mapping) and str(answer.get("Error", {}).get("Code", "")) in _THROTTLED:
            status = 429
        if status is not None:
            return VendorFault(_kind(status), status, _retry_after(headers))
    found = _IN_TEXT.search(text)
    if found:
        return VendorFault(_kind(int(found[1])), int(found[1]))
    return UNAVAILABLE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < _MOST_CAUSES:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1


def _kind(status: int) -> Kind:
    if status in (401, 402, 403):
        return "refused"
    if status == 429:
        return "rate_limited"
    return "rejected" if 400 <= status < 500 and status not in (408, 409, 425) else "unavailable"


def _status(error: BaseException, answer: Any) -> int | None:
    if isinstance(answer, Mapping):
        return _http(answer.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    for holder in (error, answer):
        for name in ("status_code", "status", "code", "http_status"):
            status = _http(getattr(holder, name, None))
            if status is not None:
                return status
    return None


def _http(value: Any) -> int | None:
    """An HTTP status, also as an enum or a string of digits; websocket close codes and the like are none."""
    value = getattr(value, "value", value)
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        status = int(value)
    except (TypeError, ValueError):
        return None
    return status if 400 <= status < 600 else None


def _headers(error: BaseException, answer: Any) -> Mapping[str, str]:
    if isinstance(answer, Mapping):
        found: Any = answer.get("ResponseMetadata", {}).get("HTTPHeaders")
    else:
        found = getattr(answer, "headers", None) or getattr(error, "headers", None)
    if not hasattr(found, "items"):
        return {}
    return {str(name).lower(): str(value) for name, value in found.items()}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date. `retry-after-ms` is OpenAI's and Azure's."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            wait = float(value) * unit
        except ValueError:
            try:
                wait = parsedate_to_datetime(value).timestamp() - time.time()
            except (ValueError, TypeError):
                continue
        if wait == wait:
            return min(max(wait, 0.0), LONGEST_WAIT)
    return None
