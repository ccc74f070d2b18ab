"""Schema drift: files that are no longer what their source declares, column by column.

Four kinds, each with a policy in the source's contract: ``ignore`` says nothing, ``warn`` says it
once for a set of files, ``fail`` refuses the file.

- an undeclared column (``new_columns``): its cells are read nowhere;
- a declared column that is missing (``missing_columns``): its cells are null;
- one that must be there (``missing_required``): where not refused, its rows go to quarantine;
- a column of another type (``changed_types``): most of its cells are not of the type that is
  declared. The rows go to quarantine one by one either way.

The first and the third are judged by whoever reads the head, as far as they refuse; in JSON a key
belongs to a record, so that records without a required one are refused one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.contract.source import Drift, Source
from src.errors import RawFileRefused, listed
from src.io.store import Stored
from src.pipeline.accounting import FileCount
from src.pipeline.take import Refusal, Taken, refused
from src.transforms.parse import refusal_of_type

# Types are looked at in files of which more than this part of the rows is refused: where nearly
# all rows are good there is nothing to find, and looking costs a pass over the file.
LOOKED_AT = 0.1
# Of so many cells a column's type is judged, and by more than this part of them.
FEWEST_CELLS = 2
MOSTLY = 0.5


@dataclass(frozen=True)
class Drifted:
    """One kind of drift in one file: the columns, and what is said of them."""

    source: str
    stored: Stored
    policy: Drift
    what: str
    columns: tuple[str, ...]


def header_drift(taken: Sequence[Taken]) -> list[Drifted]:
    """What the heads of the files have too much or too little."""
    found = []
    for file in taken:
        source, stored = file.source, file.candidate.stored
        required = {column.name for column in source.columns if column.is_required}
        optional = tuple(name for name in file.head.absent if name not in required)
        needed = tuple(name for name in file.head.absent if name in required)
        unknown = tuple(name or "(a column without a name)" for name in file.head.unknown)
        # Where a head can be refused for it, it was: JSON records are judged one by one.
        of_needed: Drift = "ignore" if source.missing_required == "ignore" else "warn"
        for policy, what, columns in (
            (source.new_columns, "undeclared columns, ignored", unknown),
            (source.missing_columns, "columns missing, left null", optional),
            (of_needed, "required columns missing, rows in quarantine", needed),
        ):
            if columns:
                found.append(Drifted(source.name, stored, policy, what, columns))
    return found


def changed_types(
    parsed: DataFrame, source: Source, files: Sequence[Taken], counts: Mapping[int, FileCount]
) -> list[Drifted]:
    """Columns of which most cells in a file are not of the declared type."""
    typed = [column for column in source.columns if not column.type.is_text]
    suspects = {
        file.raw_id: file
        for file in files
        if (count := counts.get(file.raw_id)) and count.bad > LOOKED_AT * count.records
    }
    if not suspects or not typed or source.changed_types == "ignore":
        return []
    rows = (
        parsed.where(F.col("raw_id").isin(*suspects))
        .groupBy("raw_id")
        .agg(
            *[F.count_if(_fails(column)).alias(f"not {column.name}") for column in typed],
            *[
                F.count_if(F.col(column.name).isNotNull()).alias(f"is {column.name}")
                for column in typed
            ],
        )
        .collect()
    )
    found = []
    for row in sorted(rows, key=lambda row: suspects[row["raw_id"]].candidate.stored.path):
        stored = suspects[row["raw_id"]].candidate.stored
        for column in typed:
            bad, good = row[f"not {column.name}"], row[f"is {column.name}"]
            if bad >= FEWEST_CELLS and bad > MOSTLY * (bad + good):
                share = _percent(bad, bad + good)
                what = f"changed type: declared as {column.type}, and {share} of cells are not"
                columns = (column.name,)
                found.append(Drifted(source.name, stored, source.changed_types, what, columns))
    return found


def _fails(column: Column) -> SparkColumn:
    return F.exists("reasons", lambda reason: reason.startswith(refusal_of_type(column)))


def _percent(part: int, whole: int) -> str:
    # Cut, not rounded: what is not all of them is not called 100 %.
    return f"{100 * part // whole} %"


def refuse_drifted(drift: Sequence[Drifted]) -> None:
    """Raise FilesRefused for files that drifted in a way that their source does not allow."""
    if refusals := drift_refusals(drift):
        raise refused(refusals)


def drift_refusals(drift: Sequence[Drifted]) -> list[Refusal]:
    """A refusal for each kind of drift that the source of a file does not allow."""
    return [
        (
            one.stored,
            RawFileRefused(
                f"Its columns drifted: {listed(one.columns)}: {one.what}",
                where=one.stored.path,
                do=f"correct the file or the contract of {one.source}, or set its policy to warn",
            ),
        )
        for one in drift
        if one.policy == "fail"
    ]


def drift_notes(drift: Sequence[Drifted]) -> list[str]:
    """One sentence for each kind of drift of a source, however many files have it."""
    seen: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for one in drift:
        if one.policy == "warn":
            seen.setdefault((one.source, one.what, one.columns), []).append(one.stored.path)
    notes = []
    for (source, what, columns), paths in sorted(seen.items()):
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        notes.append(f"{source}: {what}: {listed(columns)} in {paths[0]}{others}")
    return notes
