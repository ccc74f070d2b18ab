"""Measure what an increment costs beside the full run that went before it.

    python bench/increment.py [--rows 10000000] [--home DIR] [--keep]

A chinook sample of so many invoice lines is cut: the newest hundredth of the invoices, one in a
thousand of all the others (they come late), and another address for one customer in a hundred are
the increment; all else is the full run. Printed are the seconds and the bytes that
Spark's tasks read, of both, and what part the increment is. docs/benchmarks.md has the figures.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from src.cli.main import main as starlift
from src.io.store import LocalStore

MEGABYTE = 1024 * 1024
NEWEST = 100
LATE = 1000
CHANGED = 100
DAY = 86_400


@dataclass
class Cost:
    """What one run cost: its seconds, those of each step, and the bytes that it read."""

    seconds: float
    steps: dict[str, float]
    by_tasks: int
    by_driver: int


def cut(whole: Path, first: Path, second: Path) -> tuple[int, int]:
    """Share the sample out to the full run and the increment; lines and customers of the latter."""
    first.mkdir(parents=True)
    second.mkdir(parents=True)
    for file in whole.glob("*.csv"):
        if file.stem not in ("Invoice", "InvoiceLine", "Customer"):
            shutil.copy2(file, first / file.name)
    count = lines_of(whole / "Invoice.csv")
    newest = count - count // NEWEST
    held = {
        number for number in range(1, count + 1) if number > newest or number % LATE == LATE // 2
    }
    share(whole, first, second, "Invoice", lambda row: int(row["InvoiceId"]) in held)
    lines = share(whole, first, second, "InvoiceLine", lambda row: int(row["InvoiceId"]) in held)
    shutil.copy2(whole / "Customer.csv", first / "Customer.csv")
    customers = 0
    with (whole / "Customer.csv").open(encoding="utf-8", newline="") as source:
        rows = csv.DictReader(source)
        with (second / "Customer-2.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, rows.fieldnames or [])
            writer.writeheader()
            for number, row in enumerate(rows):
                if number % CHANGED == 0:
                    writer.writerow({**row, "City": "Elsewhere", "Address": "1 New Street"})
                    customers += 1
    then = time.time() - DAY
    for file in first.iterdir():
        os.utime(file, (then, then))
    return lines, customers


def lines_of(file: Path) -> int:
    with file.open("rb") as source:
        return sum(1 for _ in source) - 1


def share(
    whole: Path, first: Path, second: Path, name: str, late: Callable[[dict[str, str]], bool]
) -> int:
    """Write a file's rows to one or the other; how many the increment has."""
    with (
        (whole / f"{name}.csv").open(encoding="utf-8", newline="") as source,
        (first / f"{name}.csv").open("w", encoding="utf-8", newline="") as early_file,
        (second / f"{name}-2.csv").open("w", encoding="utf-8", newline="") as late_file,
    ):
        rows = csv.DictReader(source)
        early_rows, late_rows = (
            csv.DictWriter(file, rows.fieldnames or []) for file in (early_file, late_file)
        )
        early_rows.writeheader()
        late_rows.writeheader()
        count = 0
        for row in rows:
            if late(row):
                late_rows.writerow(row)
                count += 1
            else:
                early_rows.writerow(row)
        return count


def measured_run(home: Path, raw: Path, conf: Path, metrics: Path) -> Cost:
    """Run the pipeline as a user does, with Spark's own count of what its tasks read."""
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    command = [sys.executable, "-m", "src.cli"]
    environment = {**os.environ, "STARLIFT_HOME": str(home)}
    arguments = ["run", "chinook", "--raw", str(raw), "--conf-dir", str(conf)]
    start = time.monotonic()
    counted = [sys.executable, __file__, "--counting", str(metrics / "driver"), *arguments]
    subprocess.run(counted, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    by_driver = int((metrics / "driver").read_text(encoding="ascii"))
    status = [*command, "status", "chinook", "--runs", "1", "--json", "--conf-dir", str(conf)]
    done = subprocess.run(status, env=environment, check=True, capture_output=True, text=True)
    (report,) = json.loads(done.stdout)
    (counted_by_spark,) = metrics.glob("*.executor.bytesRead.csv")
    by_tasks = int(counted_by_spark.read_text(encoding="ascii").splitlines()[-1].split(",")[1])
    return Cost(seconds, report["seconds"], by_tasks, by_driver)


def counting(target: Path, arguments: list[str]) -> int:
    """Run a command and note what its driver read of raw files and the lake by itself."""
    read, total = LocalStore.read, 0

    def counted(self: LocalStore, path: str, start: int = 0, size: int | None = None) -> bytes:
        nonlocal total
        content = read(self, path, start, size)
        total += len(content)
        return content

    LocalStore.read = counted  # type: ignore[method-assign]
    code = starlift(arguments)
    target.write_text(str(total), encoding="ascii")
    return code


def main() -> None:
    """Run both and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="invoice lines")
    parser.add_argument("--home", type=Path, help="a new folder; default: a temporary one")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="starlift-bench-"))
    whole, raw, second, conf = home / "whole", home / "raw", home / "second", home / "conf"
    metrics = home / "metrics"
    try:
        command = ["sample", "chinook", "--out", str(whole), "--rows", str(options.rows)]
        subprocess.run(
            [sys.executable, "-m", "src.cli", *command], check=True, stdout=subprocess.DEVNULL
        )
        lines, customers = cut(whole, raw, second)
        settings = yaml.safe_load(Path("conf/local.yaml").read_text(encoding="utf-8"))
        spark = settings.setdefault("spark", {})
        sink = "spark.metrics.conf.driver.sink.csv"
        spark["conf"] = {
            **(spark.get("conf") or {}),
            # Written once, when Spark stops. A log of all events took 2 to 5 s of an increment.
            f"{sink}.class": "org.apache.spark.metrics.sink.CsvSink",
            f"{sink}.directory": str(metrics),
            f"{sink}.period": "86400",
        }
        conf.mkdir()
        (conf / "local.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        full = measured_run(home, raw, conf, metrics)
        for file in second.iterdir():
            shutil.copy(file, raw / file.name)
        increment = measured_run(home, raw, conf, metrics)
        report(options.rows, lines, customers, full, increment)
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


def report(rows: int, lines: int, customers: int, full: Cost, increment: Cost) -> None:
    print(
        f"{rows:,} invoice lines, of which {lines:,} come with the increment, and {customers:,} "
        "customers with another address.\n"
    )
    print("| | full run | increment | part |\n|---|---:|---:|---:|")
    for name, before, after in [
        ("seconds", full.seconds, increment.seconds),
        *[
            (f"of these {step}", seconds, increment.steps.get(step, 0.0))
            for step, seconds in full.steps.items()
        ],
        ("MB read by tasks", full.by_tasks / MEGABYTE, increment.by_tasks / MEGABYTE),
        ("MB read by the driver", full.by_driver / MEGABYTE, increment.by_driver / MEGABYTE),
    ]:
        part = f"{after / before:.1%}" if before else ""
        print(f"| {name} | {before:,.1f} | {after:,.1f} | {part} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--counting"]:
        sys.exit(counting(Path(sys.argv[2]), sys.argv[3:]))
    main()
