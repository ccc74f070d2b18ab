"""A store on S3, or on a server that speaks its protocol, by boto3.

botocore sends again what S3 throttles or does not answer (standard mode: back-off with jitter and
a budget). boto3 is imported at the first request, so that a run without S3 does not pay for it.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from src.errors import StarliftError, UsageError
from src.io.s3_refusals import code_of, in_a_sentence, refusal, status_of, unreached
from src.io.store import Stored, Unreadable
from src.settings import S3Settings

# How often a request is sent at most, and a conditional put that met another one in flight.
ATTEMPTS = 8
CONFLICTS = 10
# How many keys S3 lists and deletes at once.
PAGE = 1000


class S3Store:
    """A store below a prefix of a bucket.

    ``etag`` is S3's own. ``modified`` is as exact as S3's answer: to the millisecond in a listing,
    to the second of a single object. Objects whose key ends in ``/`` stand for folders, as S3A
    and the console make them, and are no objects here.
    """

    def __init__(self, location: str, settings: S3Settings) -> None:
        self.root = location.rstrip("/")
        self._bucket, self._below = _split(self.root)
        self._settings = settings

    @property
    def _client(self) -> Any:
        return _client(self._settings, ATTEMPTS)

    def url(self, path: str) -> str:
        return f"{self.root}/{path}"

    def exists(self) -> bool:
        """Whether anything is below the prefix, be it a folder's marker; of a bucket, always."""
        if not self._below:
            return True
        with in_a_sentence(self.root, self._settings):
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._below, MaxKeys=1)
        return bool(found.get("Contents"))

    def list(self, prefix: str = "") -> Iterator[Stored]:
        below = f"{self._below}{prefix}/" if prefix else self._below
        with in_a_sentence(self.url(prefix), self._settings):
            for page in self._pages(below):
                for item in page:
                    if not item["Key"].endswith("/"):
                        yield Stored(
                            item["Key"][len(self._below) :],
                            int(item["Size"]),
                            item["ETag"].strip('"'),
                            _microseconds(item["LastModified"]),
                        )

    def _pages(self, below: str) -> Iterator[Sequence[dict[str, Any]]]:
        paginator = self._client.get_paginator("list_objects_v2")
        for page in paginator.paginate(Bucket=self._bucket, Prefix=below):
            yield page.get("Contents", [])

    def stat(self, path: str) -> Stored | None:
        from botocore.exceptions import ClientError

        with in_a_sentence(self.url(path), self._settings):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._below + path)
            except ClientError as error:
                if status_of(error) == 404:
                    return None
                raise
        return Stored(
            path,
            int(found["ContentLength"]),
            found["ETag"].strip('"'),
            _microseconds(found["LastModified"]),
        )

    def read(self, path: str, start: int = 0, size: int | None = None) -> bytes:
        from botocore.exceptions import ClientError

        if size == 0:
            return b""
        asked: dict[str, str] = {"Bucket": self._bucket, "Key": self._below + path}
        if start or size is not None:
            asked["Range"] = f"bytes={start}-{'' if size is None else start + size - 1}"
        with in_a_sentence(self.url(path), self._settings):
            try:
                return self._whole(asked)
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return b""
                if code_of(error) in ("NoSuchKey", "AccessDenied", "InvalidObjectState"):
                    raise Unreadable(
                        "The object cannot be read",
                        where=self.url(path),
                        found=code_of(error),
                        do="correct its permissions or its storage class, or take it away",
                    ) from error
                raise

    def _whole(self, asked: dict[str, str]) -> bytes:
        """The content that a GET answers with. botocore tries a request again, not its stream."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        attempt = 0
        while True:
            attempt += 1
            body = self._client.get_object(**asked)["Body"]
            try:
                content: bytes = body.read()
                return content
            except (HTTPClientError, IncompleteReadError):
                if attempt == ATTEMPTS:
                    raise
                _wait(attempt)

    def create(self, path: str, content: bytes) -> bool:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,
            HTTPClientError,
        )

        place = self.url(path)
        for attempt in range(1, CONFLICTS + 1):
            try:
                self._put(path, content)
                return True
            except ClientError as error:
                if status_of(error) == 412:
                    return False
                if status_of(error) != 409:
                    raise refusal(error, place, self._settings) from error
            except (ConnectionError, HTTPClientError) as error:
                # Each of the tries that went unanswered may have been obeyed.
                raise StarliftError(
                    "S3 did not answer, and nobody can say whether an object was written",
                    where=place,
                    found=type(error).__name__,
                    do="run again when S3 can be reached: the next run looks for itself",
                ) from error
            except BotoCoreError as error:
                raise unreached(error, place, self._settings) from error
            # Another put of this key is in flight: soon it has won, or is gone.
            _wait(attempt)
        raise StarliftError(
            "Others write an object again and again",
            where=place,
            found=f"{CONFLICTS} conflicts (409)",
            do="run again: this run changed nothing",
        )

    def _put(self, path: str, content: bytes) -> None:
        key = self._settings.kms_key
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._below + path,
            Body=content,
            IfNoneMatch="*",
            **encryption,
        )

    def delete(self, prefix: str) -> None:
        with in_a_sentence(self.url(prefix), self._settings):
            for page in self._pages(f"{self._below}{prefix}/" if prefix else self._below):
                self._delete([item["Key"] for item in page])

    def remove(self, paths: Sequence[str]) -> None:
        with in_a_sentence(self.root, self._settings):
            for start in range(0, len(paths), PAGE):
                self._delete([self._below + path for path in paths[start : start + PAGE]])

    def _delete(self, keys: Sequence[str]) -> None:
        """One request for up to a thousand keys; a key that is gone is no error to S3."""
        if not keys:
            return
        answer = self._client.delete_objects(
            Bucket=self._bucket,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
        )
        if failed := answer.get("Errors"):
            raise StarliftError(
                f"{len(failed)} objects cannot be deleted",
                where=self.root,
                found=f"{failed[0].get('Code')} for {failed[0].get('Key')}",
                do="give these credentials s3:DeleteObject, then run again",
            )


@lru_cache
def _client(settings: S3Settings, attempts: int) -> Any:
    """One client for all stores of the same settings; clients may be used by several threads."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=32,
            s3={"addressing_style": "path" if settings.path_style else "auto"},
            # Spark does not know the AWS_ENDPOINT_URL variables: both go where conf says.
            ignore_configured_endpoint_urls=True,
        ),
    )


def _split(root: str) -> tuple[str, str]:
    """Bucket, and what every key starts with. Raises UsageError for what is no such place."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]+[a-z0-9])(?:/(.+))?", root)
    if not found or any(part in ("", ".", "..") for part in (found[2] or "x").split("/")):
        raise UsageError(
            "This is no place on S3",
            expected="s3://bucket or s3://bucket/prefix",
            found=shown(root),
        )
    return found[1], f"{found[2]}/" if found[2] else ""


def shown(location: str) -> str:
    """The location without what stands before an @: a key and its secret, in Hadoop's old URLs."""
    return re.sub(r"//.*@", "//…@", location)


def _microseconds(time_of: Any) -> int:
    """A datetime with zone as microseconds since 1970; exact, as a float would not be."""
    whole = int(time_of.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + int(time_of.microsecond)


def _wait(attempt: int) -> None:
    time.sleep(random.uniform(0.05, 0.2) * min(2**attempt, 32))
