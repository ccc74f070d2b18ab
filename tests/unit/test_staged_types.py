"""A contract whose types change over a lake that holds rows of the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.source import Source
from src.contract.table import Counted, Input, Table
from src.contract.types import BIGINT, INTEGER, Type, decimal, varchar
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused, ContractError
from src.pipeline import prune
from src.pipeline.at_once import at_once
from src.pipeline.restage import Choice
from src.pipeline.run import Pipeline, new_pipeline
from src.pipeline.star import rows_as_of
from src.runs import new_run
from src.settings_file import load_settings
from src.transforms.keys import surrogate_key

Line = tuple[object, int, str]


def totals(line: DataFrame) -> DataFrame:
    """Orders with their amounts."""
    amount = F.sum("amount").cast("decimal(18,2)").alias("amount")
    orders = line.groupBy("order_id").agg(amount)
    return orders.select(surrogate_key("order_id").alias("order_key"), "order_id", "amount")


def shop(key: Type, table_key: Type | None = None) -> Warehouse:
    """A warehouse of order lines and orders, whose number is of the type."""
    line = Source(
        name="line",
        files="line",
        grain="a line",
        key=("order_id", "line_no"),
        look_up=("order_id",),
        columns=(
            Column("order_id", key, "order", nullable=False),
            Column("line_no", INTEGER, "line", nullable=False),
            Column("amount", decimal(10, 2), "amount"),
        ),
    )
    orders = Table(
        name="fact_order",
        kind="fact",
        grain="an order",
        columns=(
            Column("order_key", BIGINT, "key", nullable=False),
            Column("order_id", table_key or key, "order"),
            Column("amount", decimal(18, 2), "amount"),
        ),
        primary_key=("order_key",),
        natural_key=("order_id",),
        replace_by="order_key",
        replace_natural=("order_id",),
        inputs=(Input("line", key=("order_id",)),),
        counted=Counted(("order_id",)),
        sort_key=("order_key",),
    )
    return Warehouse("shop", "orders", (line,), ((orders, totals),))


class Shop:
    """A lake and a raw folder, and runs over them by any contract."""

    def __init__(self, folder: Path, spark: SparkSession, form: str) -> None:
        self.folder, self.spark, self.form = folder, spark, form
        self.days = 0
        (folder / "raw").mkdir(parents=True)

    def pipeline(self, key: Type) -> Pipeline:
        settings = load_settings("local")
        path = str(self.folder / "lake")
        lake = replace(settings.lake, path=path, format=self.form, compression="snappy")
        return new_pipeline(
            shop(key),
            replace(settings, lake=lake),
            new_run(),
            lambda _: self.spark,
            str(self.folder / "raw"),
        )

    def deliver(self, lines: Sequence[Line]) -> None:
        self.days += 1
        text = "".join(f"{order},{number},{amount}\n" for order, number, amount in lines)
        file = self.folder / "raw" / f"line-{self.days}.csv"
        file.write_text(f"order_id,line_no,amount\n{text}", encoding="utf-8")

    def run(self, key: Type, lines: Sequence[Line]) -> dict[str, str]:
        """Deliver and take the lines; the orders as they are then."""
        self.deliver(lines)
        self.pipeline(key).stage()
        self.pipeline(key).build()
        return self.orders(key)

    def orders(self, key: Type) -> dict[str, str]:
        rows = rows_as_of(shop(key), self.pipeline(key).lake, "fact_order", None).collect()
        return {str(row["order_id"]): str(row["amount"]) for row in rows}


@pytest.fixture(autouse=True)
def looks_rows_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As beside many files, though there are few."""
    monkeypatch.setattr(prune, "FROM_FILES", 1)


@pytest.fixture(params=["orc", "parquet"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, spark: SparkSession) -> Shop:
    return Shop(tmp_path, spark, request.param)


HUNDRED = [(number, 1, "1.00") for number in range(9, 101)]


@pytest.mark.parametrize("key", [INTEGER, decimal(20, 0), decimal(8, 2), varchar(20)], ids=str)
def test_a_later_line_finds_its_order_by_keys_of_any_type(lake: Shop, key: Type) -> None:
    lake.run(key, HUNDRED)
    text = "20.00" if key == decimal(8, 2) else "20"
    assert lake.run(key, [(20, 2, "5.00")])[text] == "6.00"


def test_a_wider_number_is_read_as_it_is(lake: Shop) -> None:
    lake.run(INTEGER, HUNDRED)
    if lake.form == "parquet":
        with pytest.raises(CheckRefused, match="integer in the files of entry 1, bigint in the"):
            lake.run(BIGINT, [(2**40, 1, "2.00")])
        lake.pipeline(BIGINT).restage(Choice())
        lake.pipeline(BIGINT).build()
    else:
        lake.run(BIGINT, [(2**40, 1, "2.00")])
    found = lake.run(BIGINT, [(20, 2, "5.00"), (2**40, 2, "1.00")])
    assert (found["20"], found[str(2**40)], len(found)) == ("6.00", "3.00", 93)


@pytest.mark.parametrize(
    ("before", "now", "first"),
    [
        (INTEGER, varchar(20), []),
        (varchar(20), INTEGER, [("x7", 1, "1.00")]),
        (BIGINT, INTEGER, [(2**40, 1, "1.00")]),
        (decimal(10, 2), INTEGER, []),
        (decimal(10, 2), decimal(10, 0), []),
    ],
    ids=str,
)
def test_rows_of_another_type_are_parsed_again_before_they_are_read(
    lake: Shop, before: Type, now: Type, first: list[Line]
) -> None:
    lake.run(before, HUNDRED + first)
    with pytest.raises(CheckRefused) as refused:
        lake.run(now, [(300, 1, "2.00")])
    sentence = refused.value.sentence()
    assert "line.order_id" in sentence
    assert f"in the files of entry 1, {now} in the contract" in sentence
    assert "starlift restage shop --raw" in sentence
    with pytest.raises(CheckRefused, match="of other types"):
        lake.pipeline(now).compact()
    lake.pipeline(now).restage(Choice())
    lake.pipeline(now).build()
    found = lake.run(now, [(20, 2, "5.00")])
    assert (found["20"], found["300"], len(found)) == ("6.00", "2.00", 93)
    lake.pipeline(now).compact()
    assert lake.run(now, [(21, 2, "5.00")])["21"] == "6.00"


def test_rules_that_change_no_type_refuse_nothing(lake: Shop) -> None:
    lake.run(varchar(20), HUNDRED)
    assert lake.run(varchar(30), [(20, 2, "5.00")])["20"] == "6.00"


@pytest.mark.parametrize(
    ("source", "table"), [(varchar(20), INTEGER), (INTEGER, decimal(10, 0))], ids=str
)
def test_keys_that_spark_and_the_driver_would_compare_in_other_ways(
    source: Type, table: Type
) -> None:
    with pytest.raises(ContractError, match="line by order_id, which is not like order_id"):
        shop(source, table)
    assert shop(INTEGER, BIGINT).name == "shop"


def test_an_input_by_a_column_that_nobody_declared() -> None:
    good = shop(INTEGER)
    (table, function) = good.tables[0]
    wrong = replace(table, inputs=(Input("line", key=("order_no",)),))
    with pytest.raises(ContractError, match="no such column"):
        replace(good, tables=((wrong, function),))


def test_rows_kept_are_let_go_of_wherever_the_session_was_first_asked_for(lake: Shop) -> None:
    pipeline = lake.pipeline(INTEGER)
    cache = lake.spark._jsparkSession.sharedState().cacheManager()

    def step() -> None:
        # A thread of its own has no active session, as the main one has none before the first use.
        with pipeline._timed("build"):
            at_once(lambda rows: pipeline.lake.spark.range(rows).cache().count(), [3, 4])
            assert not cache.isEmpty()

    thread = Thread(target=step)
    thread.start()
    thread.join()
    assert cache.isEmpty()
