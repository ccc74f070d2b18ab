"""The contract of a raw source: what its files hold and how they become staged rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from src.contract.checks import Accepted, RowCheck
from src.contract.column import Column
from src.contract.types import BIGINT, TIMESTAMP, varchar
from src.errors import ContractError

Delivery = Literal["changes", "events", "snapshot"]
Drift = Literal["ignore", "warn", "fail"]

# What AWS DMS writes into its column of operations: insert, update, delete. A row without one is
# of the full load that goes before.
OPERATIONS = ("I", "U", "D")
TOMBSTONE = "D"

# Every staged row carries its origin: the order of versions (arrival, path, line) and the raw
# file version that re-staging replaces are read from these.
ORIGIN = (
    Column("raw_file", varchar(1024), "path of the raw file below the raw folder", nullable=False),
    Column("raw_line", BIGINT, "physical line where the record starts", nullable=False),
    Column("raw_id", BIGINT, "hash of path, size and etag of the raw file", nullable=False),
    Column("arrived_at", TIMESTAMP, "arrival of the raw file, UTC", nullable=False),
)

IMPUTED = Column(
    "imputed_columns", varchar(256), "names of the columns whose value was imputed, by comma"
)


@dataclass(frozen=True)
class Source:
    """A raw source: one kind of file, one staged table.

    ``files`` is the supplier's name of the source, ``also_named`` what others call it; a raw file
    belongs to it when its name, or a folder above it, starts with one of them (letter case,
    blanks, ``-`` and ``_`` apart).
    ``key`` is the natural key, or ``("raw_file", "raw_line")`` where no columns tell rows apart:
    then each row is a thing of its own. ``business_time`` is the column that orders versions
    before arrival; ``zone`` the zone of times written without one; ``month_of`` the column whose
    month partitions the staged files; ``look_up`` the columns by which star reads them (sorted by,
    min and max in the log). ``new_columns`` says what to do on undeclared ones.

    ``delivery`` says what a raw file is and what it leaves out means:

    - ``changes``: its rows are versions of their keys and say nothing of other keys;
    - ``events``: as changes, and a newer version of a path replaces the older one's rows;
    - ``snapshot``: one file is a complete set. A key that it lacks, and that came before, is
      deleted as of its arrival; one that comes back is valid from the arrival of the file that
      brings it back. A file with any refused row deletes nothing. A newer version of a path is a
      snapshot of its own. Its business time, where it has one, is a timestamp.

    ``op`` names the column of operations as AWS DMS writes it: ``I`` and ``U`` are versions, ``D``
    is a tombstone, which needs no value but its key, and the key is deleted as of the tombstone's
    place in the order of versions. A deleted fact goes; a deleted member keeps its rows and, where
    it has a history, is flagged from then on. A tombstone without any row makes no member.

    ``new_columns``, ``missing_columns``, ``missing_required`` and ``changed_types`` say what to
    do with files that drifted: undeclared columns, optional or required ones that are missing,
    and columns whose cells are mostly of another type (``src/pipeline/drift.py``).

    ``explode`` names an array of the JSON record whose elements are the rows: each has the
    record's own columns beside those of the element, which say so by their header
    (``lines[].quantity``; ``lines[]`` itself is the element's place in the array, from 1). A
    record without elements is one row in which these are null. Such a record is judged, kept
    or refused, and replaced by a newer version as a whole.
    """

    name: str
    files: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    also_named: tuple[str, ...] = ()
    format: Literal["csv", "json"] = "csv"
    explode: str | None = None
    delivery: Delivery = "changes"
    op: str | None = None
    business_time: str | None = None
    zone: str = "UTC"
    month_of: str | None = None
    look_up: tuple[str, ...] = ()
    new_columns: Drift = "warn"
    missing_columns: Drift = "warn"
    missing_required: Drift = "fail"
    changed_types: Drift = "warn"
    checks: tuple[RowCheck, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ContractError(f"Columns declared twice: {', '.join(doubled)}", where=self.name)
        used = {*self.key, *self.look_up, self.business_time, self.month_of, self.op} - {None}
        known = {*names, *(column.name for column in ORIGIN)}
        missing = sorted(str(name) for name in used if name not in known)
        if missing:
            raise ContractError(
                f"Key, look-up, time or op columns not declared: {', '.join(missing)}",
                where=self.name,
            )
        self._check_deletions()
        if self.explode and self.format != "json":
            raise ContractError("Only JSON records have an array to explode", where=self.name)
        if self.explode and not self.record_key:
            raise ContractError(
                "The key of an exploded source names its record too", where=self.name
            )
        for column in self.columns:
            if column.of_country and column.of_country not in names:
                raise ContractError(
                    f"Column {column.name} names of_country {column.of_country}, not declared",
                    where=self.name,
                )

    def _check_deletions(self) -> None:
        """Raise ContractError where deletions are declared that no row could tell."""
        if self.op:
            op = self.column(self.op)
            if self.delivery == "snapshot":
                raise ContractError(
                    "A snapshot deletes by what it lacks and has no column of operations",
                    where=self.name,
                    do="leave op out, or declare the delivery as changes",
                )
            if not op.type.is_text or not op.nullable or self.op in self.key:
                raise ContractError(
                    f"Column {self.op} of operations is a text that may be null, and no key",
                    where=self.name,
                )
            if self.of_element(op):
                raise ContractError(
                    f"Column {self.op} of operations belongs to the record, not to its elements",
                    where=self.name,
                )
        if self.delivery == "snapshot" and self.business_time:
            kind = self.column(self.business_time).type
            if kind != TIMESTAMP:
                raise ContractError(
                    "The business time of a snapshot is compared with arrivals",
                    where=self.name,
                    expected=f"{self.business_time} as a timestamp",
                    found=str(kind),
                )

    def column(self, name: str) -> Column:
        return next(column for column in (*self.columns, *ORIGIN) if column.name == name)

    @property
    def deletes(self) -> bool:
        """Whether its files can say that a key is gone."""
        return self.delivery == "snapshot" or self.op is not None

    @property
    def row_checks(self) -> tuple[RowCheck, ...]:
        """The checks declared, and that operations are known ones."""
        return self.checks + ((Accepted(self.op, OPERATIONS),) if self.op else ())

    def of_element(self, column: Column) -> bool:
        """Whether the column belongs to the elements of the exploded array."""
        return bool(self.explode) and (column.header or "").startswith(f"{self.explode}[]")

    @property
    def record_key(self) -> tuple[str, ...]:
        """The part of the key that names a whole record: its versions replace each other."""
        return tuple(name for name in self.key if not self.of_element(self.column(name)))

    @property
    def imputes(self) -> bool:
        return any(column.impute for column in self.columns)

    @property
    def derived(self) -> tuple[Column, ...]:
        """Columns that standardisation adds: ISO codes of countries, texts to match names by."""
        codes = tuple(
            Column(f"{column.name}_code", varchar(2), f"ISO 3166-1 alpha-2 code of {column.name}")
            for column in self.columns
            if column.standard == "country"
        )
        return codes + tuple(
            Column(column.matched_as, varchar(65535), f"{column.name} reduced for matching")
            for column in self.columns
            if column.matched_as
        )

    @property
    def staged_columns(self) -> tuple[Column, ...]:
        """All columns of the staged files, in the order of their footers."""
        imputed = (IMPUTED,) if self.imputes else ()
        return self.columns + self.derived + imputed + ORIGIN

    @property
    def additive(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.additive)


def plain_name(name: str) -> str:
    """A header or file name reduced to letters and digits in lower case, for comparison."""
    return re.sub(r"[\W_]+", "", name).casefold()
