"""One S3 server for the tests of this folder, and a bucket of its own for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from src.io.store_s3 import S3Store
from tests.s3.server import CREDENTIALS, S3Server, open_server


@pytest.fixture(scope="session")
def _server() -> Iterator[S3Server]:
    with open_server() as server:
        yield server


@pytest.fixture
def s3(_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with credentials in the environment and no other AWS setting in sight."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    yield _server
    _server.door.faults.clear()


@pytest.fixture
def bucket(s3: S3Server) -> str:
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.client().create_bucket(Bucket=name)
    s3.door.requests.clear()
    return name


@pytest.fixture
def store(s3: S3Server, bucket: str) -> S3Store:
    return S3Store(f"s3://{bucket}/lake", s3.settings)
