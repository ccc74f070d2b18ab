"""The types that columns have in data files, which may be older than their contract's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from src.contract.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    INTEGER,
    SMALLINT,
    TIMESTAMP,
    Type,
    decimal,
    varchar,
)

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = {16: SMALLINT, 32: INTEGER, 64: BIGINT}
_BITS = {kind.name: bits for bits, kind in _WHOLE.items()}


def type_of(stored: pa.DataType) -> Type:
    """The type of a contract that has the stored one; files know no size of text."""
    import pyarrow as pa

    if pa.types.is_integer(stored):
        return _WHOLE[stored.bit_width]
    if pa.types.is_decimal(stored):
        return decimal(stored.precision, stored.scale)
    if pa.types.is_date(stored):
        return DATE
    if pa.types.is_timestamp(stored):
        return TIMESTAMP
    return BOOLEAN if pa.types.is_boolean(stored) else varchar(65535)


def reads_as(stored: Type, wanted: Type, form: str) -> bool:
    """Whether each value of the stored type is one of the wanted type, with the same text.

    Spark 3.5 reads Parquet's numbers only in as many bytes as they were written in.
    """
    if stored.sort != wanted.sort:
        return False
    if wanted.is_integer:
        bits, most = _BITS[stored.name], _BITS[wanted.name]
        return bits <= most and (form != "parquet" or (bits > 32) == (most > 32))
    if wanted.name == "decimal":
        (precision, scale), (most, wanted_scale) = stored.args, wanted.args
        same = scale == wanted_scale and precision == most
        return same or (form != "parquet" and scale == wanted_scale and precision < most)
    return True
