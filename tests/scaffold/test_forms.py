"""Dates and numbers that a column alone does not tell: other columns of the supplier decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.scaffold.infer import day_of, kind_of
from tests.scaffold.test_infer import seen

# The first of each month, which may be January 1st to 9th as well.
FIRSTS = "".join(f"I{n};01/0{n}/2024\n" for n in range(1, 10))


def test_the_day_stands_where_other_columns_certainly_have_it(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "invoices.csv": "invoice_no;issued\n" + FIRSTS,
            "clients.csv": "client_id;since\n1;31/12/2020\n2;02/03/2021\n",
        },
    )
    assert found["invoice"].field("issued").kind.written == "d/m/y"


@pytest.mark.parametrize("certain", ["", "clients.csv"])
def test_without_a_certain_column_or_with_two_forms_months_stand_first(
    tmp_path: Path, certain: str
) -> None:
    files = {"invoices.csv": "invoice_no;issued\n" + FIRSTS}
    if certain:
        files["clients.csv"] = "client_id;since;until\n1;31/12/2020;12/31/2020\n"
    assert seen(tmp_path, files)["invoice"].field("issued").kind.written == "m/d/y"


def test_a_column_of_the_same_file_decides_before_those_of_others(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "invoices.csv": "invoice_no,issued,due\n1,01-02-2024,12-31-2024\n",
            "clients.csv": "client_id;since\n1;31/12/2020\n",
        },
    )
    assert found["invoice"].field("issued").kind.written == "m/d/y"


@pytest.mark.parametrize(
    ("other", "code"),
    [("1.250,75", "BIGINT"), ("1250.75", "decimal(18, 4)"), ("word", "decimal(18, 4)")],
)
def test_two_thousand_is_2_000_for_who_writes_commas(tmp_path: Path, other: str, code: str) -> None:
    found = seen(
        tmp_path,
        {
            "counts.csv": "item;counted\nA;2.000\nB;1.500\n",
            "worth.csv": f"item;worth\nA;{other}\n",
        },
    )
    assert found["count"].field("counted").kind.code == code


@pytest.mark.parametrize(
    ("values", "written", "day"),
    [
        (["1/15/24"], "m/d/y", "2024-01-15"),
        (["15/1/49 10:30"], "d/m/y", "2049-01-15"),
        (["17-FEB-50"], "month name", "1950-02-17"),
        (["Feb 7, 03"], "month name", "2003-02-07"),
        # A bank's sort code, the number of a version: digits alone are no year.
        (["10-11-12"], None, None),
        (["1.2.10"], None, None),
    ],
)
def test_years_of_two_digits(values: list[str], written: str | None, day: str | None) -> None:
    kind = kind_of(values)
    assert (kind.written, kind.is_day) == (written, day is not None)
    if day:
        assert str(day_of(values[0], kind.written)) == day
