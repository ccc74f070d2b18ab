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

from collections.abc import Callable, Sequence
from functools import cached_property, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from src.contract.column import Column
from src.io.entry import DataFile
from src.io.lake_state import LakeState
from src.io.log import Log
from src.io.store import Store, escape_glob
from src.settings import ONE_TASK, LakeSettings


class Lake:
    """Reads and writes the data files of one warehouse.

    The session is asked for at the first use: a run that finds nothing to do starts no Spark.
    """

    def __init__(
        self, session: Callable[[], SparkSession], store: Store, settings: LakeSettings
    ) -> None:
        self._session = session
        self.store = store
        self.settings = settings
        self.log = Log(store)

    @property
    def spark(self) -> SparkSession:
        return self._session()

    @cached_property
    def _is_one_task(self) -> bool:
        """Whether the session is one for few rows: read by one task they need no exchange after."""
        return self.spark.conf.get(ONE_TASK, "false") == "true"

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
        by_format: dict[str, list[str]] = {}
        for file in files:
            by_format.setdefault(format_of(file.path), []).append(
                escape_glob(self.store.url(file.path))
            )
        if not by_format:
            return self.spark.range(0).selectExpr(
                *[f"CAST(NULL AS {c.type.spark.simpleString()}) AS `{c.name}`" for c in columns]
            )
        frames = [
            self.spark.read.format(name).schema(schema).load(urls)
            for name, urls in by_format.items()
        ]
        rows = reduce(lambda left, right: left.unionByName(right), frames)
        return rows.coalesce(1) if self._is_one_task else rows

    def read_live(
        self, state: LakeState, files: Sequence[tuple[int, DataFile]], columns: Sequence[Column]
    ) -> DataFrame:
        """The rows of staged or quarantine files that still count; they carry raw_id.

        Each file comes with the entry that added it. One of which no row counts any more is not
        read: it may be of other types than the contract is now.
        """
        by_removed: dict[tuple[int, ...], list[DataFile]] = {}
        for number, file in files:
            if state.is_live(number, file):
                by_removed.setdefault(tuple(state.taken_back(number, file)), []).append(file)
        frames = []
        for raw_ids, some in (by_removed or {(): []}).items():
            rows = self.read(some, columns)
            frames.append(rows.where(~F.col("raw_id").isin(*raw_ids)) if raw_ids else rows)
        return reduce(lambda left, right: left.unionByName(right), frames)


def format_of(path: str) -> str:
    """The format a file was written in, which may be older than today's setting."""
    return "parquet" if path.endswith(".parquet") else "orc"


def struct_of(columns: Sequence[Column]) -> StructType:
    """The columns as a Spark schema; all nullable, as files know no NOT NULL."""
    return StructType([StructField(column.name, column.type.spark, True) for column in columns])
