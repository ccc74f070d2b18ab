"""The warehouse's schemas, tables, comments and grants: what the contract asks for and is missing.

Everything is additive and repeatable, and a table is never dropped: grants and views outlive
every load. What could lose data, or what Redshift's ALTER TABLE cannot do, is refused with the
statement that a person would run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from src.contract.column import Column
from src.contract.table import Reference, Table
from src.contract.warehouse import Warehouse
from src.errors import LoadFailed
from src.io import redshift_sql as sql
from src.io.redshift import Row
from src.settings import RedshiftSettings

Query = Callable[[str], list[Row]]


@dataclass(frozen=True)
class FoundColumn:
    """A column as the catalog has it."""

    type: str
    nullable: bool


@dataclass
class FoundSchema:
    """What the warehouse has now; empty for a warehouse that was never loaded."""

    schemas: set[str] = field(default_factory=set)
    back_tables: list[str] = field(default_factory=list)
    columns: dict[str, dict[str, FoundColumn]] = field(default_factory=dict)
    comments: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass
class SchemaChanges:
    """Statements that bring the warehouse to the contract, in the order they are run.

    ``begin`` makes schemas and ledger; ``alone`` may not run in a transaction (rule 19);
    ``together`` runs under the ledger's lock. ``refused`` says what a person must decide.
    """

    begin: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    together: list[str] = field(default_factory=list)
    refused: list[LoadFailed] = field(default_factory=list)

    @property
    def statements(self) -> list[str]:
        return [*self.begin, *self.alone, *self.together]


def back_room(warehouse: Warehouse) -> str:
    """The schema where loads are staged; readers need not see it."""
    return warehouse.back_room


def keyed_references(warehouse: Warehouse) -> dict[str, tuple[Reference, ...]]:
    """By table, the references that are foreign keys: those at a parent's whole primary key.

    Redshift trusts foreign keys, so a reference of severity warn is none.
    """
    tables = {table.name: table for table, _ in warehouse.tables}
    return {
        table.name: tuple(
            one
            for one in table.references
            if one.severity == "error"
            and one.parent != table.name
            and tables[one.parent].primary_key == (one.parent_column,)
        )
        for table, _ in warehouse.tables
    }


def find_schema(query: Query, warehouse: Warehouse) -> FoundSchema:
    """Read what the warehouse has; changes nothing."""
    front, back = warehouse.name, back_room(warehouse)
    found = FoundSchema(
        schemas={name for (name,) in query(sql.schemas_of(front, back))},
        back_tables=[name for (name,) in query(sql.tables_of(back))],
    )
    declared = {table.name: warehouse.schema_of(table) for table, _ in warehouse.tables}
    for schema in sorted({*declared.values()} & found.schemas):
        for table, column, kind, length, precision, scale, nullable in query(
            sql.columns_of(schema)
        ):
            # The back room has staging tables and the ledger besides.
            if declared.get(table) == schema:
                found.columns.setdefault(table, {})[column] = FoundColumn(
                    _type_text(kind, length, precision, scale), nullable == "YES"
                )
        for table, column, text in query(sql.comments_of(schema)):
            if declared.get(table) == schema:
                found.comments[table, column or ""] = text
    return found


def _type_text(kind: str, length: int | None, precision: int | None, scale: int | None) -> str:
    known = {
        "character varying": f"varchar({length})",
        "numeric": f"decimal({precision}, {scale})",
        "timestamp without time zone": "timestamp",
    }
    return known.get(kind, kind)


def schema_changes(
    warehouse: Warehouse, redshift: RedshiftSettings, found: FoundSchema
) -> SchemaChanges:
    """What has to be run so that the warehouse is as contract and settings say."""
    front, back = warehouse.name, back_room(warehouse)
    changes = SchemaChanges()
    if front not in found.schemas:
        changes.begin.append(sql.create_schema(front))
    if back not in found.schemas:
        changes.begin += [sql.create_schema(back), sql.close_schema(back)]
    ledger = sql.create_ledger(back).items()
    changes.begin += [made for table, made in ledger if table not in found.back_tables]
    keyed = keyed_references(warehouse)
    for table, _ in warehouse.tables:
        schema = warehouse.schema_of(table)
        if table.name in found.columns:
            _evolve(changes, table, schema, found.columns[table.name])
        else:
            changes.together.append(sql.create_table(table, schema, keyed[table.name]))
    for table, _ in warehouse.tables:
        for column, text in sql.comments(table).items():
            if found.comments.get((table.name, column)) != text:
                schema = warehouse.schema_of(table)
                changes.together.append(sql.comment(table.name, schema, column, text))
    changes.together += grants(warehouse, redshift)
    return changes


def _evolve(
    changes: SchemaChanges, table: Table, front: str, found: dict[str, FoundColumn]
) -> None:
    for column in table.columns:
        now = found.get(column.name)
        if now is None:
            _add(changes, table, front, column)
        elif now.type != str(column.type):
            _resize(changes, table, front, column, now)
        elif now.nullable != column.nullable:
            changes.refused.append(_cannot_alter_nulls(table, front, column))
    for name in found.keys() - set(table.names):
        if not found[name].nullable:
            changes.refused.append(
                LoadFailed(
                    f"Table {table.name} has the column {name}, which may not be null and which "
                    "the contract lacks",
                    where=front,
                    do=f"drop it yourself: ALTER TABLE {sql.name(front, table.name)} "
                    f"DROP COLUMN {sql.name(name)}; or add it to the contract",
                )
            )


def _add(changes: SchemaChanges, table: Table, front: str, column: Column) -> None:
    statement = sql.add_column(table.name, front, column)
    if column.nullable:
        changes.together.append(statement)
        return
    changes.refused.append(
        LoadFailed(
            f"Table {table.name} lacks the column {column.name}, which may not be null",
            where=front,
            do=f"run it yourself with a default for the rows that are there: {statement} DEFAULT …",
        )
    )


def _resize(
    changes: SchemaChanges, table: Table, front: str, column: Column, now: FoundColumn
) -> None:
    """A longer VARCHAR is widened; everything else is another type or could cut values."""
    wanted = column.type
    statement = sql.change_size(table.name, front, column)
    if wanted.is_text and now.type.startswith("varchar("):
        size = int(now.type[len("varchar(") : -1])
        if size < wanted.args[0]:
            changes.alone.append(statement)
            return
        do = f"change the contract back, or shorten it yourself where all values fit: {statement}"
    else:
        do = "change the contract back, or the column yourself: " + "; ".join(
            sql.make_anew(table.name, front, column)
        )
    changes.refused.append(
        LoadFailed(
            f"Column {column.name} of {table.name} has another type in the warehouse",
            where=front,
            expected=str(wanted),
            found=now.type,
            do=f"{do}; nothing was loaded",
        )
    )


def _cannot_alter_nulls(table: Table, front: str, column: Column) -> LoadFailed:
    may = "may be null" if column.nullable else "may not be null"
    return LoadFailed(
        f"Column {column.name} of {table.name} {may} by the contract, and in the warehouse "
        f"{'not' if column.nullable else 'it may'}; Redshift cannot alter that",
        where=front,
        do="change the contract back, or the column yourself: "
        + "; ".join(sql.make_anew(table.name, front, column))
        + "; nothing was loaded",
    )


def grants(warehouse: Warehouse, redshift: RedshiftSettings) -> list[str]:
    """Who may read what: readers the front room, without the columns tagged PII unless they are
    PII readers; the back room is the loader's alone. A role may be in both lists.
    """
    front, back = warehouse.name, back_room(warehouse)
    tables = [table for table, _ in warehouse.tables if table.room == "front"]
    plain = [role for role in redshift.readers if role not in redshift.pii_readers]
    statements = [
        sql.grant_schema(front, role, "USAGE") for role in (*plain, *redshift.pii_readers)
    ]
    for table in tables:
        public = [column.name for column in table.columns if not column.pii]
        tagged = [column.name for column in table.columns if column.pii]
        for role in plain:
            if not tagged:
                statements.append(sql.grant_table(front, table.name, role, "SELECT"))
            else:
                # A column that is tagged later must leave the hands of those who had all.
                statements.append(sql.revoke_all(front, table.name, role))
                statements.append(sql.revoke_columns(front, table.name, tagged, role))
                if public:
                    statements.append(sql.grant_columns(front, table.name, public, role))
        for role in redshift.pii_readers:
            statements.append(sql.grant_table(front, table.name, role, "SELECT"))
    if redshift.loader:
        role = redshift.loader
        statements += [
            sql.grant_schema(schema, role, "USAGE", "CREATE") for schema in (front, back)
        ]
        wide = ("SELECT", "INSERT", "UPDATE", "DELETE")
        statements += [
            sql.grant_table(warehouse.schema_of(table), table.name, role, *wide)
            for table, _ in warehouse.tables
        ]
        statements += [
            sql.grant_table(back, table, role, *wide) for table in (sql.LEDGER, sql.LEDGER_TABLES)
        ]
    return statements


def batches(statements: Sequence[str], size: int) -> list[list[str]]:
    """The statements in order, in pieces of at most ``size``.

    No piece ends with a REVOKE: the grant behind it belongs into the same transaction.
    """
    pieces: list[list[str]] = [[]]
    for statement in statements:
        if len(pieces[-1]) >= size:
            last = pieces[-1]
            carried: list[str] = []
            while len(last) > 1 and last[-1].startswith("REVOKE"):
                carried.insert(0, last.pop())
            pieces.append(carried)
        pieces[-1].append(statement)
    return [piece for piece in pieces if piece]
