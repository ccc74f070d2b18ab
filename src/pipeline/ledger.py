"""What the warehouse's ledger says, and which entries of the lake's log it makes needed.

``back`` is the back room, where the ledger lies; ``found`` is what the warehouse has now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from src.contract.warehouse import Warehouse
from src.errors import LoadFailed
from src.io import redshift_publish as publish
from src.io import redshift_sql as sql
from src.io.entry import BuiltPart, Entry
from src.io.log import Log
from src.pipeline.load_schema import FoundSchema, Query, find_schema


def held(query: Query, back: str, found: FoundSchema) -> int:
    """The number of the last entry in the ledger, whatever lake it came from; 0 for none."""
    if sql.LEDGER not in found.back_tables:
        return 0
    rows = query(publish.last_entry(back))
    return int(rows[0][0]) if rows else 0


def last_applied(query: Query, back: str, entries: Sequence[Entry]) -> int:
    """The last entry that the ledger holds; 0 for none.

    Raises LoadFailed when it is not one of this lake's: the warehouse then holds other data.
    """
    rows = query(publish.last_entry(back))
    if not rows:
        return 0
    newest = max((one.number for one in entries), default=0)
    number, run = int(rows[0][0]), rows[0][1]
    here = next((one.run for one in entries if one.number == number), None)
    if here != run:
        raise LoadFailed(
            "The warehouse was loaded from another lake",
            where=f"{back}.{sql.LEDGER}",
            expected=f"entry {number} of run {here}" if here else f"at most {newest} entries",
            found=f"entry {number} of run {run}",
            do="check lake.path and redshift in the settings; to fill the warehouse anew from "
            "this lake, drop both of its schemas",
        )
    return number


def applied_entry(query: Query, back: str, entries: Sequence[Entry]) -> int:
    """The last entry that the warehouse has; 0 where it was never loaded. Raises LoadFailed."""
    if sql.LEDGER not in {name for (name,) in query(sql.tables_of(back))}:
        return 0
    return last_applied(query, back, entries)


def waiting_after(entries: Sequence[Entry], last: int) -> list[Entry]:
    """The built entries that come after entry ``last``."""
    return [one for one in entries if one.built and one.number > last]


def entries_from(log: Log, last: int) -> list[Entry]:
    """The entries that a warehouse at entry ``last`` needs: that one, and those after it.

    Where files of the next built entry have expired, a warehouse that is empty or far behind goes
    on from the last entry in which every table is whole, as if that had been built.
    """
    entries = log.entries(after=max(min(last, log.last()) - 1, 0))
    state = log.state()
    waiting = waiting_after(entries, last)
    if state.kept_from == 1 or state.snapshot <= last or not waiting:
        return entries
    changes = waiting[0].built.changes if waiting[0].built else ()
    if all(log.store.stat(file.path) for change in changes for file in change.files):
        return entries
    first = next(one for one in entries if one.number == state.snapshot)
    if first.compacted:
        whole = BuiltPart(first.number, first.compacted.changes, {})
        first = replace(first, built=whole)
    known = [one for one in entries if one.number == last]
    return [*known, first, *[one for one in entries if one.number > first.number]]


def lost_tables(
    query: Query, warehouse: Warehouse, found: FoundSchema, entries: Sequence[Entry], applied: int
) -> list[LoadFailed]:
    """Tables that were loaded, are gone, and which no waiting entry brings whole.

    They are not made anew, as they would be empty.
    """
    gone = [table for table, _ in warehouse.tables if table.name not in found.columns]
    if not gone or sql.LEDGER_TABLES not in found.back_tables:
        return []
    rows = {name: int(count) for name, count in query(publish.noted_rows(warehouse.back_room))}
    comes_whole: dict[str, bool] = {}
    for entry in waiting_after(entries, applied):
        for change in entry.built.changes if entry.built else ():
            comes_whole.setdefault(change.table, change.whole)
    # Looked at again: another loader may have made and filled them in the meantime.
    there = find_schema(query, warehouse).columns if any(rows.values()) else {}
    return [
        LoadFailed(
            f"Table {table.name} was loaded and is gone",
            where=warehouse.schema_of(table),
            expected=f"{rows[table.name]} rows, as the ledger says",
            found="no such table",
            do=f"give it back from a snapshot, or run 'starlift run {warehouse.name} "
            "--full', which fills every table anew",
        )
        for table in gone
        if rows.get(table.name) and table.name not in there and not comes_whole.get(table.name)
    ]
