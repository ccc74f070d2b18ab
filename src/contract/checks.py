"""Checks: what must hold of a row, of a table, or of a table against another.

Row checks on a staged source send the row to quarantine (severity error) or count it (warn).
On a star table they run in the gate, over what a run is about to publish: error blocks the
publish, warn is reported; the failing rows are kept either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class NotNull:
    """The column has a value in every row."""

    column: str
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"not_null({self.column})"


@dataclass(frozen=True)
class Accepted:
    """The column holds one of the values, or is null."""

    column: str
    values: tuple[str, ...]
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"accepted({self.column})"


@dataclass(frozen=True)
class Range:
    """The column lies between ``low`` and ``high``, both included, or is null."""

    column: str
    low: str | None = None
    high: str | None = None
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"range({self.column})"

    @property
    def expected(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low} to {self.high}"
        return f"at least {self.low}" if self.low is not None else f"at most {self.high}"


@dataclass(frozen=True)
class Pattern:
    """The column matches the (Java) regular expression as a whole, or is null."""

    column: str
    regex: str
    meaning: str
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"pattern({self.column})"


@dataclass(frozen=True)
class Holds:
    """A condition in SQL over the columns of one row, e.g. header total against its lines.

    Null counts as holding: a condition that compares with a missing value says nothing.
    """

    title: str
    condition: str
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"holds({self.title})"


@dataclass(frozen=True)
class Unique:
    """No two rows agree in these columns (beside the primary key, which is always checked)."""

    columns: tuple[str, ...]
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"unique({', '.join(self.columns)})"


@dataclass(frozen=True)
class RowCountChange:
    """The table's row count does not fall by more than ``max_drop`` (0.5 = half) in one run."""

    max_drop: float
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return "row_count_change"


@dataclass(frozen=True)
class Freshness:
    """The newest value of a time column is at most ``max_age_days`` before the run."""

    column: str
    max_age_days: int
    severity: Severity = "warn"

    @property
    def name(self) -> str:
        return f"freshness({self.column})"


@dataclass(frozen=True)
class SumReconciles:
    """The sum of a star column equals the sum of a staged one over the rows that reached star."""

    column: str
    source: str
    source_column: str
    severity: Severity = "error"

    @property
    def name(self) -> str:
        return f"sum_reconciles({self.column})"


RowCheck = NotNull | Accepted | Range | Pattern | Holds
TableCheck = Unique | RowCountChange | Freshness | SumReconciles
Check = RowCheck | TableCheck
