"""The real command on real files: lake, Spark, stand-in and drivers, nothing mocked."""

from __future__ import annotations

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
