"""Amounts of a whole shared out to its parts, so that the parts add up to it exactly."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

# Units and weights of 19 digits: their product is exact in Spark's longest decimal.
_UNITS = "decimal(19,0)"


def with_allocated(
    rows: DataFrame, amount: str, *, weight: str, by: Sequence[str], ties: Sequence[str], scale: int
) -> DataFrame:
    """The rows with ``amount``, which each row of a group repeats, shared out among the group.

    Largest remainder: each row gets its share by the size of ``weight`` (its sign left out of
    account), cut off to ``scale`` decimals; the units that are left go one by one to the rows
    whose cut-off rest is largest, of equal ones to the first by ``ties``. Where all weights are
    0 or null the rows share alike. A null amount is 0. Null comes out only beyond 19 digits.

    >>> lines = spark.sql("SELECT 'A' AS o, id AS n, 10.00BD AS fee, 5BD AS w FROM range(1, 4)")
    >>> shared = with_allocated(lines, "fee", weight="w", by=["o"], ties=["n"], scale=2)
    >>> [str(row.fee) for row in shared.orderBy("n").collect()]
    ['3.34', '3.33', '3.33']
    """
    of_group = Window.partitionBy(*by)
    one = F.lit(10**scale)
    # Helper columns have a blank in their names, which no contract can declare.
    given = F.coalesce(F.col(amount), F.lit(0))
    size = F.abs(F.coalesce(F.col(weight), F.lit(0)))
    known = rows.withColumns(
        {
            "all units": F.abs(given * one).cast(_UNITS),
            "is negative": given < 0,
            "own weight": (size * one).cast(_UNITS),
        }
    )
    weighed = known.withColumn(
        "own weight",
        F.when(F.sum("own weight").over(of_group) == 0, F.lit(1).cast(_UNITS)).otherwise(
            F.col("own weight")
        ),
    ).withColumn("all weights", F.sum("own weight").over(of_group).cast(_UNITS))
    product = (F.col("all units") * F.col("own weight")).cast("decimal(38,0)")
    shares = weighed.withColumn("rest", (product % F.col("all weights")).cast(_UNITS)).withColumn(
        "units", ((product - F.col("rest")) / F.col("all weights")).cast(_UNITS)
    )
    by_rest = of_group.orderBy(F.col("rest").desc(), *ties)
    left = F.col("all units") - F.sum("units").over(of_group)
    units = F.col("units") + (F.row_number().over(by_rest) <= left).cast("int")
    signed = F.when(F.col("is negative"), -F.col("shared")).otherwise(F.col("shared"))
    kind = rows.schema[amount].dataType
    return (
        shares.withColumn("shared", units)
        .withColumn(amount, (signed / one).cast(kind))
        .select(*rows.columns)
    )
