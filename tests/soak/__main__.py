"""Hours of seeded cases of the law, with a report.

    python -m tests.soak [KIND …] [--cases N] [--seed S] [--folder DIR]

Kinds: histories (20 a case), kills (10 to 12 a case), processes, days, reverse, thirds, months
(of real data), loads. Started again with the same seed it goes on where it was. The report is
DIR/report-S.md; a failing case leaves its folder there, and is run alone again by deleting its
line from the .jsonl file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.soak.campaign import Campaign, Case, Outcome
from tests.soak.histories import history_case
from tests.soak.kills import kill_case, process_case
from tests.soak.loads import load_case
from tests.soak.real import by_day, by_month, in_reverse, real_case, thirds

# Each kind of case, and how many of it a whole soak takes.
KINDS: dict[str, tuple[Case, int]] = {
    "histories": (history_case, 18),
    "kills": (kill_case, 20),
    "processes": (process_case, 10),
    "days": (real_case("sparkify", by_day), 1),
    "reverse": (real_case("sparkify", in_reverse), 1),
    "thirds": (real_case("sparkify", thirds), 3),
    "months": (real_case("ecommerce", by_month), 1),
    "loads": (load_case, 200),
}


def main() -> int:
    """Run the campaigns asked for; 1 when any case failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "kinds", nargs="*", default=list(KINDS), metavar="KIND", help=", ".join(KINDS)
    )
    parser.add_argument("--cases", type=int, help="cases of each kind; default: its own number")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--folder", type=Path, default=Path(".soak"))
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"unknown kind {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
    reports, failed = [], 0
    for kind in options.kinds:
        case, usual = KINDS[kind]
        campaign = Campaign(kind, options.seed, options.folder.absolute(), case)

        def say(outcome: Outcome, kind: str = kind) -> None:
            print(
                f"{kind} {outcome.number}: {outcome.failure or 'held'} ({outcome.seconds} s)",
                flush=True,
            )

        outcomes = campaign.run(options.cases or usual, say)
        failed += sum(1 for outcome in outcomes if outcome.failure)
        reports.append(campaign.report(outcomes))
    report = options.folder / f"report-{options.seed}.md"
    report.write_text("# Soak\n\n" + "\n".join(reports), encoding="utf-8")
    print(f"{failed} cases failed; the report is {report}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
