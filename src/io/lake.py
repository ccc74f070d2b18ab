"""The lake of one warehouse: data files written by Spark, measured by reading them back.

    log/00000001.json            what counts, see src/io/log.py
    staged/<source>/<run>/       typed rows, by month where the source says so
    quarantine/<run>/            refused rows
    star/<run>/<table>/rows|keys change sets
    refused/<run>/<table>/       rows that failed a check of the gate
    manifests/<run>/             what COPY is told to read

A run writes only into folders named for it, and nothing here deletes.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from src.contract.column import Column
from src.io.log import DataFile, Log
from src.io.store import Store
from src.settings import LakeSettings


class Lake:
    """Reads and writes the data files of one warehouse."""

    def __init__(self, spark: SparkSession, store: Store, settings: LakeSettings) -> None:
        self.spark = spark
        self.store = store
        self.settings = settings
        self.log = Log(store)

    def write(self, rows: DataFrame, folder: str, partition_by: str | None = None) -> None:
        """Write the rows as data files below a folder that no run has written to."""
        writer = (
            rows.write.mode("error")
            .format(self.settings.format)
            .option("compression", self.settings.compression or "none")
            .option("maxRecordsPerFile", self.settings.file_rows)
        )
        if partition_by:
            writer = writer.partitionBy(partition_by)
        writer.save(self.store.url(folder))

    def read(self, files: Sequence[DataFile], columns: Sequence[Column]) -> DataFrame:
        """The rows of the given files, in the contract's types."""
        schema = struct_of(columns)
        if not files:
            return self.spark.range(0).select(
                *[F.lit(None).cast(field.dataType).alias(field.name) for field in schema]
            )
        urls = [self.store.url(file.path) for file in files]
        return self.spark.read.format(self.settings.format).schema(schema).load(urls)


def struct_of(columns: Sequence[Column]) -> StructType:
    """The columns as a Spark schema; all nullable, as files know no NOT NULL."""
    return StructType([StructField(column.name, column.type.spark, True) for column in columns])
