"""Reading the quarantine: the refused rows that are live."""

from __future__ import annotations

from typing import Any

from pyspark.sql import functions as F

from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.pipeline.write import QUARANTINE


def quarantined(
    lake: Lake, state: LakeState, limit: int | None
) -> tuple[list[dict[str, Any]], int]:
    """The refused rows in order of source, file and line, and how many there are in all."""
    total = sum(raw.quarantined for raw in state.raw_files.values())
    if not total:
        return [], 0
    live = lake.read_live(state, state.quarantine, QUARANTINE)
    ordered = live.orderBy("source", "raw_file", "raw_line")
    found = (ordered.limit(limit) if limit else ordered).collect()
    return [row.asDict() for row in found], total


def ids_with_reason(lake: Lake, state: LakeState, text: str) -> set[int]:
    """The raw file versions of which a refused row has the text in its reasons, in any case."""
    if not state.quarantine:
        return set()
    rows = lake.read_live(state, state.quarantine, QUARANTINE)
    matching = rows.where(F.contains(F.lower("reasons"), F.lit(text.lower())))
    return {row["raw_id"] for row in matching.select("raw_id").distinct().collect()}
