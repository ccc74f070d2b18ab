"""Each equation of staging is broken once, and nothing else is: the run is refused by its name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, decimal
from src.errors import CheckRefused
from src.io.entry import RawFile
from src.io.read_csv import Block
from src.pipeline.accounting import FileCount, check_files

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
# Twelve physical lines: a header, a blank one and ten rows, of which six are staged, one is a
# duplicate, two are refused and one is in conflict.
COUNT = FileCount(records=10, lines=10, bad=2, candidates=3, duplicates=1, conflicts=1)
BLOCKS = [Block(1, "u", 0, 0, 7, 60, 0, 0, 0), Block(1, "u", 60, 7, 5, 40, 0, 1, 7)]
SUMS: dict[str, dict[str, str | int]] = {
    "amount": {
        "read": "10.50",
        "staged": "6.25",
        "quarantined": "3.25",
        "duplicates": "1.00",
        "unparsed": 1,
    }
}
RAW = RawFile(
    raw_id=1,
    source="sale",
    path="Sale.csv",
    size=112,
    etag="e",
    arrived=0,
    bytes_read=112,
    lines=12,
    header_lines=1,
    records=10,
    staged=6,
    quarantined=3,
    duplicates=1,
    conflicts=1,
    sums=SUMS,
)


def check(raw: RawFile = RAW, count: FileCount = COUNT) -> None:
    check_files((raw,), {"sale": SALE}, {1: count}, {1: BLOCKS})


def test_what_adds_up_is_let_through() -> None:
    check()


def amounts(**changed: str) -> dict[str, dict[str, str | int]]:
    return {"amount": {**SUMS["amount"], **changed}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bytes_read": 111}, "Sale.csv: bytes consumed = size: 111 against 112"),
        ({"bytes_read": 113}, "Sale.csv: bytes consumed = size: 113 against 112"),
        ({"lines": 11, "header_lines": 2}, "Sale.csv: -1 physical lines in no record"),
        ({"lines": 13}, "Sale.csv: 2 physical lines in no record"),
        ({"header_lines": 0}, "Sale.csv: 2 physical lines in no record"),
        ({"staged": 5}, "rows read = staged + quarantined + duplicates: 10 against 9"),
        ({"staged": 7}, "rows read = staged + quarantined + duplicates: 10 against 11"),
        ({"duplicates": 0}, "rows read = staged + quarantined + duplicates: 10 against 9"),
        ({"records": 9}, "rows read = staged + quarantined + duplicates: 9 against 10"),
        ({"staged": 5, "quarantined": 4}, "quarantined = refused + conflicts: 4 against 3"),
        ({"staged": 7, "quarantined": 2}, "quarantined = refused + conflicts: 2 against 3"),
        (
            {"sums": amounts(staged="6.24")},
            "sum of amount read = staged + quarantined + duplicates: 10.50 against 10.49",
        ),
        (
            {"sums": amounts(quarantined="0")},
            "sum of amount read = staged + quarantined + duplicates: 10.50 against 7.25",
        ),
        (
            {"sums": amounts(duplicates="2.00")},
            "sum of amount read = staged + quarantined + duplicates: 10.50 against 11.50",
        ),
    ],
)
def test_an_equation_that_does_not_hold_refuses_the_run(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckRefused) as refused:
        check(replace(RAW, **changed))
    assert said in refused.value.what
    # One thing was broken, and one thing is said.
    assert refused.value.what.count("Sale.csv") == 1


def test_every_file_that_does_not_add_up_is_named() -> None:
    other = replace(RAW, raw_id=2, path="Sale-2.csv", staged=0)
    with pytest.raises(CheckRefused) as refused:
        check_files(
            (replace(RAW, bytes_read=0), other),
            {"sale": SALE},
            {1: COUNT, 2: COUNT},
            {1: BLOCKS, 2: BLOCKS},
        )
    assert "Sale.csv: bytes" in refused.value.what
    assert "Sale-2.csv: rows" in refused.value.what


def test_sums_by_where_the_rows_went() -> None:
    count = FileCount(
        read={"amount": Decimal("10.50")},
        refused={"amount": Decimal("2.00")},
        unparsed={"amount": 1},
    )
    count.judged("duplicate", 1, {"amount": "1.00"})
    count.judged("conflict", 2, {"amount": "1.25"})
    count.judged("keep", 5, {"amount": "99"})
    assert (count.duplicates, count.conflicts) == (1, 2)
    assert count.sums_of("amount", {"amount": Decimal("6.25")}) == SUMS["amount"]
    assert FileCount().sums_of("amount", {}) == {
        "read": "0", "staged": "0", "quarantined": "0", "duplicates": "0", "unparsed": 0,
    }  # fmt: skip
