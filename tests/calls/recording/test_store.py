"""Both places where recordings can lie behave the same: the local folder, and a bucket behind a real S3 endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.conf import LazySettings
from moto.server import ThreadedMotoServer

from voiceops.lib.errors import StoreError
from voiceops.lib.storage import Store, store

pytestmark = pytest.mark.unit
KEY = "alice/recordings/1/call.mp3"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, settings: LazySettings, tmp_path: Path) -> Store:
    settings.MEDIA_ROOT, settings.S3_BUCKET = tmp_path / "media", ""
    if request.param == "bucket":
        settings.S3_BUCKET, settings.S3_REGION = f"recordings-{os.urandom(3).hex()}", "us-east-1"
        settings.S3_ENDPOINT_URL = request.getfixturevalue("endpoint")
        settings.S3_ACCESS_KEY = settings.S3_SECRET_KEY = "test"
        boto3.client(
            "s3",
            endpoint_url=settings.S3_ENDPOINT_URL,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        ).create_bucket(Bucket=settings.S3_BUCKET)
    return store()


def test_what_is_put_can_be_read_from_anywhere(shelf: Store, tmp_path: Path) -> None:
    data = os.urandom(9_000_000)
    (tmp_path / "file").write_bytes(data)
    shelf.put(KEY, tmp_path / "file")
    assert shelf.size(KEY) == len(data)
    for start, length in ((0, 10), (5_000_000, 65_564), (len(data) - 7, 7), (len(data) - 7, 1000)):
        assert shelf.read(KEY, start, length) == data[start : start + length]


def test_putting_it_again_replaces_it(shelf: Store, tmp_path: Path) -> None:
    for data in (b"first", b"second one"):
        (tmp_path / "file").write_bytes(data)
        shelf.put(KEY, tmp_path / "file")
    assert shelf.read(KEY, 0, shelf.size(KEY)) == b"second one"


def test_what_is_not_there_is_a_sentence(shelf: Store) -> None:
    with pytest.raises(StoreError, match="A stored file is not"):
        shelf.size(KEY)
    with pytest.raises(StoreError, match="A stored file cannot be read"):
        shelf.read(KEY, 0, 10)
    shelf.delete(KEY)


def test_what_is_deleted_is_gone(shelf: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"audio")
    shelf.put(KEY, tmp_path / "file")
    shelf.delete(KEY)
    with pytest.raises(StoreError):
        shelf.size(KEY)


def test_a_bucket_that_cannot_be_reached_is_a_sentence(settings: LazySettings, tmp_path: Path) -> None:
    settings.S3_BUCKET, settings.S3_ENDPOINT_URL, settings.S3_REGION = "recordings", "http://127.0.0.1:9", "us-east-1"
    settings.S3_ACCESS_KEY = settings.S3_SECRET_KEY = "test"
    (tmp_path / "file").write_bytes(b"audio")
    with pytest.raises(StoreError, match="The bucket did not take a file"):
        store().put(KEY, tmp_path / "file")
