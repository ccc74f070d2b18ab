"""The soak: many seeded faults against the loader, with a written report.

    python -m tests.soak.soak [--faults 200] [--seed TEXT] [--out DIR] [--only NUMBER]

Results go to DIR/soak-<seed>.jsonl, one line a fault, and a run that was stopped goes on after the
last one; ``--only`` replays one. DIR/soak-<seed>.md is the report. The exit code is 1 when
anything was lost, doubled or left behind.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.standin.server import Standin
from tests.loader.proxy import proxy_to
from tests.soak.faults import Ground, run_fault


@contextmanager
def open_ground(folder: Path) -> Iterator[Ground]:
    """A stand-in for the faults, in a folder of its own."""
    bucket = folder / "bucket"
    bucket.mkdir(parents=True)
    standin = Standin(folder / "standin", buckets={"lake": bucket})
    endpoint = standin.start()
    ground: Ground | None = None
    try:
        with proxy_to(endpoint.host, endpoint.port) as proxy:
            ground = Ground(folder / "standin", bucket, proxy, standin, endpoint)
            yield ground
    finally:
        (ground.standin if ground else standin).stop()


def soak(ground: Ground, seed: str, numbers: list[int]) -> Iterator[dict[str, Any]]:
    """Run faults one after the other; the result of each."""
    for number in numbers:
        started = time.monotonic()
        drawn, ended, wrong = run_fault(ground, seed, number)
        yield {
            "number": number,
            "fault": str(drawn),
            "kind": drawn.kind,
            "ended": ended,
            "wrong": wrong,
            "seconds": round(time.monotonic() - started, 2),
        }


def report(seed: str, results: list[dict[str, Any]]) -> str:
    """The results as a page."""
    kinds = Counter(one["kind"] for one in results)
    wrong = [one for one in results if one["wrong"]]
    lines = [
        "# Soak of the loader",
        "",
        f"Seed `{seed}`, {len(results)} faults, {len(wrong)} of them with a wrong result, "
        f"{sum(one['seconds'] for one in results):.0f} s.",
        "After each fault a load without one followed; then rows, sums and ledger were held "
        "against what was expected, and no staging table and no open transaction was left.",
        "",
        "| kind | faults | wrong |",
        "|---|---|---|",
    ]
    for kind, count in sorted(kinds.items()):
        bad = sum(one["kind"] == kind for one in wrong)
        lines.append(f"| {kind} | {count} | {bad} |")
    lines += [
        "",
        "| number | fault | the load under it | after the next load |",
        "|---|---|---|---|",
    ]
    for one in sorted(results, key=lambda one: one["number"]):
        cells = (one["number"], one["fault"], one["ended"], one["wrong"] or "as expected")
        lines.append("| " + " | ".join(str(cell).replace("|", "¦") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--out", type=Path, default=Path("build/soak"))
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / f"soak-{given.seed}.jsonl"
    results: list[dict[str, Any]] = []
    if kept.exists() and given.only is None:
        results = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    done = {one["number"] for one in results}
    numbers = [given.only] if given.only is not None else range(1, given.faults + 1)
    todo = [number for number in numbers if number not in done]
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, open_ground(Path(folder)) as ground:
        for one in soak(ground, given.seed, todo):
            results.append(one)
            fault = f"  WRONG: {one['wrong'][:200]}" if one["wrong"] else ""
            ended = f"{one['fault']}: {one['ended'][:90]}"
            print(f"{one['number']:4} {one['seconds']:6.2f} s  {ended}{fault}", flush=True)
            if given.only is None:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(one, ensure_ascii=False) + "\n")
    wrong = sum(bool(one["wrong"]) for one in results)
    if given.only is None:
        page = kept.with_suffix(".md")
        page.write_text(report(given.seed, results), encoding="utf-8")
        print(f"{len(results)} faults, {wrong} wrong; the report is {page}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
