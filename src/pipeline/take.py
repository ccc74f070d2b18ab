"""Take: which of the listed raw files can be read, how they lie on disk, and what is refused.

What cannot be taken is named with its reason; so is what a header has too much or too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from src.contract.source import Source
from src.contract.warehouse import Warehouse
from src.errors import RawFileRefused
from src.io.lake import Lake
from src.io.raw_files import Candidate
from src.io.read_csv import Block, scan
from src.io.read_raw import Head, Layout, read_head
from src.io.store import Store, Stored
from src.runs import Run


@dataclass(frozen=True)
class Taken:
    """A raw file with its head, its source and its place in the version order."""

    candidate: Candidate
    head: Head
    source: Source

    @property
    def raw_id(self) -> int:
        return self.candidate.raw_id


@dataclass
class Intake:
    """The files to stage, the blocks of each by raw_id, and what is said of the others."""

    files: list[Taken] = field(default_factory=list)
    blocks: dict[int, list[Block]] = field(default_factory=dict)
    refused: list[RawFileRefused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def take_files(
    warehouse: Warehouse,
    raw: Store,
    lake: Lake,
    candidates: list[Candidate],
    run: Run,
    on_bad_file: str,
) -> Intake:
    """Read the heads of the candidates and count the lines of those that can be taken.

    Raises RawFileRefused for files that cannot be taken, all at once (``on_bad_file`` fail; with
    skip they are left out and named in the result).
    """
    intake = Intake()
    taken = _heads(warehouse, raw, candidates, on_bad_file, intake)
    if not taken:
        return intake
    run.progress("reading raw files", 0)
    intake.blocks = _scan(lake, raw, taken, on_bad_file, intake)
    intake.files = [file for file in taken if file.raw_id in intake.blocks]
    return intake


def _heads(
    warehouse: Warehouse,
    raw: Store,
    candidates: list[Candidate],
    on_bad_file: str,
    intake: Intake,
) -> list[Taken]:
    """Read and judge the heads of the files, several at once."""

    def read(candidate: Candidate) -> Taken | RawFileRefused:
        source = warehouse.source(str(candidate.source))
        if candidate.reason:
            return RawFileRefused(
                f"The file bears the name of {source.files} and is not in the form it is read in",
                where=candidate.stored.path,
                expected=f"{source.format.upper()} as plain text",
                found=candidate.reason,
                do="unpack or export it, or take it away",
            )
        try:
            return Taken(candidate, read_head(raw, candidate.stored, source), source)
        except RawFileRefused as refusal:
            return refusal

    with ThreadPoolExecutor(16) as pool:
        heads = list(pool.map(read, candidates))
    _refuse([head for head in heads if isinstance(head, RawFileRefused)], on_bad_file, intake)
    taken = [head for head in heads if isinstance(head, Taken)]
    _note_drift(taken, intake)
    return taken


def _note_drift(taken: list[Taken], intake: Intake) -> None:
    """Say once per source and set of columns what the headers have too much or too little."""
    seen: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for file in taken:
        path = file.candidate.stored.path
        if file.head.unknown and file.source.new_columns == "warn":
            seen.setdefault((file.source.name, "ignored", file.head.unknown), []).append(path)
        if file.head.absent:
            seen.setdefault((file.source.name, "null", file.head.absent), []).append(path)
    for (source, fate, columns), paths in sorted(seen.items()):
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        named = [column or "(a column without a name)" for column in columns]
        what = "undeclared columns, ignored" if fate == "ignored" else "columns missing, left null"
        intake.notes.append(f"{source}: {what}: {', '.join(named)} in {paths[0]}{others}")


def _refuse(refusals: list[RawFileRefused], on_bad_file: str, intake: Intake) -> None:
    """Keep the refusals for the report, or fail with all of them at once."""
    if not refusals:
        return
    if on_bad_file == "skip":
        intake.refused += refusals
        return
    if len(refusals) == 1:
        only = refusals[0]
        raise RawFileRefused(
            only.what,
            where=only.where,
            expected=only.expected,
            found=only.found,
            do=(only.do or "correct the file") + "; or leave it out with --on-bad-file skip",
        )
    shown = "; ".join(refusal.sentence().rstrip(".") for refusal in refusals[:10])
    more = f"; and {len(refusals) - 10} more" if len(refusals) > 10 else ""
    raise RawFileRefused(
        f"{len(refusals)} raw files cannot be taken, and nothing was published: {shown}{more}",
        do="correct them, or leave them out with --on-bad-file skip",
    )


def _scan(
    lake: Lake, raw: Store, taken: list[Taken], on_bad_file: str, intake: Intake
) -> dict[int, list[Block]]:
    """Line counts of every file, one Spark job for all; files that do not add up are refused.

    Where files are left out the others are scanned again, because line numbers hold for exactly
    the files that are read together.
    """
    while taken:
        groups = [heads for _, files in by_source(taken) for heads in by_layout(files).values()]
        found, refusals = scan(lake.spark, raw, groups)
        if not refusals:
            return found
        _refuse(refusals, on_bad_file, intake)
        taken = [file for file in taken if file.raw_id in found]
    return {}


def by_layout(files: list[Taken]) -> dict[Layout, list[Head]]:
    layouts: dict[Layout, list[Head]] = {}
    for file in files:
        layouts.setdefault(file.head.layout, []).append(file.head)
    return layouts


def by_source(taken: list[Taken]) -> list[tuple[Source, list[Taken]]]:
    groups: dict[str, list[Taken]] = {}
    for file in taken:
        groups.setdefault(file.source.name, []).append(file)
    return [(files[0].source, files) for files in groups.values()]


def refuse_changed(raw: Store, listed: Sequence[Stored]) -> None:
    """Raise RawFileRefused for files whose size or etag is no longer what was listed."""
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda before: raw.stat(before.path), listed))
    changed = [
        before.path
        for before, now in zip(listed, found, strict=True)
        if now is None or (now.size, now.etag) != (before.size, before.etag)
    ]
    if changed:
        raise RawFileRefused(
            f"{len(changed)} raw files changed while they were read; nothing was staged",
            where=", ".join(changed[:5]),
            do="run again when their supplier has finished writing",
        )
