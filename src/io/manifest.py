"""COPY manifests: which files, how long each is, all of them mandatory (REDSHIFT rules 1 to 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from src.errors import LoadFailed
from src.io.log import DataFile
from src.io.store import Store


@dataclass(frozen=True)
class Manifest:
    """A manifest as written: its URL for COPY, and the digest of its content for the ledger."""

    url: str
    digest: str


def write_manifest(store: Store, path: str, files: Sequence[DataFile], copy_url: str) -> Manifest:
    """Write a manifest of the files below ``path``; sizes are those stored now.

    Raises LoadFailed when a file is missing or no longer has the size that the log says: COPY
    would load another content than the one that was checked.
    """
    entries = []
    for file in files:
        stored = store.stat(file.path)
        if stored is None or stored.size != file.size:
            raise LoadFailed(
                "A file of the lake is not what the log says",
                where=file.path,
                expected=f"{file.size} bytes",
                found="no file" if stored is None else f"{stored.size} bytes",
                do="restore it from a copy, or run again with --full to build the star anew",
            )
        entries.append(
            {
                "url": f"{copy_url}/{file.path}",
                "mandatory": True,
                "meta": {"content_length": stored.size},
            }
        )
    content = json.dumps({"entries": entries}, ensure_ascii=False).encode()
    store.create(path, content)
    return Manifest(f"{copy_url}/{path}", hashlib.sha256(content).hexdigest())
