"""COPY manifests: which files, how long each is, all of them mandatory (REDSHIFT rules 1 to 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from src.errors import LoadFailed
from src.io.entry import DataFile
from src.io.store import Store


@dataclass(frozen=True)
class Manifest:
    """What COPY is told to read; the digest of the content goes into the ledger."""

    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def manifest_of(store: Store, files: Sequence[DataFile], copy_url: str) -> Manifest:
    """The manifest of files of a store; sizes are those stored now.

    Raises LoadFailed, naming every file that is missing or no longer has the size that the log
    says: COPY would load another content than the one that was checked.
    """
    entries, wrong = [], []
    for file in files:
        stored = store.stat(file.path)
        if stored is None or stored.size != file.size:
            found = "no file" if stored is None else f"{stored.size} bytes"
            wrong.append((file.path, f"{file.size} bytes", found))
            continue
        entries.append(
            {
                "url": f"{copy_url}/{file.path}",
                "mandatory": True,
                "meta": {"content_length": stored.size},
            }
        )
    if wrong:
        path, expected, found = wrong[0]
        more = f" (and {len(wrong) - 1} more files)" if len(wrong) > 1 else ""
        raise LoadFailed(
            "A file of the lake is not what the log says",
            where=f"{path}{more}",
            expected=expected,
            found=found,
            do="restore it from a copy, or run again with --full to build the star anew",
        )
    return Manifest(json.dumps({"entries": entries}, ensure_ascii=False).encode())
