"""The gate, one defect at a time: what it refuses, what it only reports, and what it keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pyspark.sql import DataFrame, SparkSession

from src.contract.checks import Freshness, Holds, Range, RowCountChange, SumReconciles, Unique
from src.contract.column import Column
from src.contract.source import Source
from src.contract.table import Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, decimal, varchar
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.store import LocalStore
from src.pipeline.gate import Finding, gate
from src.pipeline.gate_facts import Parents, Subject
from src.runs import Run
from src.settings_file import load_settings
from tests.conftest import Frame

pytestmark = pytest.mark.long

SALE = Source(
    name="sale",
    files="Sale",
    grain="one sale",
    columns=(
        Column("sale_id", INTEGER, "number", nullable=False),
        Column("amount", decimal(10, 2), "amount", additive=True),
    ),
    key=("sale_id",),
)
DIM_CUSTOMER = Table(
    name="dim_customer",
    kind="dimension",
    grain="one customer",
    columns=(
        Column("customer_key", BIGINT, "key", nullable=False),
        Column("customer_id", INTEGER, "number"),
        Column("is_inferred", BOOLEAN, "inferred", nullable=False),
    ),
    primary_key=("customer_key",),
    natural_key=("customer_id",),
    replace_by="customer_key",
    replace_natural=("customer_id",),
)
FACT_SALE = Table(
    name="fact_sale",
    kind="fact",
    grain="one sale",
    columns=(
        Column("sale_key", BIGINT, "key", nullable=False),
        Column("sale_id", INTEGER, "number", nullable=False),
        Column("customer_key", BIGINT, "customer", nullable=False),
        Column("code", varchar(10), "code"),
        Column("amount", decimal(10, 2), "amount", additive=True),
        Column("sold_at", TIMESTAMP, "time"),
    ),
    primary_key=("sale_key",),
    natural_key=("sale_id",),
    replace_by="sale_key",
    replace_natural=("sale_id",),
    inputs=(Input("sale", key=("sale_id",)),),
    references=(Reference("customer_key", "dim_customer", "customer_key"),),
    checks=(
        Range("amount", low="0", high="100"),
        Holds("no odd code", "code <> 'odd'", severity="warn"),
        Unique(("code",)),
        RowCountChange(0.5),
        SumReconciles("amount", "sale", "amount"),
        Freshness("sold_at", 10),
    ),
)
SHOP = Warehouse("shop", "", (SALE,), ((DIM_CUSTOMER, lambda: None), (FACT_SALE, lambda: None)))  # type: ignore[arg-type, return-value]
ROWS = "sale_key long, sale_id int, customer_key long, code string, amount decimal(10,2), "
ROWS += "sold_at timestamp"
NOW = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
Row = tuple[Any, ...]
GOOD: list[Row] = [
    (11, 1, 100, "a", "10.00", NOW),
    (12, 2, 100, "b", "20.50", NOW),
    (13, 3, 101, "c", "0.00", NOW),
    (14, 4, 101, "d", "100.00", NOW),
]


class Gate:
    """The gate of one fact in front of a lake that holds two customers, or what it is given."""

    def __init__(self, spark: SparkSession, frame: Frame, folder: Path) -> None:
        self.lake = Lake(lambda: spark, LocalStore(folder), load_settings("local").lake)
        self.frame = frame
        self.state = LakeState(changes={"dim_customer": [(1, self.customers(100, 101))]})

    def customers(self, *keys: int, whole: bool = True) -> ChangeSet:
        """A change set of dim_customer with these customers."""
        folder = f"star/customers-{'-'.join(map(str, keys))}"
        schema = "customer_key long, customer_id int"
        ids = self.frame([(key, key - 99) for key in keys], schema)
        self.lake.write(ids.selectExpr("*", "false AS is_inferred").coalesce(1), f"{folder}/rows")
        self.lake.write(ids.coalesce(1), f"{folder}/keys")
        rows, named = (self.files(f"{folder}/{part}", len(keys)) for part in ("rows", "keys"))
        replaced = () if whole else named
        return ChangeSet("dim_customer", whole, replaced, rows, len(keys), len(keys), len(keys))

    def files(self, folder: str, rows: int) -> tuple[DataFile, ...]:
        """The data files of a folder that was written as one of so many rows."""
        return tuple(
            DataFile(one.path, rows, one.size)
            for one in self.lake.store.list(folder)
            if one.path.endswith(".orc") and "/." not in one.path
        )

    def __call__(
        self,
        rows: list[Row],
        staged: list[Row] | None = None,
        *,
        keys: list[int] | None = None,
        written: int | None = None,
        before: int = 0,
        total: int | None = None,
        customers: ChangeSet | None = None,
        accept_drop: bool = False,
    ) -> tuple[list[Finding], dict[str, int]]:
        of_sale = [(row[1], row[4]) for row in rows] if staged is None else staged
        found: DataFrame = self.frame(rows, ROWS)
        count = len(rows) if written is None else written
        total = len(rows) if total is None else total
        folder = f"star/sales-{uuid4().hex}"
        self.lake.write(found.coalesce(1), folder)
        files = self.files(folder, len(rows))
        change = ChangeSet("fact_sale", keys is None, (), files, len(keys or ()), count, total)
        of_keys = None if keys is None else self.frame([(one,) for one in keys], "sale_id int")
        inputs = {"sale": self.frame(of_sale, "sale_id int, amount decimal(10,2)")}
        subject = Subject(FACT_SALE, inputs, of_keys, found, change, before)
        built = {"fact_sale": change} | ({"dim_customer": customers} if customers else {})
        parents = Parents(SHOP, self.lake, self.state, built)
        findings, accounting = gate(
            [subject], parents, Run("run", datetime.now(UTC)), accept_drop=accept_drop
        )
        return findings, accounting["fact_sale"]


@pytest.fixture
def passed(spark: SparkSession, frame: Frame, tmp_path: Path) -> Gate:
    return Gate(spark, frame, tmp_path)


def test_good_rows_pass_and_are_accounted_for(passed: Gate) -> None:
    assert passed(GOOD) == (
        [],
        {"natural_keys": 4, "inferred": 0, "special": 0, "members": 4, "star": 4},
    )


def replaced(place: int, **values: Any) -> list[Row]:
    names = [part.split()[0] for part in ROWS.replace("(10,2)", "").split(", ")]
    rows = [dict(zip(names, row, strict=True)) for row in GOOD]
    rows[place] |= values
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("rows", "staged", "said"),
    [
        (replaced(0, amount="-0.01"), None, "range(amount): 1 rows fail"),
        (replaced(0, amount="100.01"), None, "range(amount): 1 rows fail"),
        (replaced(0, customer_key=None), None, "not_null(customer_key): 1 rows fail"),
        (replaced(0, code="b"), None, "unique(code): 1 values stand more than once"),
        (
            replaced(0, customer_key=102),
            None,
            "relationship(customer_key): 1 values that dim_customer does not have",
        ),
        ([*GOOD, GOOD[0]], None, "unique(sale_key): 1 keys stand more than once"),
        (
            [*GOOD, (11, 5, 100, None, "1.00", NOW)],
            None,
            "one natural key for each sale_key: 1 surrogate keys stand for several natural keys",
        ),
        (
            GOOD,
            [(1, "10.00"), (2, "20.50"), (3, "0.00"), (4, "100.01")],
            "sum_reconciles(amount): sum 130.50 in star, 130.51 in staged sale.amount",
        ),
        (
            GOOD,
            [(1, "10.00"), (2, "20.50"), (3, "0.00"), (4, "100.00"), (5, "0.00")],
            "accounting: 5 natural keys staged + 0 inferred + 0 special members should be 4",
        ),
        (
            GOOD,
            [(1, "30.50"), (3, "0.00"), (4, "100.00")],
            "accounting: 3 natural keys staged + 0 inferred + 0 special members should be 4",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_a_defect_of_severity_error_refuses_the_publish(
    passed: Gate, rows: list[Row], staged: list[Row] | None, said: str
) -> None:
    with pytest.raises(CheckRefused) as refused:
        passed(rows, staged)
    assert f"fact_sale: {said}" in refused.value.what


def test_a_missing_value_fails_no_check_but_not_null(passed: Gate) -> None:
    assert passed(replaced(2, amount=None, code=None, sold_at=None))[0] == []


def test_rows_that_were_written_and_not_read_back_refuse_it(passed: Gate) -> None:
    with pytest.raises(CheckRefused, match="accounting: 5 rows written, 4 read back"):
        passed(GOOD, written=5)


def test_a_table_that_falls_by_more_than_its_contract_allows(passed: Gate) -> None:
    assert passed(GOOD, before=8)[0] == []
    with pytest.raises(CheckRefused, match=r"row_count_change: 4 rows after 9, expected at least"):
        passed(GOOD, before=9)
    (warned,) = passed(GOOD, before=9, accept_drop=True)[0]
    assert (warned.severity, warned.detail) == ("warn", "4 rows after 9, expected at least 4.5")
    # A change set by keys may be small: the table's rows count.
    assert passed(GOOD[:1], [(1, "10.00")], keys=[1], before=1000, total=999)[0] == []


def test_references_are_held_against_the_parent_as_the_same_build_leaves_it(passed: Gate) -> None:
    others = [(*row[:2], 102, *row[3:]) for row in GOOD]
    assert passed(others, customers=passed.customers(102, whole=False))[0] == []
    # Customers that a change set by keys does not name are still there.
    assert passed(GOOD, customers=passed.customers(103, whole=False))[0] == []
    with pytest.raises(CheckRefused, match=r"relationship\(customer_key\): 1 values"):
        passed(GOOD, customers=passed.customers(100))


def test_of_a_change_set_only_its_own_keys_are_compared(passed: Gate) -> None:
    staged = [(1, "10.00"), (2, "20.50"), (9, "7.00")]
    findings, accounting = passed(GOOD[:2], staged, keys=[1, 2], total=100)
    assert findings == []
    assert (accounting["natural_keys"], accounting["members"]) == (2, 2)


def test_a_warning_is_reported_with_its_rows_and_lets_pass(passed: Gate) -> None:
    rows = replaced(1, code="odd", sold_at="2020-01-01 00:00:00")
    (finding,) = passed(rows)[0]
    assert finding.sentence == (
        "fact_sale: holds(no odd code): 1 rows fail (rows kept in "
        "refused/run/fact_sale/holds_no_odd_code_.jsonl)"
    )
    kept = passed.lake.store.read(str(finding.kept)).decode()
    assert kept.count("\n") == 1
    assert '"sale_id":2' in kept
    old = [(*row[:5], "2020-01-01 00:00:00") for row in GOOD]
    (stale,) = passed(old)[0]
    assert (stale.check, stale.severity) == ("freshness(sold_at)", "warn")
    assert "newest is 2020-01-01 00:00:00, expected at most 10 days ago" in stale.detail


def test_every_defect_is_said_at_once(passed: Gate) -> None:
    rows = replaced(0, amount="-1.00", customer_key=102)
    with pytest.raises(CheckRefused) as refused:
        passed(rows)
    assert "by 2 checks" in refused.value.what
    kept = passed.lake.store.read("refused/run/fact_sale/relationship_customer_key_.jsonl")
    assert kept.count(b"\n") == 1
