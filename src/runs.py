"""A run: one execution, named so that names sort by time."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

# Called with a step's name and rows done so far; the command line draws progress from it.
Progress = Callable[[str, int], None]


def no_progress(step: str, rows: int) -> None:
    """The progress of a run that nobody watches."""


# Times in the log are text: UTC, to the second.
_AT = "%Y-%m-%dT%H:%M:%SZ"


def time_text(moment: datetime) -> str:
    """A moment, in UTC, as the log writes it: ``2024-05-31T06:00:00Z``."""
    return moment.strftime(_AT)


def time_of(text: str) -> datetime:
    """The moment of a time in the log."""
    return datetime.strptime(text, _AT).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Run:
    """One execution: its id, its start, and who watches it."""

    id: str
    started: datetime
    progress: Progress = field(default=no_progress, compare=False)

    @property
    def at(self) -> str:
        return time_text(self.started)


_ID = re.compile(r"(?:^|/)((\d{8}T\d{9})Z-[0-9a-f]{6})(?=[/.]|$)")


def run_in(path: str) -> Run | None:
    """The run that a path of the lake is named for; None where it names none."""
    found = _ID.search(path)
    if not found:
        return None
    started = datetime.strptime(found[2] + "000", "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Run(found[1], started)


def new_run(progress: Progress = no_progress) -> Run:
    """A run that starts now; the id sorts by time and never repeats."""
    now = datetime.now(UTC)
    return Run(
        now.strftime("%Y%m%dT%H%M%S") + f"{now.microsecond // 1000:03d}Z-" + secrets.token_hex(3),
        now,
        progress,
    )
