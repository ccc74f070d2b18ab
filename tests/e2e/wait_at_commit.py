"""Run a command that waits before its first commit: ``python -m tests.e2e.wait_at_commit DIR …``.

DIR/waiting is made when all is written and only the commit is left, which is done when DIR/go is
there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from src.cli.main import main
from src.io.entry import Entry
from src.io.log import Log

LONGEST = 300


def wait_at_commit(meeting: Path) -> None:
    commit = Log.commit

    def waiting(self: Log, entry: Entry, number: int) -> Entry:
        if not (meeting / "waiting").exists():
            (meeting / "waiting").touch()
            end = time.monotonic() + LONGEST
            while not (meeting / "go").exists() and time.monotonic() < end:
                time.sleep(0.05)
        return commit(self, entry, number)

    Log.commit = waiting  # type: ignore[method-assign]


if __name__ == "__main__":
    wait_at_commit(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
