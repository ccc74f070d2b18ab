"""The text of the publish and of the DDL: one for all drivers, and such as Redshift can read."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlfluff

from src.contract.table import Table
from src.io import redshift_publish as publish
from src.io import redshift_sql as sql
from src.io.redshift_data import BATCH
from src.io.redshift_publish import Publication, StagedChange
from src.pipeline.load_schema import (
    FoundSchema,
    batches,
    keyed_references,
    schema_changes,
)
from src.settings import RedshiftSettings
from src.transforms.warehouses import warehouse
from tests.loader.shop import FACT_SALE

CHINOOK = warehouse("chinook")


def staged(table: Table, whole: bool) -> StagedChange:
    return StagedChange(
        table=table,
        columns=table.columns,
        rows="stage_5_r",
        keys=None if whole else "stage_5_k",
        row_count=3,
        total=9,
        sums={column.name: "1.00" for column in table.additive},
        rows_manifest="a" * 64,
        keys_manifest="b" * 64,
    )


def publication(tables: list[Table], whole: bool) -> Publication:
    return Publication(
        front="chinook",
        back="chinook_back",
        base=4,
        entry=5,
        run="20251121T145300123Z-a1b2c3",
        loaded_by="20251121T145300123Z-a1b2c3-d4e5f6",
        changes=tuple(staged(table, whole) for table in tables),
        keyed=keyed_references(CHINOOK),
    )


@pytest.mark.parametrize("whole", [True, False])
def test_twelve_tables_fit_one_batch_of_the_data_api(whole: bool) -> None:
    """Rules 12, 26: at most 40 statements, two a table and few proofs; LOCK first, ledger last."""
    tables = [table for table, _ in CHINOOK.tables]
    assert len(tables) == 12
    statements = publication(tables, whole).statements()
    assert len(statements) == 4 + 2 * 12 <= BATCH == 40
    assert statements[0] == 'LOCK TABLE "chinook_back"."load_ledger"'
    assert statements[-1].startswith('INSERT INTO "chinook_back"."load_ledger" (')
    # 100 kB is what the Data API takes as one statement.
    assert max(len(text.encode()) for text in statements) < 100_000


def test_eighteen_tables_fit_too() -> None:
    tables = [replace(FACT_SALE, name=f"t{number}") for number in range(18)]
    assert len(publication(tables, False).statements()) == BATCH


@pytest.mark.parametrize("whole", [True, False])
def test_every_statement_but_the_lock_is_gated(whole: bool) -> None:
    """Rule 26: a batch cannot branch."""
    tables = [table for table, _ in CHINOOK.tables]
    gate = '(SELECT COALESCE(MAX("entry"), 0) FROM "chinook_back"."load_ledger") = 4'
    *gated, last = publication(tables, whole).statements()[1:]
    assert all(text.endswith(gate) for text in gated)
    assert last.endswith('g WHERE g."last" = 4')


def test_the_statements_carry_no_parameters_and_no_ends() -> None:
    """Rules 31, 32: one statement each, and nothing that a driver would fill in."""
    tables = [table for table, _ in CHINOOK.tables]
    for text in publication(tables, False).statements():
        assert "%" not in text and ";" not in text.replace("; '", "")


def everything() -> dict[str, str]:
    """Each kind of statement that the loader sends, by what it is."""
    table = CHINOOK.table("dim_customer")
    fact = CHINOOK.table("fact_invoice_line")
    settings = RedshiftSettings(readers=["analysts"], pii_readers=["care"], loader="loading")
    changes = schema_changes(CHINOOK, settings, FoundSchema())
    kinds = {f"schema {at}": text for at, text in enumerate(changes.statements)}
    kinds |= {
        f"publish {at}": text
        for at, text in enumerate(publication([table, fact], False).statements())
    }
    kinds |= {
        "problems": publication([table, fact], False).problems(),
        "add column": sql.add_column("dim_customer", "chinook", table.columns[3]),
        "widen": sql.change_size("dim_customer", "chinook", table.columns[3]),
        "staging": sql.create_staging(table, "chinook_back", "s", table.columns),
        "drop": sql.drop_table("chinook_back", "s"),
        "copy": sql.copy("chinook_back", "s", table.columns, "s3://b/m", "default", "orc"),
        "copy by role": sql.copy(
            "chinook_back", "s", table.columns, "s3://b/m", "arn:aws:iam::1:role/r", "parquet"
        ),
        "last": publish.last_entry("chinook_back"),
        "by": publish.applied_by("chinook_back", 5),
        "noted": publish.noted_tables("chinook_back", 5),
        "columns": sql.columns_of("chinook"),
        "tables": sql.tables_of("chinook_back"),
        "schemas": sql.schemas_of("chinook", "chinook_back"),
        "comments": sql.comments_of("chinook"),
        "table id": sql.table_id("chinook_back", "s"),
    }
    kinds |= {f"errors {at}": text for at, text in enumerate(sql.load_errors(4711))}
    return kinds


# Columns in GRANT and REVOKE … FROM ROLE are in Redshift's documents and not in sqlfluff's grammar.
UNREAD = ("GRANT SELECT (", "REVOKE ALL ON TABLE", "REVOKE SELECT (")


@pytest.mark.long
def test_all_statements_are_redshifts_by_its_grammar() -> None:
    """A syntax gate: sqlfluff's Redshift dialect reads every statement."""
    unread = []
    for what, text in everything().items():
        if text.startswith(UNREAD):
            continue
        found = sqlfluff.lint(text + ";\n", dialect="redshift", rules=["LT12"])
        unread += [(what, one["description"], text[:200]) for one in found if one["code"] == "PRS"]
    assert unread == []


def test_copy_has_the_options_of_columnar_files_only() -> None:
    """Rules 4, 5, 14: a column list, a role and never a key, nothing that ORC does not take."""
    table = CHINOOK.table("dim_genre")
    text = sql.copy("b", "s", table.columns, "s3://b/m", "default", "orc")
    columns = ", ".join(f'"{name}"' for name in table.names)
    assert text == (
        f'COPY "b"."s" ({columns}) FROM \'s3://b/m\' IAM_ROLE default FORMAT AS ORC MANIFEST'
    )
    arn = sql.copy("b", "s", table.columns, "s3://b/m", "arn:aws:iam::1:role/r", "orc")
    assert "IAM_ROLE 'arn:aws:iam::1:role/r' " in arn


def test_the_ddl_is_that_of_the_contract() -> None:
    """Rules 7, 9, 20, 25: sized texts, no identity, no encoding unless one is declared."""
    text = sql.create_table(
        CHINOOK.table("fact_invoice_line"),
        "chinook",
        keyed_references(CHINOOK)["fact_invoice_line"],
    )
    assert text.startswith('CREATE TABLE IF NOT EXISTS "chinook"."fact_invoice_line" (')
    assert '"unit_price" DECIMAL(10, 2) NOT NULL' in text
    assert 'PRIMARY KEY ("invoice_line_key")' in text
    assert 'FOREIGN KEY ("track_key") REFERENCES "chinook"."dim_track" ("track_key")' in text
    # The customer's durable key is no primary key, and the invoice may come late.
    assert 'FOREIGN KEY ("customer_key")' not in text and "fact_invoice" not in text[60:]
    assert text.endswith('DISTSTYLE KEY DISTKEY ("invoice_key") SORTKEY ("date_key")')
    for table, _ in CHINOOK.tables:
        made = sql.create_table(table, "chinook")
        assert "IDENTITY" not in made and "MAX" not in made and "ENCODE" not in made
        assert made.count("VARCHAR(") == sum(column.type.is_text for column in table.columns)
    encoded = replace(FACT_SALE.columns[0], encode="AZ64")
    assert '"sale_key" BIGINT ENCODE AZ64 NOT NULL' in sql.add_column("t", "s", encoded)


def test_batches_keep_a_revoke_with_its_grant() -> None:
    statements = ["A", "B", "REVOKE x", "REVOKE x", "GRANT x", "C", "D", "REVOKE y", "GRANT y"]
    for size in (3, 4, 5, 6):
        pieces = batches(statements, size)
        assert [one for piece in pieces for one in piece] == statements
        assert all(len(piece) <= size and not piece[-1].startswith("REVOKE") for piece in pieces)


@pytest.mark.parametrize(
    "said",
    [
        'invalid input syntax for type integer: "starlift refuses t: 3 keys; "',
        "Invalid digit, Value 's', Pos 0, Type: Integer Detail: error: Invalid digit, Value 's', "
        "Pos 0, Type: Integer code: 1207 context: starlift refuses t: 3 keys; query: 4711 "
        "location: :0 process: query0_118_4711 [pid=32037]",
        'Query #3 failed with ERROR: invalid input syntax: "starlift refuses t: 3 keys; "',
    ],
)
def test_the_sentence_of_a_proof_is_found_in_the_error(said: str) -> None:
    assert publish.refusal_in(said) == "t: 3 keys;"


def test_other_errors_hold_no_such_sentence() -> None:
    assert publish.refusal_in('permission denied for table "x"') is None
