"""The table that COPY fills, as the client's own backend sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from src.standin.copy_command import CopyCommand
from src.standin.encode_binary import ColumnType, from_catalog
from src.standin.refusal import INTERNAL, Refusal


@dataclass(frozen=True)
class TargetColumn:
    """A column of the table that COPY fills."""

    name: str
    type: ColumnType
    not_null: bool


@dataclass(frozen=True)
class Target:
    """The table that COPY fills, as the client's own backend sees it now."""

    relation: int
    schema: str
    name: str
    columns: tuple[TargetColumn, ...]
    transaction: int
    query: int


def target_of(command: CopyCommand, rows: Sequence[Sequence[str | None]]) -> Target:
    """The target from the rows of ``standin.copy_columns``; raises Refusal."""
    if not rows:
        # The table was made by another transaction after this one's snapshot.
        raise Refusal(f"could not open relation with OID of {command.target}", INTERNAL)
    known: dict[str, tuple[TargetColumn, str]] = {}
    for row in rows:
        _, name, typname, modifier, not_null, identity, *_ = (value or "" for value in row)
        column = TargetColumn(name, from_catalog(typname, int(modifier)), not_null == "t")
        known[name] = (column, identity)
    if command.columns is None:
        # An identity column makes its own values, so the files do not have it.
        columns = tuple(column for column, identity in known.values() if not identity)
    else:
        columns = tuple(_listed(command, known))
    first = [value or "0" for value in rows[0]]
    return Target(int(first[6]), first[7], first[8], columns, int(first[9]), int(first[10]))


def _listed(
    command: CopyCommand, known: dict[str, tuple[TargetColumn, str]]
) -> Iterator[TargetColumn]:
    for name in command.columns or ():
        if name not in known:
            raise Refusal(
                f'column "{name}" of relation "{command.table[-1]}" does not exist', "42703"
            )
        column, identity = known[name]
        if identity:
            raise Refusal(f'cannot set an identity column to a value: "{name}" needs EXPLICIT_IDS')
        yield column
