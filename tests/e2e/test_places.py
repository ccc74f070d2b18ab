"""Homes in places whose names mean something to Hadoop: data is read from there, not a pattern."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_increments import first, second


@pytest.mark.long
def test_a_home_named_as_a_pattern_is_read_as_it_is_called(homes: Any) -> None:
    """Raw files, staged files and change sets lie below it; an increment reads the staged ones."""
    with homes("a[b]{c,d}*?") as home:
        raw = home.path / "raw [1]{x}"
        raw.mkdir()
        first(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        before = home.query("SELECT COUNT(*), SUM(revenue) FROM chinook.fact_invoice_line")
        second(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        after = home.query("SELECT COUNT(*), SUM(revenue) FROM chinook.fact_invoice_line")
        assert before[0][0] > 0 and after != before
        assert home.run("verify", "chinook") == 0
