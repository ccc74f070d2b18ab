"""The contract of a star table: grain, columns, keys, inputs, history, checks, distribution.

DDL, COPY column lists, change sets, checks, proofs and the data dictionary all derive from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from src.contract.checks import Check
from src.contract.column import Column
from src.errors import ContractError

Kind = Literal["dimension", "fact", "bridge", "mirror"]
Room = Literal["front", "back"]


@dataclass(frozen=True)
class Input:
    """A staged source that a star table reads, and how its rows map to the table's keys.

    ``key`` lists the source's columns that equal the table's ``replace_natural`` columns, in
    their order: a changed row touches the key that it names there. A source without such columns
    is reached ``through`` another input of the same table, joined ``on`` columns that carry the
    same name in both: a changed track touches the invoices of its invoice lines.
    One source may stand in several inputs (an employee, and the employee it reports to).
    ``versions``: ``latest`` hands the function one row a natural key, ``all`` every version.

    ``only_names`` says that a row of this input matters by the key that it names, and only where
    the first input has no row of that key: such a member is inferred. ``at`` names the column
    ``through`` which a history is looked up at an instant: a version of this input changes only
    rows at its time or later. With ``day``, a column of this input, it is looked up by the day of
    that instant, and a row changes only rows of its day (UTC).
    """

    source: str
    key: tuple[str, ...] = ()
    through: str | None = None
    on: tuple[str, ...] = ()
    versions: Literal["latest", "all"] = "latest"
    only_names: bool = False
    at: str | None = None
    day: str | None = None

    def __post_init__(self) -> None:
        if self.at and not self.through:
            raise ContractError(f"Input {self.source} is looked up at {self.at} through no other")
        if bool(self.key) == bool(self.through and self.on):
            raise ContractError(
                f"Input {self.source} names either its key columns, or through and on"
            )


@dataclass(frozen=True)
class Counted:
    """What the accounting counts in a table's first input, where it is not its natural keys.

    The table has one member for each distinct value of ``key`` among the rows for which ``where``
    holds, a condition in SQL: a session for each session_id among the plays.
    """

    key: tuple[str, ...]
    where: str = "TRUE"


@dataclass(frozen=True)
class Reference:
    """An informational foreign key: ``column`` holds ``parent_column`` of ``parent``."""

    column: str
    parent: str
    parent_column: str
    severity: Literal["error", "warn"] = "error"


@dataclass(frozen=True)
class History:
    """Type 2: a change in a tracked column opens a version; other columns are overwritten."""

    tracked: tuple[str, ...]


@dataclass(frozen=True)
class Distribution:
    """How Redshift spreads the rows: AUTO, ALL, EVEN, or KEY by ``key``."""

    style: Literal["AUTO", "ALL", "EVEN", "KEY"] = "AUTO"
    key: str | None = None


@dataclass(frozen=True)
class Table:
    """A star table.

    ``primary_key`` is the surrogate key of the grain; ``natural_key`` what it is hashed from.
    ``replace_by`` is the surrogate column by which a change set replaces rows (a dimension's
    durable key, an invoice, a playlist), ``replace_natural`` the natural columns under it.
    ``counted`` says what of the first input its members are, by default its natural keys.
    ``room`` says who sees it: the front room is for readers, the back room for the loader alone.
    A mirror shows a raw source as it was staged.
    """

    name: str
    kind: Kind
    grain: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    natural_key: tuple[str, ...]
    replace_by: str
    replace_natural: tuple[str, ...]
    inputs: tuple[Input, ...] = ()
    counted: Counted | None = None
    references: tuple[Reference, ...] = ()
    history: History | None = None
    checks: tuple[Check, ...] = ()
    distribution: Distribution = field(default_factory=Distribution)
    sort_key: tuple[str, ...] = ()
    room: Room = "front"

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ContractError(f"Columns declared twice: {', '.join(doubled)}", where=self.name)
        folded = [name for name in (self.name, *names) if name != name.lower()]
        if folded:
            raise ContractError(
                f"Names with capitals: {', '.join(folded)}",
                where=self.name,
                do="write them in lower case: Redshift folds names, quoted ones too",
            )
        used = {
            *self.primary_key,
            *self.natural_key,
            *self.sort_key,
            self.replace_by,
            *(reference.column for reference in self.references),
            *(self.history.tracked if self.history else ()),
        }
        if self.distribution.key:
            used.add(self.distribution.key)
        missing = sorted(used - set(names))
        if missing:
            raise ContractError(
                f"Columns used but not declared: {', '.join(missing)}", where=self.name
            )
        for column in self.columns:
            if column.name in (*self.primary_key, self.replace_by) and column.nullable:
                raise ContractError(
                    f"Key column {column.name} must not be nullable", where=self.name
                )

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def additive(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.additive)
