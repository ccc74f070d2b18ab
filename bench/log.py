"""Measure how long a long history takes to read, and to decide what is new.

    python bench/log.py [--entries 10000] [--files 100000] [--dir DIR]

A log of so many entries, half of them staged and half built, that hold so many raw files, is
written as runs would have written it that never compacted. Each figure is a process of its own:
seconds, and the most memory that it held. The figures of docs/benchmarks.md come from here.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from src.io.checkpoint import EVERY, checkpoints
from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry, RawFile, StagedPart, encode
from src.io.lake_state import LakeState
from src.io.log import Log
from src.io.raw_files import Candidate, fresh, list_raw
from src.io.store import LocalStore
from src.transforms.warehouses import warehouse

WAREHOUSE = warehouse("chinook")
NEW = 10
SUMS: dict[str, dict[str, str | int]] = {
    "quantity": {"read": "1000", "staged": "1000", "quarantined": "0", "duplicates": "0"}
}


def write_raw(folder: Path, files: int) -> None:
    """So many small raw files, a folder a day."""
    for number in range(files):
        place = folder / f"{number // 1000:04d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"InvoiceLine-{number:06d}.csv").write_bytes(b"InvoiceLineId\n")


def raw_file(one: Candidate) -> RawFile:
    at = one.stored
    return RawFile(
        one.raw_id, str(one.source), at.path, at.size, at.etag, at.modified,
        bytes_read=at.size, lines=1001, header_lines=1, records=1000, staged=1000, sums=SUMS,
    )  # fmt: skip


def data_file(path: str, raw_ids: tuple[int, ...] = ()) -> DataFile:
    bounds = {"invoice_id": "1000", "track_id": "17"}
    return DataFile(path, 1000, 10_000, bounds, bounds, raw_ids)


def change(run: str, table: str, total: int) -> ChangeSet:
    folder = f"star/{run}/{table}"
    return ChangeSet(
        table, total == 1000, (data_file(f"{folder}/keys/part-0.orc"),),
        (data_file(f"{folder}/rows/part-0.orc"),), 1000, 1000, total,
    )  # fmt: skip


def write_log(lake: Path, listed: Sequence[Candidate], entries: int) -> None:
    """The log that runs would have left that each took an equal share of the files."""
    (lake / "log").mkdir(parents=True)
    staging = entries // 2
    share = -(-len(listed) // staging)
    for number in range(1, staging + 1):
        run = f"20250101T{number:09d}Z-abcdef"
        taken = tuple(raw_file(one) for one in listed[(number - 1) * share : number * share])
        files = (
            data_file(f"staged/invoice_line/{run}/part-0.orc", tuple(r.raw_id for r in taken)),
        )
        part = StagedPart(taken, {"invoice_line": files}, (), {"invoice_line": "a"})
        tables = ("fact_invoice", "fact_invoice_line", "dim_track")
        built = BuiltPart(
            2 * number - 1, tuple(change(run, name, 1000 * number) for name in tables), {}
        )
        for entry in (
            Entry(run, "2025-01-01T00:00:00Z", staged=part, number=2 * number - 1),
            Entry(run, "2025-01-01T00:00:00Z", built=built, number=2 * number),
        ):
            (lake / f"log/{entry.number:08d}.json").write_bytes(encode(entry))


def entries_alone(place: Path) -> str:
    log = Log(LocalStore(place / "lake"))
    state = LakeState.of(log._read(range(1, log.last() + 1)))
    return f"{state.last:,} entries, {len(state.raw_files):,} raw files"


def by_checkpoint(place: Path) -> str:
    state = Log(LocalStore(place / "lake")).state()
    return f"{state.last:,} entries, {len(state.raw_files):,} raw files"


def decide(place: Path) -> str:
    listed = list_raw(LocalStore(place / "raw"), WAREHOUSE.sources)
    todo = fresh(listed, Log(LocalStore(place / "lake")).state())
    return f"{len(listed):,} listed, {len(todo):,} new"


STEPS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "entries": ("read every entry", entries_alone),
    "checkpoint": ("read the newest checkpoint and the entries after it", by_checkpoint),
    "decide": ("the same, list the raw files and find the new ones", decide),
}


def main() -> None:
    """Prepare, run each step as a process, and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--dir", type=Path, help="a new folder; default: a temporary one")
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        start = time.monotonic()
        found = STEPS[options.step][1](options.dir)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{time.monotonic() - start:.1f} | {peak:,.0f} | {found}")
        return
    place = options.dir or Path(tempfile.mkdtemp(prefix="starlift-bench-"))
    try:
        write_raw(place / "raw", options.files)
        listed = list_raw(LocalStore(place / "raw"), WAREHOUSE.sources)
        write_log(place / "lake", listed[:-NEW], options.entries)
        store = LocalStore(place / "lake")
        # The next commit writes the checkpoint that a log of this length would have had.
        log = Log(store)
        log.commit(Entry("20260101T000000000Z-abcdef", "2026-01-01T00:00:00Z"), log.last() + 1)
        (newest, path), *_ = checkpoints(store)
        size = (place / "lake" / path).stat().st_size / 1024 / 1024
        print(
            f"Checkpoint after entry {newest:,}: {size:.1f} MB; one every {EVERY} entries. "
            f"{NEW} of the raw files are new.\n"
        )
        print("| step | seconds | MB | found |\n|---|---:|---:|---|")
        for name, (title, _) in STEPS.items():
            command = [sys.executable, __file__, "--dir", str(place), "--step", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"| {title} | {done.stdout.strip()} |", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
