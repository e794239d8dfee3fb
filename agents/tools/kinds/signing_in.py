"""Access tokens of OAuth servers: fetched when needed, kept in this process until shortly before they end.

A token is found again only by who knows the secret it was fetched with, so that no other tool comes by it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from agents.tools.kinds.base import Job, ToolFailed, refusal
from voiceops.lib import outbound

SLACK = 60.0
MOST_KEPT = 500
_kept: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()

Fetch = Callable[[], tuple[str, float]]


def fetched(job: Job[Any, Any], url: str, form: Mapping[str, str]) -> tuple[str, float]:
    """A token and how many seconds it lasts. Raises ToolFailed in words when the server gives none."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = job.send("POST", url, headers=headers, content=urlencode(form).encode(), accept_all=True, most=100_000)
    host = outbound.host_of(url)
    if answer.status in (400, 401, 403):
        raise ToolFailed(f"{host} does not let us sign in: the key is wrong, or was taken back.", answer.status)
    if answer.status != 200:
        raise ToolFailed(f"{host} cannot sign us in at the moment ({answer.status}).", answer.status)
    document = answer.json()
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise ToolFailed(f"{host} answered without a token.", answer.status)
    lasts = document.get("expires_in", 600)
    return token, float(lasts) if isinstance(lasts, int | float) else 600.0


def asked(
    job: Job[Any, Any],
    secret: str,
    fetch: Fetch,
    method: str,
    url: str,
    *,
    json_body: Any = None,
    accept: tuple[int, ...] = (),
) -> outbound.Answer:
    """A request with the token of this secret. A token that is refused is fetched anew, once.

    Raises ToolFailed for 300 and above, but for the statuses in `accept`."""
    for last in (False, True):
        headers = {"Authorization": f"Bearer {_token(secret, fetch, fresh=last)}"}
        answer = job.send(method, url, headers=headers, json_body=json_body, accept_all=True)
        if answer.status != 401 or last:
            break
    if answer.status >= 300 and answer.status not in accept:
        raise ToolFailed(refusal(answer), answer.status)
    return answer


def _token(secret: str, fetch: Fetch, *, fresh: bool) -> str:
    key, now = hashlib.sha256(secret.encode()).hexdigest(), time.monotonic()
    with _lock:
        kept = _kept.get(key)
    if kept is not None and kept[1] > now and not fresh:
        return kept[0]
    token, lasts = fetch()
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key] = (token, now + max(0.0, lasts - SLACK))
    return token
