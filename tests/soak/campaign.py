"""A campaign of many seeded cases that can be stopped and gone on with, and its report.

Each case depends on the campaign's seed and its own number alone. What has passed or failed
stands in one JSON line a case; a campaign started again skips what stands there.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What came of one case; ``failure`` is None where the law held."""

    number: int
    did: str
    failure: str | None
    seconds: float


# Runs one case in a folder of its own and says what it did; raises AssertionError where the law
# does not hold.
Case = Callable[[random.Random, Path], str]


@dataclass(frozen=True)
class Campaign:
    """Cases of one kind under one seed; ``folder`` keeps outcomes, and what failing cases left."""

    name: str
    seed: str
    folder: Path
    case: Case

    @property
    def state(self) -> Path:
        return self.folder / f"{self.name}-{self.seed}.jsonl"

    def outcomes(self) -> dict[int, Outcome]:
        """What stands so far, by number; a line that a kill cut off does not count."""
        if not self.state.exists():
            return {}
        found = {}
        for line in self.state.read_text(encoding="utf-8").splitlines():
            try:
                outcome = Outcome(**json.loads(line))
            except (ValueError, TypeError):
                continue
            found[outcome.number] = outcome
        return found

    def run(self, cases: int, say: Callable[[Outcome], None] = lambda _: None) -> list[Outcome]:
        """Run the cases from 1 to ``cases`` that have no outcome yet; all outcomes, in order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = self.outcomes()
        for number in range(1, cases + 1):
            if number in done:
                continue
            outcome = self._one(number)
            with self.state.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome)) + "\n")
            done[number] = outcome
            say(outcome)
        return [done[number] for number in range(1, cases + 1)]

    def _one(self, number: int) -> Outcome:
        place = self.folder / f"{self.name}-{self.seed}-{number}"
        rng = random.Random(f"{self.name} {self.seed} {number}")
        start = time.monotonic()
        failure = None
        did = ""
        place.mkdir(parents=True, exist_ok=True)
        try:
            # What the commands print is kept beside what they made.
            with (
                (place / "output.txt").open("w", encoding="utf-8") as output,
                redirect_stdout(output),
                redirect_stderr(output),
            ):
                did = self.case(rng, place)
        except AssertionError as error:
            failure = str(error).strip()[:2000] or "the law does not hold"
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"[:2000]
        if failure is None:
            shutil.rmtree(place, ignore_errors=True)
        return Outcome(number, did, failure, round(time.monotonic() - start, 1))

    def report(self, outcomes: list[Outcome]) -> str:
        """The outcomes as Markdown."""
        failed = [outcome for outcome in outcomes if outcome.failure]
        lines = [
            f"## {self.name}, seed {self.seed}",
            "",
            f"{len(outcomes)} cases, {len(outcomes) - len(failed)} held, {len(failed)} failed; "
            f"{sum(outcome.seconds for outcome in outcomes):,.0f} s.",
            "",
            "| case | what was done | outcome | seconds |",
            "|---:|---|---|---:|",
        ]
        for one in outcomes:
            text = (one.failure or "held").replace("|", "\\|").replace("\n", " ")
            lines.append(f"| {one.number} | {one.did} | {text} | {one.seconds} |")
        return "\n".join(lines) + "\n"
