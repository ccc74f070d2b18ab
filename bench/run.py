"""Measure the steps of the chinook warehouse on a sample of any size.

    python bench/run.py [--rows 10000000] [--home DIR] [--keep]

Each step is a process of its own, as a user runs it. Printed per step: seconds, peak memory of the
driver's Java (its heap is 2 GB), of the Python process, and of the stand-in with its PostgreSQL.
The figures of docs/benchmarks.md come from here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass
class Step:
    """One step as measured; memory in bytes, by kind of process."""

    name: str
    seconds: float = 0.0
    peak: dict[str, int] = field(default_factory=dict)


def run_step(name: str, command: list[str], environment: dict[str, str]) -> Step:
    """Run a command and watch the resident memory of all its descendants twice a second."""
    step = Step(name)
    done = threading.Event()
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def watch() -> None:
        while not done.wait(0.5):
            now: dict[str, int] = {}
            for pid in descendants(process.pid):
                kind, size = memory(pid)
                now[kind] = now.get(kind, 0) + size
            for kind, size in now.items():
                step.peak[kind] = max(step.peak.get(kind, 0), size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    step.seconds = time.monotonic() - start
    if code:
        sys.exit(f"{name} ended with exit code {code}")
    return step


def descendants(root: int) -> list[int]:
    """The process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def memory(pid: int) -> tuple[str, int]:
    """What kind of process it is, and its resident bytes; PostgreSQL's shared part once counted."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        pages = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, UnicodeDecodeError):
        return "other", 0
    size = os.sysconf("SC_PAGE_SIZE")
    if "postgres" in command.split(" ")[0]:
        return "standin", (int(pages[1]) - int(pages[2])) * size
    if "src.standin" in command:
        return "standin", int(pages[1]) * size
    kind = "java" if "java" in command.split(" ")[0] else "python"
    return kind, int(pages[1]) * size


def main() -> None:
    """Run all steps and print a table and the accounting."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="invoice lines")
    parser.add_argument("--home", type=Path, help="a new folder; default: a temporary one")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="starlift-bench-"))
    raw = home / "raw" / "chinook"
    environment = {**os.environ, "STARLIFT_HOME": str(home)}
    starlift = [sys.executable, "-m", "src.cli"]
    commands = {
        "sample": ["sample", "chinook", "--out", str(raw), "--rows", str(options.rows)],
        "stage": ["stage", "chinook"],
        "build": ["build", "chinook"],
        "load": ["load", "chinook"],
        "verify": ["verify", "chinook"],
    }
    steps = []
    try:
        for name, arguments in commands.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            steps.append(run_step(name, [*starlift, *arguments], environment))
        report(options.rows, raw, home, steps)
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


def report(rows: int, raw: Path, home: Path, steps: list[Step]) -> None:
    """Print the table in Markdown."""
    size = sum(file.stat().st_size for file in raw.iterdir())
    total = int(Path("/proc/meminfo").read_text().split()[1]) / MEGABYTE
    print(
        f"{rows:,} invoice lines, {size / MEGABYTE:,.0f} MB of CSV; {os.cpu_count()} cores, "
        f"{total:.0f} GB of memory, Python {platform.python_version()}; heap 2 GB.\n"
    )
    print("| step | seconds | lines a second | Java MB | Python MB | stand-in MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for step in steps:
        peak = [
            f"{step.peak.get(kind, 0) / MEGABYTE:,.0f}" for kind in ("java", "python", "standin")
        ]
        print(
            f"| {step.name} | {step.seconds:.1f} | {rows / step.seconds:,.0f} | "
            + " | ".join(peak)
            + " |"
        )
    entries = sorted((home / "lake/chinook/log").glob("*.json"))
    raw_files = json.loads(entries[0].read_text())["staged"]["raw_files"]
    lines = next(one for one in raw_files if one["source"] == "invoice_line")
    print(
        f"\nInvoice lines: {lines['records']:,} read, {lines['staged']:,} staged, "
        f"{lines['quarantined']:,} quarantined, {lines['duplicates']:,} duplicates."
    )


if __name__ == "__main__":
    main()
