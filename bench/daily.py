"""Measure a run a day: whether the last of many costs more than the tenth.

    python bench/daily.py [--days 365] [--home DIR] [--keep]

Each day brings invoices with their lines, some of them corrections of older ones, and customers
who moved. Printed are the seconds of the tenth run and of the last, as the median of the five runs
around them or before, what a run took at most, and how often runs compacted. docs/benchmarks.md
has the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

INVOICES = 20
LINES = 5
FIRST = date(2024, 1, 1)


def deliver(raw: Path, day: int, rng: random.Random) -> None:
    """What a store sends of one day."""
    when = FIRST + timedelta(days=day)
    new = range(day * INVOICES, (day + 1) * INVOICES)
    corrected = [rng.randrange(day * INVOICES) for _ in range(2)] if day else []
    invoices, lines = [], []
    for number in [*new, *corrected]:
        sold = FIRST + timedelta(days=number // INVOICES)
        invoices.append(f"{number},{1 + number % 50},{sold},Canada,{LINES}.00")
        lines += [
            f"{number * LINES + line},{number},{1 + (number + line + day) % 100},1.00,1"
            for line in range(LINES)
        ]
    moved = [f"{1 + rng.randrange(50)},A,Alpha,City {day},Canada"]
    if day == 0:
        moved = [f"{1 + customer},A,Alpha,City,Canada" for customer in range(50)]
    for name, header, rows in (
        ("Invoice", "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total", invoices),
        ("InvoiceLine", "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity", lines),
        ("Customer", "CustomerId,FirstName,LastName,City,Country", moved),
    ):
        file = raw / f"{name}-{when}.csv"
        file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        at = time.time() - (3650 - day) * 86_400
        os.utime(file, (at, at))


def main() -> None:
    """Run every day and print what the runs cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--home", type=Path, help="a new folder; default: a temporary one")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="starlift-bench-"))
    raw = home / "raw"
    raw.mkdir(parents=True)
    command = [sys.executable, "-m", "src.cli", "run", "chinook", "--raw", str(raw)]
    environment = {**os.environ, "STARLIFT_HOME": str(home)}
    seconds: list[float] = []
    try:
        for day in range(options.days):
            deliver(raw, day, random.Random(day))
            start = time.monotonic()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.monotonic() - start)
            print(f"day {day + 1}: {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        report(home, seconds)
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


def report(home: Path, seconds: list[float]) -> None:
    entries = [json.loads(file.read_text()) for file in (home / "lake/chinook/log").glob("*.json")]
    compactions = sum(1 for entry in entries if entry.get("compacted"))
    tenth, last = statistics.median(seconds[7:12]), statistics.median(seconds[-5:])
    print(
        f"{len(seconds)} runs, {len(entries)} entries, {compactions} compactions by themselves.\n"
        f"\n| tenth | last | ratio | longest after the first |\n|---:|---:|---:|---:|\n"
        f"| {tenth:.1f} s | {last:.1f} s | {last / tenth:.2f} | {max(seconds[1:]):.1f} s |"
    )


if __name__ == "__main__":
    main()
