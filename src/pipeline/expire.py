"""Expire: data files that only states of long ago name are deleted, after an entry that says so.

A state is kept when it was the lake's at any time within the age: what a job began to read within
it stays. The change sets that a load still needs stay as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from src.io.entry import Entry, ExpiredPart
from src.io.lake_state import LakeState
from src.io.log import Log
from src.io.store import Stored
from src.pipeline.deletion import data_file_of, delete, stored_data
from src.runs import Run, run_in, time_of

# What a person or a COPY reads beside the data: it goes by the age of its run alone.
BESIDE = ("refused", "manifests")


@dataclass
class Expiry:
    """What would go: states before ``kept_from``, and the files that only they need."""

    kept_from: int
    files: list[Stored] = field(default_factory=list)


def plan_expiry(log: Log, applied: int, older_than: timedelta, now: datetime) -> Expiry:
    """What goes when states older than the age are given up; ``applied`` is the warehouse's entry.

    Files are deleted only if an entry before ``kept_from`` added them: those of runs at work are
    in none.
    """
    stored = stored_data(log.store)
    entries = log.entries()
    cutoff = now - older_than
    kept_from = 1
    for entry in entries:
        if _committed(entry) <= cutoff:
            kept_from = entry.number
    expiry = Expiry(kept_from)
    state = log.state()
    needed = {file.path for file in LakeState.of(entries[:kept_from]).files}
    old: set[str] = set()
    for entry in entries:
        names = {file.path for file in entry.files}
        if entry.number > kept_from:
            needed |= names
        else:
            old |= names
        if entry.built and entry.number > (applied or state.snapshot):
            needed |= {file.path for one in entry.built.changes for file in one.files}
        if entry.number == state.snapshot:
            # An empty warehouse is filled from here.
            needed |= names
    gone = old - needed
    expiry.files = [one for path, one in stored.items() if data_file_of(path) in gone]
    for folder in BESIDE:
        expiry.files += [
            one
            for one in log.store.list(folder)
            if (run := run_in(one.path)) and run.started <= cutoff
        ]
    return expiry


def expire(log: Log, expiry: Expiry, run: Run) -> Entry | None:
    """Commit that the states expired, then delete; the entry, None when none was needed.

    A kill between the two deletes less; the next expiry deletes the rest.
    """
    state = log.state()
    entry = None
    if expiry.kept_from > state.kept_from:
        part = ExpiredPart(expiry.kept_from)
        entry = log.commit(Entry(run.id, run.at, expired=part), state.last + 1)
    delete(log.store, expiry.files)
    return entry


def _committed(entry: Entry) -> datetime:
    return time_of(entry.committed or entry.at)
