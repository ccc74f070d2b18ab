"""CSV files as records with their physical line, read by Spark alone and in parallel.

Spark's CSV reader knows no line numbers and lets one stray quote swallow the rows after it. Here
files are read as text lines (which split, also inside one big file), each line gets its number
from the count of lines in the blocks before it, and lines are joined only where a quoted field
provably goes on over them. Nothing is lost on the way: each physical line is the header, blank,
or part of exactly one record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.errors import RawFileRefused
from src.frames import look_up
from src.io.csv_cells import split_cells
from src.io.csv_header import CsvHead, CsvLayout
from src.io.file_head import FileHead
from src.io.line_text import is_blank, quotes
from src.io.raw_files import raw_id
from src.io.store import Store, bare_path, bare_path_read, escape_glob

# A record of more physical lines than this is not believed: its first line is a broken record of
# its own, so that a stray quote cannot make half a file look like one field.
MAX_RECORD_LINES = 1000


@dataclass(frozen=True)
class Block:
    """A split of a raw file as Spark reads it; ``first`` is its first row's id in the scan."""

    raw_id: int
    url: str
    start: int
    first: int
    lines: int
    size: int
    odd_quotes: int
    blank: int
    lines_before: int


def _physical_lines(spark: SparkSession, store: Store, heads: Sequence[FileHead]) -> DataFrame:
    """One row a physical line: value (raw bytes as text, without the line feed), url, block, id.

    The ids number the rows of a partition in file order; the partitioning is the same in every
    scan of the same files, because the session fixes spark.sql.files.minPartitionNum.
    """
    urls = [escape_glob(store.url(head.stored.path)) for head in heads]
    return spark.read.text(urls, lineSep="\n").select(
        "value",
        F.col("_metadata.file_path").alias("url"),
        F.col("_metadata.file_block_start").alias("block"),
        F.monotonically_increasing_id().alias("id"),
    )


def scan(
    spark: SparkSession, store: Store, groups: Sequence[Sequence[FileHead]]
) -> tuple[dict[int, list[Block]], list[RawFileRefused]]:
    """Count the lines, bytes and odd-quote lines of every block of the files, in one Spark job.

    Each group is the set of files that ``records`` will read together: the ids of lines number
    the rows of one scan, so they mean something only for the same set of files.
    Returns the blocks in file order by raw_id, and a refusal for each file whose bytes read are
    not the bytes listed.
    """
    lines = [_physical_lines(spark, store, heads) for heads in groups]
    counted = _count_blocks(reduce(lambda left, right: left.unionByName(right), lines)).collect()
    grouped: dict[str, list[Row]] = {}
    for row in counted:
        grouped.setdefault(bare_path_read(row["url"]), []).append(row)
    found: dict[int, list[Block]] = {}
    refusals = []
    for head in [head for heads in groups for head in heads]:
        file_id = raw_id(head.stored)
        rows = grouped.get(bare_path(store.url(head.stored.path)), [])
        blocks = _in_file_order(file_id, rows)
        read = bytes_read(head, blocks)
        if read == head.stored.size:
            found[file_id] = blocks
        else:
            refusals.append(
                RawFileRefused(
                    "The file changed while it was read",
                    where=head.stored.path,
                    expected=f"{head.stored.size} bytes",
                    found=f"{read} bytes",
                    do="run again when its supplier has finished writing it",
                )
            )
    return found, refusals


def _count_blocks(lines: DataFrame) -> DataFrame:
    odd = F.when(quotes(F.col("value")) % 2 == 1, 1).otherwise(0)
    return lines.groupBy("url", "block").agg(
        F.min("id").alias("first"),
        F.count("*").alias("lines"),
        F.sum(F.octet_length("value")).alias("size"),
        F.sum(odd).alias("odd"),
        F.sum(is_blank(F.col("value")).cast("int")).alias("blank"),
    )


def _in_file_order(file_id: int, rows: list[Row]) -> list[Block]:
    blocks = []
    before = 0
    for row in sorted(rows, key=lambda row: row["block"]):
        blocks.append(
            Block(
                raw_id=file_id,
                url=row["url"],
                start=row["block"],
                first=row["first"],
                lines=row["lines"],
                size=row["size"],
                odd_quotes=row["odd"],
                blank=row["blank"],
                lines_before=before,
            )
        )
        before += row["lines"]
    return blocks


def bytes_read(head: FileHead, blocks: list[Block]) -> int:
    """The bytes of the file that its lines account for, line feeds and byte order mark counted."""
    lines = sum(block.lines for block in blocks)
    last = 0 if head.ends_with_newline else 1
    return head.bom_bytes + sum(block.size for block in blocks) + max(lines - last, 0)


def records(
    spark: SparkSession, store: Store, heads: list[CsvHead], by_file: dict[int, list[Block]]
) -> DataFrame:
    """One row a record of the files, which share one layout.

    Columns: raw_id, raw_line (physical line where the record starts, from 1), raw (the record's
    text; its bytes are the file's), lines (physical lines in it), broken (null, or why it cannot
    be split into cells), cells (struct of text by declared column; null cells are blank).
    """
    layout = heads[0].layout
    blocks = [block for head in heads for block in by_file[raw_id(head.stored)]]
    numbered = numbered_lines(spark, store, heads, blocks)
    odd_ids = {block.raw_id for block in blocks if block.odd_quotes}
    if odd_ids:
        is_odd = F.col("raw_id").isin(sorted(odd_ids))
        whole = _as_records(numbered.where(~is_odd)).unionByName(
            _joined(numbered.where(is_odd), layout)
        )
    else:
        whole = _as_records(numbered)
    whole = whole.where(~is_blank(F.col("raw")))
    return split_cells(whole, layout)


def numbered_lines(
    spark: SparkSession, store: Store, heads: Sequence[FileHead], blocks: list[Block]
) -> DataFrame:
    """Physical lines with raw_id and raw_line, headers left out."""
    headers = {raw_id(head.stored): head.header_lines for head in heads}
    bases = [
        (
            block.url,
            block.start,
            block.raw_id,
            block.lines_before + 1 - block.first,
            headers[block.raw_id],
        )
        for block in blocks
    ]
    return (
        look_up(
            _physical_lines(spark, store, heads),
            ["url", "block"],
            bases,
            "url string, block long, raw_id long, base long, header_lines int",
        )
        .select(
            "raw_id",
            (F.col("id") + F.col("base")).alias("raw_line"),
            "value",
            "header_lines",
        )
        .where(F.col("raw_line") > F.col("header_lines"))
        .drop("header_lines")
    )


def _as_records(lines: DataFrame) -> DataFrame:
    return lines.select(
        "raw_id",
        "raw_line",
        F.col("value").alias("raw"),
        F.lit(1).alias("lines"),
    )


def _joined(lines: DataFrame, layout: CsvLayout) -> DataFrame:
    """Records of files in which some line holds an odd number of quotes.

    A record over several lines starts at an odd line and ends at the next odd one. Each such pair
    is tried: it is a record if its text is well-formed and has the header's number of cells; else
    its first line stands alone (and is broken), and the next pair is tried. Of a run of
    consecutive valid pairs that means every second one, from the run's start.
    """
    in_file = Window.partitionBy("raw_id").orderBy("raw_line")
    pairs = lines.where(quotes(F.col("value")) % 2 == 1).select(
        "raw_id",
        F.col("raw_line").alias("start"),
        F.lead("raw_line").over(in_file).alias("end"),
    )
    near = pairs.where(F.col("end") - F.col("start") < MAX_RECORD_LINES)
    spans = near.select("raw_id", "start", F.explode(F.sequence("start", "end")).alias("raw_line"))
    texts = (
        lines.join(spans, on=["raw_id", "raw_line"], how="inner")
        .groupBy("raw_id", "start")
        .agg(
            F.array_join(
                F.transform(
                    F.array_sort(F.collect_list(F.struct("raw_line", "value"))),
                    lambda line: line["value"],
                ),
                "\n",
            ).alias("raw"),
            F.count("*").cast("int").alias("lines"),
        )
    )
    by_start = Window.partitionBy("raw_id").orderBy("start")
    valid = F.coalesce(_well_formed(F.col("raw"), layout), F.lit(False))
    tried = (
        pairs.join(texts, on=["raw_id", "start"], how="left")
        .withColumn("valid", valid)
        .withColumn("position", F.row_number().over(by_start))
        .withColumn(
            "run_start",
            F.coalesce(F.max(F.when(~F.col("valid"), F.col("position"))).over(by_start), F.lit(0)),
        )
    )
    taken = tried.where(
        F.col("valid") & ((F.col("position") - F.col("run_start")) % 2 == 1)
    ).select("raw_id", F.col("start").alias("raw_line"), "raw", "lines")
    used = taken.select(
        "raw_id",
        F.explode(F.sequence("raw_line", F.col("raw_line") + F.col("lines") - 1)).alias("raw_line"),
    )
    alone = lines.join(used, on=["raw_id", "raw_line"], how="left_anti")
    return _as_records(alone).unionByName(taken)


def _well_formed(text: SparkColumn, layout: CsvLayout) -> SparkColumn:
    """Whether a joined text is one record: quotes only around whole cells, right cell count."""
    sign = re.escape(layout.delimiter)
    # Each quoted piece becomes one quote; what is left shows the structure. Two regular
    # expressions without nested repetition: Java's would overflow its stack on long fields.
    plain = F.regexp_replace(text, '"[^"]*"', '"')
    loose = plain.rlike(f'[^"{sign}]"|"[^"{sign}\\r]')
    cells = F.length(plain) - F.length(F.replace(plain, F.lit(layout.delimiter), F.lit(""))) + 1
    return ~loose & (cells == len(layout.columns))
