"""Amazon's signature, version 4, in a header (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    *,
    region: str,
    service: str,
    key_id: str,
    secret: str,
    now: datetime | None = None,
) -> dict[str, str]:
    """`headers` with the date, the content's hash and the signature. The path in `url` is quoted as it will be sent."""
    parts = urlsplit(url)
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(content).hexdigest()
    given = {name.lower(): value.strip() for name, value in headers.items()}
    given |= {"host": parts.netloc, "x-amz-date": moment, "x-amz-content-sha256": digest}
    names = ";".join(sorted(given))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    # Every service but S3 wants the path quoted once more than it is sent.
    path = quote(parts.path or "/", safe="/-_.~")
    lines = [method, path, query, *(f"{name}:{given[name]}" for name in sorted(given)), "", names, digest]
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    told = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for step in (moment[:8], region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    given["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return given
