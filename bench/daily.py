"""Measure a run a day: whether the last of many costs more than the tenth.

    python bench/daily.py [--days 365] [--home DIR] [--keep]

Each day brings invoices with their lines, some of them corrections of older ones, and customers
who moved. The first twelve runs and the last five are processes of their own and are timed; those
between share one Spark session, as starting Java again tells nothing. Printed are the seconds of
the tenth run and of the last, as the median of the five timed runs around them or before, what a
timed run took at most, and how often runs compacted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from datetime import date, timedelta
from pathlib import Path

from src.cli.main import main as starlift

INVOICES = 20
LINES = 5
FIRST = date(2024, 1, 1)
# The runs that are timed: so many at the start and at the end.
EARLY = 12
LATE = 5


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
    arguments = ["run", "chinook", "--raw", str(raw)]
    seconds: list[float] = []
    os.environ["STARLIFT_HOME"] = str(home)
    try:
        for day in range(options.days):
            deliver(raw, day, random.Random(day))
            start = time.monotonic()
            if day < EARLY or day >= options.days - LATE:
                command = [sys.executable, "-m", "src.cli", *arguments]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                seconds.append(time.monotonic() - start)
            else:
                with redirect_stdout(io.StringIO()):
                    code = starlift(arguments)
                if code:
                    sys.exit(f"day {day + 1} ended with exit code {code}")
            print(f"day {day + 1}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        report(home, options.days, seconds)
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


def report(home: Path, days: int, seconds: list[float]) -> None:
    entries = [json.loads(file.read_text()) for file in (home / "lake/chinook/log").glob("*.json")]
    compactions = sum(1 for entry in entries if entry.get("compacted"))
    tenth, last = statistics.median(seconds[7:12]), statistics.median(seconds[-5:])
    print(
        f"{days} runs, {len(entries)} entries, {compactions} compactions by themselves.\n"
        f"\n| tenth | last | ratio | longest timed after the first |\n|---:|---:|---:|---:|\n"
        f"| {tenth:.1f} s | {last:.1f} s | {last / tenth:.2f} | {max(seconds[1:]):.1f} s |"
    )


if __name__ == "__main__":
    main()
