"""Live rows: those of data files that count, where some raw file versions were taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.io.lake import Lake
from src.io.log import DataFile, LakeState


def live_rows(
    lake: Lake,
    state: LakeState,
    files: Iterable[tuple[int, DataFile]],
    columns: Sequence[Column],
) -> DataFrame:
    """The rows of the files that still count.

    ``files`` are staged or quarantine files with the entry that added them. A raw file version
    that was taken back and came again counts with the rows of the entry that brought it last.
    """
    by_removed: dict[tuple[int, ...], list[DataFile]] = {}
    for number, file in files:
        by_removed.setdefault(tuple(state.taken_back(number, file)), []).append(file)
    frames = []
    for removed, some in (by_removed or {(): []}).items():
        rows = lake.read(some, columns)
        frames.append(rows.where(~F.col("raw_id").isin(*removed)) if removed else rows)
    return reduce(lambda left, right: left.unionByName(right), frames)
