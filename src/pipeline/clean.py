"""Clean: what dead runs left behind is deleted, and checkpoints that newer ones stand for.

Nothing that an entry names is touched. Whether a run is alive nobody can see; it counts as dead
when neither its start nor its last write is younger than the age given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from src.io.checkpoint import checkpoints
from src.io.log import Log
from src.io.store import Store, Stored
from src.pipeline.deletion import data_file_of, stored_data
from src.runs import run_in

# One more than needed: a reader may be about to read the older one.
CHECKPOINTS = 2


def left_behind(log: Log, older_than: timedelta, now: datetime) -> list[Stored]:
    """The files to delete, in order of their paths.

    The lake is listed before the log is read: a run that commits in between is found in the log.
    """
    cutoff = now - older_than
    listed = stored_data(log.store).values()
    beside = [*_temporary(log.store), *_checkpoints(log.store)]
    named = {file.path for entry in log.entries() for file in entry.files}
    last_write: dict[str, datetime] = {}
    for one in listed:
        if run := run_in(one.path):
            last_write[run.id] = max(last_write.get(run.id, run.started), _modified(one))
    dead = [
        one
        for one in listed
        if data_file_of(one.path) not in named
        and (run := run_in(one.path))
        and last_write[run.id] <= cutoff
    ]
    return sorted(
        [*dead, *(one for one in beside if _modified(one) <= cutoff)], key=lambda one: one.path
    )


def _modified(stored: Stored) -> datetime:
    return datetime.fromtimestamp(stored.modified / 1_000_000, UTC)


def _temporary(store: Store) -> Iterator[Stored]:
    """What a writer that was killed left of single objects on disk."""
    for folder in ("log", "checkpoints", "manifests", "refused", "reports"):
        for one in store.list(folder):
            name = one.path.rsplit("/", 1)[-1]
            if name.startswith(".") and name.endswith(".tmp"):
                yield one


def _checkpoints(store: Store) -> list[Stored]:
    """Checkpoints but the newest ones; those of other versions too."""
    kept = {path for _, path in checkpoints(store)[:CHECKPOINTS]}
    return [
        one
        for one in store.list("checkpoints")
        if one.path.endswith(".jsonl.gz") and one.path not in kept
    ]
