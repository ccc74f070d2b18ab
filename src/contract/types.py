"""Column types: one declaration, from which Spark's and Redshift's types follow.

Sizes are Redshift's: VARCHAR counts UTF-8 bytes. Types are never coerced between file and
warehouse (COPY from columnar files refuses that), so both sides derive from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import types as spark


@dataclass(frozen=True)
class Type:
    """A column type, e.g. ``decimal(10, 2)``; ``name`` is Redshift's, ``args`` its parameters."""

    name: str
    args: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.args))})" if self.args else self.name

    @property
    def redshift(self) -> str:
        """The type as DDL text for Redshift."""
        return str(self).upper()

    @property
    def spark(self) -> spark.DataType:
        """The type of the column in every DataFrame and in the files that COPY reads."""
        if self.name == "decimal":
            return spark.DecimalType(*self.args)
        return _SPARK[self.name]

    @property
    def spark_name(self) -> str:
        """The same as Spark's SQL spells it; a cast by name is one call to Java, not six."""
        return self.spark.simpleString()

    @property
    def is_integer(self) -> bool:
        return self.name in ("smallint", "integer", "bigint")

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.name == "decimal"

    @property
    def is_text(self) -> bool:
        return self.name == "varchar"

    @property
    def sort(self) -> str:
        """What two columns share whose values are told to be equal in one way everywhere."""
        return "whole number" if self.is_integer else self.name


_SPARK: dict[str, spark.DataType] = {
    "smallint": spark.ShortType(),
    "integer": spark.IntegerType(),
    "bigint": spark.LongType(),
    "varchar": spark.StringType(),
    "date": spark.DateType(),
    "timestamp": spark.TimestampType(),
    "boolean": spark.BooleanType(),
}

SMALLINT = Type("smallint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
BOOLEAN = Type("boolean")


def decimal(precision: int, scale: int) -> Type:
    """An exact number of ``precision`` digits, ``scale`` of them after the point."""
    return Type("decimal", (precision, scale))


def varchar(size: int) -> Type:
    """Text of at most ``size`` UTF-8 bytes."""
    return Type("varchar", (size,))
