"""What the next run would do, without Spark and without touching anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from src.contract.warehouse import Warehouse
from src.io.lake_state import LakeState
from src.io.raw_files import Candidate
from src.io.store import Store
from src.pipeline.build import plan_build
from src.pipeline.drift import drift_notes, drift_refusals, header_drift
from src.pipeline.take import judge_heads
from src.settings import Rules

# Of so many raw files a plan looks at the heads, so that a refusal is known before the run.
HEADS = 1000


def plan_run(
    warehouse: Warehouse,
    raw: Store,
    state: LakeState,
    todo: Sequence[Candidate],
    rules: Rules,
    full: bool,
) -> dict[str, Any]:
    """Files to stage and to refuse, tables to build and why, notes on drift."""
    taken, refusals = judge_heads(warehouse, raw, todo[:HEADS])
    drift = header_drift(taken)
    refusals += drift_refusals(drift)
    without = {stored.path for stored, _ in refusals}
    coming = [one for one in todo if one.stored.path not in without]
    tables = plan_build(warehouse, state, rules, full)
    sources = {str(one.source) for one in coming}
    for table, _ in warehouse.tables:
        if table.name not in tables and sources & {given.source for given in table.inputs}:
            tables[table.name] = "keys"
    return {
        "stage": [
            {"file": one.stored.path, "source": one.source, "bytes": one.stored.size}
            for one in coming
        ],
        "refused": [
            {"file": stored.path, "why": refusal.sentence()} for stored, refusal in refusals
        ],
        "build": tables,
        "notes": drift_notes(drift),
    }
