"""Deleting files of the lake, which only ``expire`` and ``clean`` do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from src.io.store import Store, Stored
from src.runs import run_in

# Where data files lie, each below a folder named for its run.
DATA = ("staged", "quarantine", "star", "star_current")


def stored_data(store: Store) -> dict[str, Stored]:
    """Every object in the folders of data files, by path."""
    return {one.path: one for folder in DATA for one in store.list(folder)}


def data_file_of(path: str) -> str:
    """The data file that a checksum of Hadoop's local file system belongs to; else the path."""
    folder, name = posixpath.split(path)
    if name.startswith(".") and name.endswith(".crc"):
        return posixpath.join(folder, name[1:].removesuffix(".crc"))
    return path


def delete(store: Store, files: Iterable[Stored]) -> None:
    """Delete the files, and the folders of runs of which nothing is left."""
    paths = [one.path for one in files]
    store.remove(paths)
    for folder in sorted({top for path in paths if (top := _run_folder(path))}):
        if next(iter(store.list(folder)), None) is None:
            store.delete(folder)


def _run_folder(path: str) -> str:
    """The part of a path down to the folder of its run; '' for none."""
    run = run_in(path)
    return path[: path.index(run.id) + len(run.id)] if run else ""
