"""The objects that ``s3://`` URLs name: in mapped folders, or in a real S3 by boto3."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from src.errors import StarliftError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


_UNFINISHED = ".slr-"
"""How the names of files begin that are still being written."""


class ObjectProblem(StarliftError):
    """An object that cannot be read; ``missing`` says whether it is just not there."""

    def __init__(self, what: str, *, missing: bool = False, **parts: str | None) -> None:
        super().__init__(what, **parts)
        self.missing = missing


class NewObject:
    """An object that is being written: nothing is to be seen of it before ``publish``."""

    def __init__(self, file: IO[bytes], publish: Callable[[IO[bytes]], None]) -> None:
        self._file = file
        self._publish = publish

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Nothing: writers close what they write to, and this lives on until it is published."""

    def publish(self) -> int:
        """Let it be seen, whole; its size."""
        size = self._file.tell()
        self._file.flush()
        self._publish(self._file)
        self._file.close()
        return size

    def discard(self) -> None:
        """Forget it."""
        self._file.close()
        with suppress(OSError, TypeError):
            os.unlink(self._file.name)


class ObjectStore(Protocol):
    """What COPY and UNLOAD need of a store of objects."""

    def size(self, url: str) -> int:
        """Bytes of the object; raises ObjectProblem with ``missing`` when there is none."""

    def open(self, url: str) -> pa.NativeFile:
        """The object's content, seekable; the caller closes it."""

    def list(self, prefix: str) -> list[str]:
        """URLs of all objects whose URL starts with ``prefix``, sorted."""

    def create(self, url: str) -> NewObject:
        """A new object, which replaces what is there once it is published."""

    def remove(self, url: str) -> None:
        """Delete the object."""


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` URL."""
    scheme, mark, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not mark or not bucket:
        raise ObjectProblem(
            "the location is not an S3 URL", expected="s3://bucket/key", found=repr(url)
        )
    return bucket, key


class FolderStore:
    """Objects of buckets that are folders on this machine: ``s3://NAME/key`` is ``PATH/key``."""

    def __init__(self, buckets: Mapping[str, Path]) -> None:
        self._buckets = {name: Path(path) for name, path in buckets.items()}

    def knows(self, url: str) -> bool:
        """Whether the URL's bucket is mapped."""
        return split_url(url)[0] in self._buckets

    def _path(self, url: str) -> Path:
        bucket, key = split_url(url)
        root = self._buckets[bucket]
        # S3 has no folders and no dots to climb by; a folder has both.
        if key.startswith("/") or any(part in (".", "..") for part in key.split("/")):
            raise ObjectProblem("the key cannot be read from a mapped folder", where=url)
        return root / key

    def size(self, url: str) -> int:
        path = self._path(url)
        if not path.is_file():
            raise ObjectProblem("the object does not exist", missing=True, where=url)
        return path.stat().st_size

    def open(self, url: str) -> pa.NativeFile:
        import pyarrow as pa

        path = self._path(url)
        try:
            return pa.OSFile(str(path), "rb")
        except FileNotFoundError:
            raise ObjectProblem("the object does not exist", missing=True, where=url) from None
        except OSError as error:
            raise ObjectProblem("the object cannot be read", where=url, found=str(error)) from None

    def list(self, prefix: str) -> list[str]:
        bucket, key = split_url(prefix)
        folder, _, start = key.rpartition("/")
        top = self._path(f"s3://{bucket}/{folder}")
        found = []
        for path, _, files in os.walk(top):
            for name in files:
                if name.startswith(_UNFINISHED):
                    continue
                relative = (Path(path) / name).relative_to(top).as_posix()
                if relative.startswith(start):
                    found.append(
                        f"s3://{bucket}/{folder}/{relative}"
                        if folder
                        else f"s3://{bucket}/{relative}"
                    )
        return sorted(found)

    def create(self, url: str) -> NewObject:
        path = self._path(url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Closed by publish or discard.
            file = tempfile.NamedTemporaryFile(  # noqa: SIM115
                dir=path.parent, prefix=_UNFINISHED, delete=False
            )
            os.chmod(file.name, 0o644)
        except OSError as error:
            raise ObjectProblem(
                "the object cannot be written", where=url, found=str(error)
            ) from None
        return NewObject(file, lambda done: os.replace(done.name, path))

    def remove(self, url: str) -> None:
        self._path(url).unlink(missing_ok=True)


class S3Store:
    """Objects of a real S3, or of one that speaks its protocol (moto): any boto3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(
        cls,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        path_style: bool = False,
    ) -> S3Store:
        """A store with boto3's own way of finding credentials."""
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise UsageError(
                "reading S3 needs the package boto3", do="install boto3, or map the bucket"
            ) from None
        config = Config(s3={"addressing_style": "path" if path_style else "auto"})
        return cls(boto3.client("s3", endpoint_url=endpoint_url, region_name=region, config=config))

    def size(self, url: str) -> int:
        return int(self._call("head_object", url)["ContentLength"])

    def open(self, url: str) -> pa.NativeFile:
        import pyarrow as pa

        # Footers are at the end: a local copy spares a request for each little piece. It has no
        # name, so that nothing is left when the process is killed.
        body = self._call("get_object", url)["Body"]
        # Closed by pyarrow together with the file it is wrapped in.
        copy = tempfile.TemporaryFile(prefix="slr-")  # noqa: SIM115
        for chunk in body.iter_chunks(1 << 20):
            copy.write(chunk)
        copy.seek(0)
        return pa.PythonFile(copy, "rb")

    def list(self, prefix: str) -> list[str]:
        bucket, key = split_url(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        try:
            return sorted(
                f"s3://{bucket}/{entry['Key']}"
                for page in pages
                for entry in page.get("Contents", ())
            )
        except Exception as error:
            raise ObjectProblem(
                "the objects cannot be listed", where=prefix,
                found=f"{type(error).__name__}: {error}",
            ) from None  # fmt: skip

    def create(self, url: str) -> NewObject:
        bucket, key = split_url(url)

        def upload(file: IO[bytes]) -> None:
            file.seek(0)
            try:
                self._client.upload_fileobj(_Unclosed(file), bucket, key)
            except Exception as error:
                raise ObjectProblem(
                    "the object cannot be written", where=url,
                    found=f"{type(error).__name__}: {error}",
                ) from None  # fmt: skip

        return NewObject(tempfile.TemporaryFile(prefix="slr-"), upload)

    def remove(self, url: str) -> None:
        self._call("delete_object", url)

    def _call(self, verb: str, url: str) -> Any:
        bucket, key = split_url(url)
        try:
            return getattr(self._client, verb)(Bucket=bucket, Key=key)
        except Exception as error:
            # botocore makes its exception classes at run time; the answer's code says which.
            answer = getattr(error, "response", None)
            code = str(answer.get("Error", {}).get("Code", "")) if answer else ""
            raise ObjectProblem(
                "the object does not exist"
                if code in ("404", "NoSuchKey", "NoSuchBucket")
                else "the object cannot be read",
                missing=code in ("404", "NoSuchKey", "NoSuchBucket"),
                where=url,
                found=f"{type(error).__name__}: {error}",
            ) from None


class _Unclosed:
    """A file that an upload may read but not close."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        """Nothing."""


class Objects:
    """The store that a stand-in uses: mapped buckets first, then S3 when it is configured.

    What is mapped is kept in ``home/objects.json`` and read again for every COPY, so that a
    second program which reuses a running stand-in can add its buckets.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._folders = FolderStore({})
        self._s3: S3Store | None = None

    def store_of(self, url: str) -> ObjectStore:
        """The store responsible for ``url``."""
        self._refresh()
        if self._folders.knows(url):
            return self._folders
        if self._s3 is not None:
            return self._s3
        raise ObjectProblem(
            f"the bucket {split_url(url)[0]} is not mapped to a folder, and no S3 is configured",
            where=url,
            do="start the stand-in with --bucket NAME=PATH or --s3",
        )

    def size(self, url: str) -> int:
        return self.store_of(url).size(url)

    def open(self, url: str) -> pa.NativeFile:
        return self.store_of(url).open(url)

    def list(self, prefix: str) -> list[str]:
        return self.store_of(prefix).list(prefix)

    def create(self, url: str) -> NewObject:
        return self.store_of(url).create(url)

    def remove(self, url: str) -> None:
        self.store_of(url).remove(url)

    def _refresh(self) -> None:
        try:
            status = self._file.stat()
        except FileNotFoundError:
            return
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp == self._stamp:
            return
        settings = json.loads(self._file.read_text())
        self._folders = FolderStore({k: Path(v) for k, v in settings["buckets"].items()})
        s3 = settings.get("s3")
        self._s3 = S3Store.connect(**s3) if s3 is not None else None
        self._stamp = stamp


def save_mapping(
    file: Path,
    buckets: Mapping[str, Path],
    s3: Mapping[str, str | bool | None] | None,
    *,
    replace: bool,
) -> None:
    """Add buckets (and S3's settings) to those of ``file``.

    A bucket that is mapped to another folder already is replaced when ``replace`` is set, else
    refused: a running stand-in may be reading it for someone else.
    """
    kept: dict[str, Any] = {"buckets": {}, "s3": None}
    if file.exists():
        kept = json.loads(file.read_text())
    for name, path in buckets.items():
        folder = str(Path(path).absolute())
        if not replace and kept["buckets"].get(name, folder) != folder:
            raise UsageError(
                f"the bucket {name} of the running stand-in is another folder",
                where=str(file),
                expected=folder,
                found=kept["buckets"][name],
                do="stop the running stand-in, or use another bucket name",
            )
        kept["buckets"][name] = folder
    if s3 is not None:
        kept["s3"] = dict(s3)
    text = json.dumps(kept, indent=2)
    if file.exists() and file.read_text() == text:
        return
    # Whole or not at all: a COPY may be reading it.
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(file)
