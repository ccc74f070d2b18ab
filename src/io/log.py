"""The log: numbered entries, each created exactly once; the lake is what they say it is.

``log/00000001.json`` and so on. A run commits by creating the next number; who comes second is
told who won. Readers fold the entries in order into a LakeState and never list data folders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from src.errors import LogConflict, StarliftError, UsageError
from src.io.checkpoint import EVERY, checkpoints, read_checkpoint, write_checkpoint
from src.io.entry import Entry, decode, encode
from src.io.lake_state import LakeState
from src.io.store import Store
from src.runs import time_text

# Entries read at once: on S3 each is a request that mostly waits.
AT_ONCE = 16


class Log:
    """The log of one warehouse's lake."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def last(self) -> int:
        """The number of the last entry; 0 for none. Raises StarliftError when one is missing."""
        last = 0
        for stored in self.store.list("log"):
            name = stored.path.rsplit("/", 1)[-1]
            if not name.endswith(".json") or name.startswith("."):
                continue
            number = name.removesuffix(".json")
            if number != f"{last + 1:08d}":
                raise StarliftError(
                    "The log has a gap",
                    where=self.store.root,
                    expected=f"entry {last + 1}",
                    found=f"entry {number.lstrip('0') or number}",
                    do="restore the missing file of the log; nothing was written",
                )
            last += 1
        return last

    def entries(self, after: int = 0) -> list[Entry]:
        """The entries after a number, in order.

        Raises StarliftError when a number is missing or an entry cannot be read.
        """
        return list(self._read(range(after + 1, self.last() + 1)))

    def entry(self, number: int) -> Entry:
        """One entry. Raises StarliftError when it cannot be read."""
        path = _path(number)
        entry = decode(self.store.read(path), path)
        if entry.number != number:
            raise StarliftError(
                "An entry of the log stands under another's number",
                where=path,
                expected=f"entry {number}",
                found=f"entry {entry.number}",
                do="restore the file from a copy; nothing was written",
            )
        return entry

    def state(self, as_of: int | None = None) -> LakeState:
        """What the lake holds, now or after entry ``as_of``.

        Read from the newest checkpoint that is whole and fits the log, and the entries after it.
        Raises UsageError when there is no such entry, or when what it names may be deleted.
        """
        last = self.last()
        if as_of is None:
            return self._state(last)
        if not 1 <= as_of <= last:
            raise UsageError(
                "The log has no such entry",
                where=self.store.root,
                expected=f"1 to {last}" if last else "an entry; the log is empty",
                found=str(as_of),
            )
        kept_from = self._state(last).kept_from
        if as_of < kept_from:
            raise UsageError(
                f"The lake as of entry {as_of} has expired",
                where=self.store.root,
                expected=f"{kept_from} to {last}",
                do=f"read as of entry {kept_from} or a later one",
            )
        return self._state(as_of)

    def _state(self, number: int) -> LakeState:
        for place, path in checkpoints(self.store):
            if place <= number:
                state = read_checkpoint(self.store, path, self.stored)
                if state:
                    return state.after(self._read(range(state.last + 1, number + 1)))
        return LakeState.of(self._read(range(1, number + 1)))

    def stored(self, number: int) -> bytes:
        """An entry as it is stored."""
        return self.store.read(_path(number))

    def _read(self, numbers: Iterable[int]) -> Iterator[Entry]:
        """The entries one after the other, some read ahead."""
        wanted = list(numbers)
        if len(wanted) < 2:
            yield from map(self.entry, wanted)
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(wanted), AT_ONCE):
                yield from pool.map(self.entry, wanted[start : start + AT_ONCE])

    def commit(self, entry: Entry, number: int) -> Entry:
        """Create entry ``number``, or the next one after it where only upkeep has come between.

        Raises LogConflict when another run has that number and changed what this run has read;
        that run's work is committed, this run's folders stay and its work can be taken again by
        the next run.
        """
        while True:
            committed = time_text(datetime.now(UTC))
            numbered = replace(entry, number=number, committed=committed)
            if self.store.create(_path(number), encode(numbered)):
                break
            winner = self.entry(number)
            if winner.run == entry.run:
                return winner
            if not _may_follow(entry, winner):
                raise LogConflict(
                    f"Another run committed entry {number} first",
                    where=self.store.root,
                    found=f"run {winner.run}",
                    do="run again: this run changed nothing, and its files are taken by the next "
                    "run",
                )
            number += 1
        self._fold(number)
        return numbered

    def _fold(self, number: int) -> None:
        """Write a checkpoint when the newest lies far behind. The commit stands without it."""
        if number < EVERY:
            return
        with suppress(StarliftError):
            newest = next((place for place, _ in checkpoints(self.store)), 0)
            if number - newest >= EVERY:
                write_checkpoint(self.store, self._state(number), self.stored(number))


def _may_follow(entry: Entry, winner: Entry) -> bool:
    """Whether an entry that was made before ``winner`` came holds after it as well.

    Compaction moves rows and changes none, so that what a run computed from the files before it
    stands. Two compactions may have merged the same files. Expiry looks at what it deletes only
    when its entry stands.
    """
    if entry.expired:
        return True
    if entry.compacted:
        return winner.is_upkeep and winner.compacted is None
    return winner.is_upkeep


def _path(number: int) -> str:
    return f"log/{number:08d}.json"
