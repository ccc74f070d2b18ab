"""Which store a location means: a local path, or a place on S3."""

from __future__ import annotations

import re

from src.errors import UsageError
from src.io.store import LocalStore, Store
from src.io.store_s3 import S3Store, shown
from src.settings import S3Settings

KINDS = "a local path, file:///path or s3://bucket/prefix"


def open_store(location: str, s3: S3Settings) -> Store:
    """The store at a path, a ``file:`` URL or an ``s3:`` URL. Raises UsageError for others."""
    if location.startswith("s3://"):
        return S3Store(location, s3)
    if re.match(r"s3[an]:", location):
        rest = re.sub(r"^s3[an]:/*", "", shown(location))
        raise UsageError(
            "Places on S3 are written s3://",
            expected=f"s3://{rest}",
            found=shown(location),
            do="write s3://; Spark, COPY and the log then name one object by one URL",
        )
    if re.match(r"[a-z][a-z0-9+.-]*://", location) and not location.startswith("file:///"):
        raise UsageError("Unknown kind of location", expected=KINDS, found=location)
    return LocalStore(location.removeprefix("file://"))
