"""One column of a staged or a star table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from src.contract.types import Type
from src.errors import ContractError

Standard = Literal["country", "phone", "postal_code"]
Written = Literal[
    "d/m/y",
    "m/d/y",
    "month name",
    "yyyymmdd",
    "1,234.5",
    "1.234,5",
    "number as text",
    "currency",
]


@dataclass(frozen=True)
class Impute:
    """A value that stands in for a missing one; the row's ``imputed_columns`` names the column."""

    value: str
    reason: str


@dataclass(frozen=True)
class Column:
    """A column: its name, type and meaning.

    For staged columns besides: ``header`` is the supplier's name of it (matched whatever the letter
    case, blanks and underscores; default: the column's own name; ``Name #2`` is the second of two
    CSV columns called Name, ``buyer.id`` the id in the JSON object buyer), ``required`` refuses a
    file whose header lacks it (default: what may not be null), ``standard`` names the rule that
    gives it one spelling, ``of_country`` the country column that phone and postal-code rules need.
    ``written`` is the form of the supplier's dates, numbers or codes where it is not the plain one
    (``src/transforms/written.py``). ``matched_as`` adds a column of that name with the text reduced
    to what names are matched by (``src/transforms/names.py``). ``additive`` amounts are reconciled
    from raw file to warehouse. ``unit`` and ``pii`` go to the data dictionary.
    """

    name: str
    type: Type
    description: str
    nullable: bool = True
    unit: str | None = None
    pii: str | None = None
    header: str | None = None
    required: bool | None = None
    standard: Standard | None = None
    of_country: str | None = None
    written: Written | None = None
    matched_as: str | None = None
    impute: Impute | None = None
    additive: bool = False
    encode: str | None = None

    def __post_init__(self) -> None:
        if not self.description:
            raise ContractError(f"Column {self.name} has no description")
        if self.additive and not self.type.is_number:
            raise ContractError(
                "An additive column is a number",
                where=self.name,
                expected="smallint, integer, bigint or decimal",
                found=str(self.type),
            )
        if self.standard in ("phone", "postal_code") and not self.of_country:
            raise ContractError(
                f"Column {self.name} is standardised as {self.standard} and needs of_country"
            )

    @property
    def is_required(self) -> bool:
        """Whether a raw file without this column is refused; else its cells are null."""
        return not self.nullable if self.required is None else self.required
