"""What a person sees of a plan: files, tables, and the statements of a load."""

from __future__ import annotations

from typing import Any

from src.cli.show import out
from src.connect import is_made, open_warehouse
from src.pipeline.load_plan import LoadPlan
from src.pipeline.run import Pipeline
from src.settings import Settings


def plan_load(pipeline: Pipeline, settings: Settings) -> LoadPlan:
    """What a load would do; a stand-in that was never started is not started for it."""
    if not is_made(settings):
        return pipeline.plan_load(None)
    with open_warehouse(settings) as connect:
        return pipeline.plan_load(connect)


def show_plan(plan: dict[str, Any], load: LoadPlan) -> None:
    out.print(f"Would stage {len(plan['stage'])} raw files:")
    for file in plan["stage"]:
        out.print(f"  {file['file']} ({file['bytes']:,} bytes) as {file['source']}")
    for file in plan["refused"]:
        out.print(f"  would be refused: {file['file']}: {file['why']}", markup=False)
    for other in plan["not_taken"]:
        out.print(f"  [dim]not taken[/] {other}")
    out.print("Would build:" if plan["build"] else "Would build nothing.")
    for table, why in plan["build"].items():
        out.print(f"  {table}: {why}")
    for note in plan["notes"]:
        out.print(f"[yellow]note[/] {note}")
    show_load_plan(load)
    if plan["build"]:
        out.print("What is built would be loaded after that; its statements depend on its rows.")


def show_load_plan(plan: LoadPlan) -> None:
    """What a load would do, with the SQL that it would send."""
    for refusal in plan.refused:
        out.print(f"A load would be refused: {refusal}", markup=False)
    held = f"holds entry {plan.applied}" if plan.applied else "holds nothing"
    out.print(f"The warehouse {held}, and {len(plan.entries)} built entries wait.")
    out.print("Would change tables, comments, grants:" if plan.schema else "Would change no table.")
    for statement in plan.schema:
        print(f"{statement};")
    for one in plan.entries:
        rows = ", ".join(f"{table} {count:,}" for table, count in one.rows.items())
        out.print(f"Would load entry {one.entry}, rows: {rows}")
        for statement in (*one.stage, "BEGIN", *one.publish, "COMMIT", *one.tidy):
            print(f"{statement};")
