"""One raw file staged: which rows are staged, dropped and refused, and what is said of the file."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from src.errors import CheckRefused
from src.io.entry import RawFile
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.raw_files import fresh, list_raw
from src.io.store import LocalStore
from src.pipeline import stage as stage_module
from src.pipeline.fingerprints import source_fingerprints
from src.pipeline.stage import StageResult, commit_staged, stage
from src.pipeline.write import QUARANTINE
from src.runs import Run
from src.settings_file import load_settings
from src.transforms.warehouses import WAREHOUSES

pytestmark = pytest.mark.long

CHINOOK = WAREHOUSES["chinook"]
ARRIVED = 1_750_000_000
LINES = """InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity
1,1,1,0.99,1
2,1,2,0.99,2
2,1,2,0.99,2
3,1,3,0.99,4

3,1,3,0.99,8
4,1,4,dear,many
5,1,5,0.99,16,extra
6,1,6,0.99,32
"""


class Place:
    """A raw folder and a lake."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.raw = LocalStore(folder / "raw")
        self.lake = Lake(lambda: spark, LocalStore(folder / "lake"), load_settings("local").lake)
        self.runs = 0

    def write(self, name: str, text: str) -> None:
        file = Path(self.raw.root) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (ARRIVED, ARRIVED))

    def stage(self, warehouse: Any = CHINOOK, again: bool = False) -> StageResult:
        self.runs += 1
        state = self.lake.log.state()
        listed = list_raw(self.raw, warehouse.sources)
        todo = listed if again else fresh(listed, state)
        run = Run(f"run-{self.runs}", datetime.now(UTC))
        live = state.raw_files.values()
        result = stage(warehouse, self.raw, self.lake, todo, run, live=live)
        commit_staged(self.lake, result, state.last + 1)
        return result

    def rows(self, source: str) -> list[dict[str, Any]]:
        state = self.lake.log.state()
        columns = CHINOOK.source(source).staged_columns
        rows = self.lake.read_live(state, state.staged[source], columns)
        return [row.asDict() for row in rows.orderBy("raw_line").collect()]

    def refused(self, state: LakeState) -> list[dict[str, Any]]:
        rows = self.lake.read_live(state, state.quarantine, QUARANTINE)
        return [row.asDict() for row in rows.orderBy("raw_line").collect()]


@pytest.fixture
def place(spark: SparkSession, tmp_path: Path) -> Place:
    return Place(spark, tmp_path)


def test_a_file_with_every_fate_of_a_row(place: Place) -> None:
    place.write("InvoiceLine.csv", LINES)
    place.write("Genre.csv", "GenreId,Name\n1,Rock\n")
    raw = {one.path: one for one in place.stage().raw_files}["InvoiceLine.csv"]
    assert raw == RawFile(
        raw_id=raw.raw_id,
        source="invoice_line",
        path="InvoiceLine.csv",
        size=len(LINES),
        etag=str(ARRIVED * 10**9),
        arrived=ARRIVED * 10**6,
        bytes_read=len(LINES),
        lines=10,
        header_lines=1,
        records=8,
        staged=4,
        quarantined=3,
        duplicates=1,
        conflicts=1,
        sums={
            "quantity": {
                # A row of the wrong width is read as far as the header goes.
                "read": "65",
                "staged": "43",
                "quarantined": "20",
                "duplicates": "2",
                "unparsed": 1,
            }
        },
        rules=source_fingerprints(CHINOOK)["invoice_line"],
    )
    rows = place.rows("invoice_line")
    assert [(row["raw_line"], row["invoice_line_id"], row["quantity"]) for row in rows] == [
        (2, 1, 1),
        (4, 2, 2),
        (7, 3, 8),
        (10, 6, 32),
    ]
    assert {row["arrived_at"].timestamp() for row in rows} == {ARRIVED}
    assert {(row["raw_file"], row["raw_id"]) for row in rows} == {("InvoiceLine.csv", raw.raw_id)}
    conflict, many, extra = place.refused(place.lake.log.state())
    assert (conflict["raw_line"], conflict["reasons"][:9]) == (5, "conflict:")
    assert json.loads(conflict["fields"])["quantity"] == "4"
    assert conflict["raw"] is None
    assert many["raw_line"] == 8
    price, quantity = many["reasons"].split("\n")
    assert price.startswith("unit_price: expected a number")
    assert quantity.startswith("quantity: expected a whole number")
    assert (extra["raw_line"], extra["fields"]) == (9, None)
    assert base64.b64decode(extra["raw"]) == b"5,1,5,0.99,16,extra"
    assert {row["run_id"] for row in (conflict, many, extra)} == {"run-1"}


def test_a_record_over_several_lines_and_blank_lines_are_accounted_for(place: Place) -> None:
    place.write("Genre.csv", 'GenreId,Name\n1,"Rock\n\nand Roll"\n\n2,Jazz\n')
    (raw,) = place.stage().raw_files
    assert (raw.lines, raw.records, raw.staged) == (6, 2, 2)
    rows = [(row["raw_line"], row["name"]) for row in place.rows("genre")]
    assert rows == [(2, "Rock\n\nand Roll"), (6, "Jazz")]


def test_a_file_that_is_staged_again_takes_its_own_rows_back(place: Place) -> None:
    place.write("InvoiceLine.csv", LINES)
    (first,) = place.stage().raw_files
    entry = place.stage(again=True).entry
    assert entry is not None
    assert entry.staged is not None
    assert entry.staged.removed_raw_ids == (first.raw_id,)
    assert entry.staged.raw_files == (first,)
    assert [row["invoice_line_id"] for row in place.rows("invoice_line")] == [1, 2, 3, 6]
    assert len(place.refused(place.lake.log.state())) == 3
    # A version of another path leaves it alone.
    place.write("InvoiceLine-2.csv", LINES.replace(",32", ",33"))
    other = place.stage().entry
    assert other is not None
    assert other.staged is not None
    assert other.staged.removed_raw_ids == ()


def test_a_newer_version_of_events_takes_the_older_one_back_and_of_changes_does_not(
    place: Place,
) -> None:
    lines = replace(CHINOOK.source("invoice_line"), delivery="events")
    events = replace(CHINOOK, sources=(lines, CHINOOK.source("genre")), tables=())
    place.write("InvoiceLine.csv", LINES)
    place.write("Genre.csv", "GenreId,Name\n1,Rock\n")
    before = {one.path: one.raw_id for one in place.stage(events).raw_files}
    place.write("InvoiceLine.csv", LINES + "7,1,7,0.99,1\n")
    place.write("Genre.csv", "GenreId,Name\n1,Rock\n2,Jazz\n")
    entry = place.stage(events).entry
    assert entry is not None
    assert entry.staged is not None
    assert entry.staged.removed_raw_ids == (before["InvoiceLine.csv"],)


@pytest.mark.parametrize(
    ("warehouse", "name", "good", "bad", "reason"),
    [
        (
            "ecommerce",
            "orders/1.json",
            '{"order_id":"A","ordered_at":"2024-01-05","currency":"GBP","lines":'
            '[{"line_number":1,"product_id":"p","quantity":2,"unit_price":1.5}]}',
            '{"order_id":"B","ordered_at":"2024-01-05","currency":"GBP","lines":'
            '[{"line_number":1,"product_id":"p","quantity":2,"unit_price":5000000000}]}',
            "below 10 billion",
        ),
        (
            "sparkify",
            "log_data/1.json",
            '{"ts":1541100000000,"sessionId":1,"itemInSession":0,"page":"Home","level":"free"}',
            # Microseconds.
            '{"ts":1541100000001,"sessionId":1,"itemInSession":1,"page":"Home",'
            '"registration":1540000000000000}',
            "registration: expected",
        ),
        (
            "chinook",
            "Invoice.csv",
            "InvoiceId,CustomerId,InvoiceDate,Total\n1,1,2024-01-01,1",
            "2,1,1999-12-31,1",
            "invoice_date: expected",
        ),
        (
            "chinook",
            "Track.csv",
            "TrackId,Name,MediaTypeId,Milliseconds,Bytes,UnitPrice\n1,A,1,1,1000000000000,1",
            "2,B,1,1,9223372036854775807,1",
            "bytes: expected",
        ),
    ],
)
def test_what_no_table_could_hold_goes_to_quarantine(
    place: Place, warehouse: str, name: str, good: str, bad: str, reason: str
) -> None:
    place.write(name, f"{good}\n{bad}\n")
    (raw,) = place.stage(WAREHOUSES[warehouse]).raw_files
    assert (raw.staged, raw.quarantined) == (1, 1)
    (row,) = place.refused(place.lake.log.state())
    assert reason in row["reasons"]


def test_an_order_of_a_document_on_one_line_is_a_record_of_its_own(place: Place) -> None:
    order = (
        '{{"order_id":"{0}","ordered_at":"2024-01-05","currency":"GBP","shipping_amount":{1},'
        '"lines":[{{"line_number":{1},"product_id":"p","quantity":{2},"unit_price":1.5}}]}}'
    )
    orders = [("Z", 3, 1), ("Z", 4, 1), ("G", 1, 1), ("BAD", 1, '"many"'), ("H", 1, 1)]
    place.write("orders/1.json", f"[{','.join(order.format(*one) for one in orders)}]")
    (raw,) = place.stage(WAREHOUSES["ecommerce"]).raw_files
    assert (raw.lines, raw.staged, raw.quarantined) == (1, 3, 2)
    state = place.lake.log.state()
    source = WAREHOUSES["ecommerce"].source("order_line")
    rows = place.lake.read_live(state, state.staged["order_line"], source.staged_columns)
    kept = {(row["order_id"], row["line_number"], row["raw_line"]) for row in rows.collect()}
    # Of two versions of one order the last; one that is refused takes no other with it.
    assert kept == {("Z", 4, 2), ("G", 1, 3), ("H", 1, 5)}
    assert [row["raw_line"] for row in place.refused(state)] == [1, 4]


def test_what_does_not_add_up_is_not_committed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("InvoiceLine.csv", LINES)
    whole = stage_module.bytes_read
    monkeypatch.setattr(stage_module, "bytes_read", lambda head, blocks: whole(head, blocks) - 1)
    with pytest.raises(CheckRefused, match="bytes consumed = size"):
        place.stage()
    assert place.lake.log.last() == 0
