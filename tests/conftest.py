"""One Spark session for all tests, and frames from literal rows.

The session is set as for a small run, without generated code. STARLIFT_TEST_CODEGEN=1 sets it as
for a big one: the same tests then hold for the code that Spark generates, in twice the time.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructType, _parse_datatype_string

from src.session import start_session
from src.settings_file import load_settings

Frame = Callable[[Sequence[Sequence[Any]], str], DataFrame]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The soak's slices first: taken last, they would leave one of two processes idle."""
    items.sort(key=lambda item: "soak" not in item.path.parts)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session as the jobs start it, small: tests wait for the driver, not for the rows."""
    settings = load_settings("local")
    small = dataclasses.replace(
        settings.spark,
        master="local[2]",
        driver_memory="1g",
        shuffle_partitions=1,
        conf={
            "spark.sql.adaptive.enabled": "false",
            "spark.default.parallelism": "2",
            "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("spark-warehouse")),
        },
    )
    session = start_session(
        dataclasses.replace(settings, spark=small),
        "tests",
        tmp_path_factory.mktemp("spark") / "spark.log",
        expected_bytes=None if os.environ.get("STARLIFT_TEST_CODEGEN") else 0,
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def frame(spark: SparkSession) -> Frame:
    """Builds a frame of literal rows: ``frame([(1, "2021-01-31")], "id int, day date")``.

    The rows travel as JSON, so that dates, times (UTC) and decimals are written as text; a value
    that does not fit its type fails the test.
    """

    def build(rows: Sequence[Sequence[Any]], schema: str) -> DataFrame:
        kind = _parse_datatype_string(schema)
        assert isinstance(kind, StructType)
        named = [dict(zip(kind.names, row, strict=True)) for row in rows]
        text = F.lit(json.dumps(named, ensure_ascii=False, default=str))
        array = F.from_json(text, ArrayType(kind), {"mode": "FAILFAST"})
        return spark.range(0, 1, 1, 1).select(F.inline(array))

    return build


def shared(name: str) -> Path:
    """A folder of real data; required in CI, elsewhere its absence is a skip."""
    place = Path(os.environ.get("STARLIFT_SHARED_DATA", "../shared/data")).absolute() / name
    if not place.is_dir():
        if os.environ.get("STARLIFT_REQUIRE_SHARED_DATA"):
            pytest.fail(f"The real data is required here and not in {place}")
        pytest.skip(f"the real data is not in {place}; set STARLIFT_SHARED_DATA")
    return place


@pytest.fixture(scope="session")
def shared_chinook() -> Path:
    """The real Chinook database as CSV."""
    return shared("chinook")


@pytest.fixture(scope="session")
def shared_sparkify() -> Path:
    """Real logs and songs of the music streaming service."""
    return shared("sparkify")


@pytest.fixture(scope="session")
def shared_ecommerce() -> Path:
    """The UCI Online Retail set as the shop's raw files."""
    return shared("ecommerce")
