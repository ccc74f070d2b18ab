"""A table's contract that contradicts itself is refused when it is declared."""

from __future__ import annotations

from typing import Any

import pytest

from src.contract.column import Column
from src.contract.table import Input, Table
from src.contract.types import BIGINT
from src.errors import ContractError


def table(**given: Any) -> Table:
    parts = {
        "name": "dim_thing",
        "kind": "dimension",
        "grain": "one thing",
        "columns": (
            Column("thing_key", BIGINT, "key", nullable=False),
            Column("thing_id", BIGINT, "number"),
        ),
        "primary_key": ("thing_key",),
        "natural_key": ("thing_id",),
        "replace_by": "thing_key",
        "replace_natural": ("thing_id",),
    }
    return Table(**{**parts, **given})


KEY = Column("thing_key", BIGINT, "key", nullable=False)
NUMBER = Column("thing_id", BIGINT, "number")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"columns": (KEY, NUMBER, NUMBER)}, "Columns declared twice: thing_id in dim_thing."),
        ({"columns": (KEY,)}, "Columns used but not declared: thing_id in dim_thing."),
        ({"sort_key": ("day",)}, "Columns used but not declared: day in dim_thing."),
        (
            {"columns": (Column("thing_key", BIGINT, "key"), NUMBER)},
            "Key column thing_key must not be nullable in dim_thing.",
        ),
        (
            {"columns": (KEY, NUMBER, Column("Größe", BIGINT, "size"))},
            "Names with capitals: Größe in dim_thing. Write them in lower case: Redshift folds "
            "names, quoted ones too.",
        ),
        ({"name": "Dim_thing"}, "Names with capitals: Dim_thing in Dim_thing."),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ContractError) as refused:
        table(**given)
    assert refused.value.sentence().startswith(says)


def test_an_input_is_looked_up_one_way() -> None:
    with pytest.raises(ContractError):
        Input("thing")
