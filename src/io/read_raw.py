"""Raw files of every format as records: head, layout and records, by the source's format."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from src.contract.source import Source
from src.io import read_csv, read_json
from src.io.csv_header import CsvHead, CsvLayout
from src.io.csv_header import read_head as read_csv_head
from src.io.json_head import JsonHead, JsonLayout, read_json_head
from src.io.read_csv import Block
from src.io.store import Store, Stored

Head = CsvHead | JsonHead
Layout = CsvLayout | JsonLayout


def read_head(store: Store, stored: Stored, source: Source) -> Head:
    """What the driver knows of a file before Spark reads it. Raises RawFileRefused."""
    if source.format == "json":
        return read_json_head(store, stored, source)
    return read_csv_head(store, stored, source)


def records(
    spark: SparkSession, store: Store, heads: list[Head], blocks: dict[int, list[Block]]
) -> DataFrame:
    """One row a record of files that share one layout, as read_csv.records describes it."""
    csv_heads = [head for head in heads if isinstance(head, CsvHead)]
    json_heads = [head for head in heads if isinstance(head, JsonHead)]
    if json_heads:
        return read_json.records(spark, store, json_heads, blocks)
    return read_csv.records(spark, store, csv_heads, blocks)
