"""The examples in docstrings hold; those over frames find the session as ``spark``."""

from __future__ import annotations

import doctest
import importlib

import pytest
from pyspark.sql import SparkSession

MODULES = (
    "src.io.split_document",
    "src.transforms.allocation",
    "src.transforms.names",
    "src.transforms.standardise",
    "src.transforms.written",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(spark: SparkSession, name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), extraglobs={"spark": spark})
    assert found.attempted
    assert not found.failed
