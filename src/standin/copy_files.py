"""Which files a COPY reads: those of its manifest, or those under its prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator

from src.standin.copy_command import CopyCommand
from src.standin.objects import ObjectProblem, ObjectStore
from src.standin.refusal import LoadRefused


def files_of(command: CopyCommand, objects: ObjectStore) -> list[str]:
    """The URLs of the files to read, checked against the manifest; raises LoadRefused."""
    if not command.manifest:
        # As Spectrum does: names that begin with these are not data (_SUCCESS, hidden files).
        try:
            listed = objects.list(command.location)
        except ObjectProblem as problem:
            raise LoadRefused(str(problem), code=8001, file=command.location) from None
        files = [url for url in listed if url.rpartition("/")[2][:1] not in ("_", ".", "#", "")]
        if not files:
            raise LoadRefused(
                f"The specified S3 prefix '{command.location}' does not exist", code=8001
            )
        return files
    found = []
    for url, length, mandatory in _entries(command.location, objects):
        try:
            size = objects.size(url)
        except ObjectProblem as problem:
            if not problem.missing:
                raise LoadRefused(str(problem), code=8001, file=url) from None
            if mandatory:
                raise LoadRefused(
                    "Problem reading manifest file - mandatory file not found",
                    f"The file '{url}' of the manifest does not exist",
                    8001,
                    url,
                ) from None
            continue
        if length is None:
            raise LoadRefused("File entry does not have 'meta' key", url, 15003, url)
        if size != length:
            raise LoadRefused(
                "Manifest content_length does not match the file",
                f"meta.content_length is {length}, the file has {size} bytes: {url}",
                15003,
                url,
            )
        found.append(url)
    if not found:
        raise LoadRefused("No files of the manifest were found", command.location, 8001)
    return found


def _entries(url: str, objects: ObjectStore) -> Iterator[tuple[str, int | None, bool]]:
    """URL, content_length and mandatory of each manifest entry."""
    try:
        with objects.open(url) as file:
            manifest = json.loads(file.read())
        entries = manifest["entries"]
        if not isinstance(entries, list):
            raise TypeError("entries is no list")
        rows = [(entry["url"], entry.get("meta"), entry.get("mandatory", False))
                for entry in entries]  # fmt: skip
    except ObjectProblem as problem:
        raise LoadRefused(
            "The specified manifest cannot be read", str(problem), 8001, url
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadRefused(
            "Manifest file is not in correct json format", f"{url}: {error}", 8001, url
        ) from None
    if not rows:
        raise LoadRefused("The manifest names no files", url, 8001, url)
    for name, meta, mandatory in rows:
        if not isinstance(name, str) or not name.startswith("s3://") or name.endswith("/"):
            raise LoadRefused(
                "Manifest entry is not a whole s3:// object path", repr(name), 8001, str(name)
            )
        length = meta.get("content_length") if isinstance(meta, dict) else None
        if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
            raise LoadRefused(
                "meta.content_length is not a number of bytes", f"{name}: {length!r}", 15003, name
            )
        yield name, length, mandatory is True
