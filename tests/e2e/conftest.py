"""The real command on real files: lake, Spark, stand-in and drivers, nothing mocked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.e2e.home import open_home


@pytest.fixture(scope="session")
def homes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes homes: ``with homes("name") as home``. The commands share the tests' Spark session."""

    def make(name: str) -> Any:
        return open_home(tmp_path_factory.mktemp(name))

    return make


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
