"""Reading the quarantine: the refused rows that are live."""

from __future__ import annotations

from typing import Any

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
