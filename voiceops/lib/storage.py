"""Where sealed files lie: an S3-compatible bucket when S3_BUCKET is set, MEDIA_ROOT otherwise.

Objects are sealed before they come here. Keys begin with the schema: `<schema>/recordings/<call id>/<name>`,
`<schema>/clips/<clip id>`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from voiceops.lib.errors import StoreError


class Store(Protocol):
    """Failures are StoreError, with a sentence for the agency's staff."""

    def put(self, key: str, file: Path) -> None: ...

    def size(self, key: str) -> int: ...

    def read(self, key: str, start: int, length: int) -> bytes: ...

    def delete(self, key: str) -> None: ...


class LocalStore:
    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, file: Path) -> None:
        path = self._root / key
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file.open("rb") as source, temporary.open("wb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
                target.flush()
                os.fsync(target.fileno())
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise StoreError(f"The disk did not take a file: {error.strerror}.") from error

    def size(self, key: str) -> int:
        try:
            return (self._root / key).stat().st_size
        except OSError as error:
            raise StoreError(f"A stored file is not on the disk: {error.strerror}.") from error

    def read(self, key: str, start: int, length: int) -> bytes:
        try:
            with (self._root / key).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise StoreError(f"A stored file cannot be read: {error.strerror}.") from error

    def delete(self, key: str) -> None:
        (self._root / key).unlink(missing_ok=True)


class S3Store:
    def __init__(self, bucket: str, client: Any) -> None:
        self._bucket, self._client = bucket, client

    def put(self, key: str, file: Path) -> None:
        try:
            self._client.upload_file(str(file), self._bucket, key)
        except (BotoCoreError, ClientError, OSError) as error:
            raise StoreError(f"The bucket did not take a file: {_why(error)}.") from error

    def size(self, key: str) -> int:
        try:
            return int(self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"A stored file is not in the bucket: {_why(error)}.") from error

    def read(self, key: str, start: int, length: int) -> bytes:
        wanted = f"bytes={start}-{start + length - 1}"
        try:
            data: bytes = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"A stored file cannot be read from the bucket: {_why(error)}.") from error
        return data

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key)
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"A stored file cannot be deleted from the bucket: {_why(error)}.") from error


def _why(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "refused"))
    return type(error).__name__


@lru_cache(maxsize=4)
def _client(endpoint: str, region: str, access_key: str, secret_key: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region,
        aws_access_key_id=access_key or None,
        aws_secret_access_key=secret_key or None,
        config=Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def store() -> Store:
    if not settings.S3_BUCKET:
        return LocalStore(Path(settings.MEDIA_ROOT))
    client = _client(settings.S3_ENDPOINT_URL, settings.S3_REGION, settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY)
    return S3Store(settings.S3_BUCKET, client)
