"""What a load would do, statement by statement, without doing any of it.

The warehouse is only read, and the lake too: manifests are computed, not written. The statements
are those that ``load`` runs when nothing goes wrong, in its order, but for the run's own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from src.io import redshift_sql as sql
from src.io.entry import Entry
from src.io.manifest import manifest_of
from src.pipeline.ledger import entries_from, held, last_applied, lost_tables, waiting_after
from src.pipeline.load import Loader, new_load_id
from src.pipeline.load_copy import parts_of, staged_change
from src.pipeline.load_schema import FoundSchema, Query, find_schema, schema_changes


@dataclass
class PlannedEntry:
    """An entry that waits: how it is staged, and the transaction that publishes it."""

    entry: int
    rows: dict[str, int]
    stage: list[str] = field(default_factory=list)
    publish: list[str] = field(default_factory=list)
    tidy: list[str] = field(default_factory=list)


@dataclass
class LoadPlan:
    """What the next load would do. ``schema`` are the changes of tables, comments and grants;
    ``refused`` is what a person must decide before anything is loaded.
    """

    applied: int = 0
    schema: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    entries: list[PlannedEntry] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sql(self) -> list[str]:
        """All statements in the order they would be run, transactions marked."""
        statements = list(self.schema)
        for one in self.entries:
            statements += [*one.stage, "BEGIN", *one.publish, "COMMIT", *one.tidy]
        return statements


def plan_load(loader: Loader, entries: Sequence[Entry] | None, query: Query | None) -> LoadPlan:
    """The plan; ``query`` is None for a warehouse that does not exist yet.

    ``entries`` are the log's; None reads those that the ledger makes needed.

    Raises LoadFailed as a load would: another lake's ledger, a file that is not what the log says.
    """
    found = find_schema(query, loader.warehouse) if query else FoundSchema()
    changes = schema_changes(loader.warehouse, loader.redshift, found)
    plan = LoadPlan(schema=changes.statements, refused=[one.sentence() for one in changes.refused])
    asked = query if sql.LEDGER in found.back_tables else None
    if entries is None:
        entries = entries_from(loader.lake.log, held(asked, loader.back, found) if asked else 0)
    if asked:
        plan.applied = last_applied(asked, loader.back, entries)
        lost = lost_tables(asked, loader.warehouse, found, entries, plan.applied)
        plan.refused += [one.sentence() for one in lost]
    base = plan.applied
    for entry in waiting_after(entries, base):
        plan.entries.append(_planned(loader, entry, base))
        base = entry.number
    return plan


def _planned(loader: Loader, entry: Entry, base: int) -> PlannedEntry:
    assert entry.built
    load = new_load_id(loader.run)
    staging, planned = loader.staging(entry, load), PlannedEntry(entry.number, {})
    staged = []
    for number, change in enumerate(entry.built.changes, 1):
        table = loader.warehouse.table(change.table)
        names: dict[str, str] = {}
        digests = {"r": "", "k": ""}
        for part in parts_of(staging, number, table, change):
            names[part.kind] = part.name(1)
            if part.files and loader.connector is None:
                manifest = manifest_of(loader.lake.store, part.files, part.copy_url)
                digests[part.kind] = manifest.digest
            planned.stage += part.statements(part.name(1))
        staged.append(staged_change(table, change, names, digests))
        planned.rows[table.name] = change.row_count
        planned.tidy += [sql.drop_table(loader.back, name) for name in names.values()]
    planned.publish = loader.publication(entry, base, staged, load).statements()
    return planned
