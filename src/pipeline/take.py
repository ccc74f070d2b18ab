"""Take: which of the listed raw files can be read, how they lie on disk, and what is refused.

What cannot be taken is named with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from src.contract.source import ORIGIN, Source
from src.contract.warehouse import Warehouse
from src.errors import RawFileRefused, StarliftError
from src.io.lake import Lake
from src.io.raw_files import Candidate
from src.io.read_csv import Block, scan
from src.io.read_raw import Head, Layout, read_head
from src.io.store import Store, Stored
from src.runs import Run
from src.transforms.parse import EARLIEST, LATEST

# As many bytes as the column holds that names a row's raw file.
(MOST_PATH,) = next(column.type.args for column in ORIGIN if column.name == "raw_file")
# The times that files of the lake can hold, as microseconds after 1970.
FIRST_ARRIVAL, LAST_ARRIVAL = (
    int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 10**6
    for day in (EARLIEST, LATEST)
)
_NEXT = "the next run takes it as it is then"


@dataclass(frozen=True)
class Taken:
    """A raw file with its head, its source and its place in the version order."""

    candidate: Candidate
    head: Head
    source: Source

    @property
    def raw_id(self) -> int:
        return self.candidate.raw_id


@dataclass(frozen=True)
class LeftOut:
    """A raw file version that belongs to a source and was not taken, and the sentence why."""

    path: str
    size: int
    etag: str
    sentence: str


class FilesRefused(RawFileRefused):
    """Raw files that cannot be taken; ``refused`` has each of them."""

    def __init__(self, refused: Sequence[LeftOut], error: StarliftError) -> None:
        super().__init__(
            error.what,
            where=error.where,
            expected=error.expected,
            found=error.found,
            do=error.do,
        )
        self.refused = tuple(refused)


Refusal = tuple[Stored, RawFileRefused]


@dataclass
class Intake:
    """The files to stage, the blocks of each by raw_id, and what is said of the others."""

    files: list[Taken] = field(default_factory=list)
    blocks: dict[int, list[Block]] = field(default_factory=dict)
    refused: list[LeftOut] = field(default_factory=list)


def take_files(
    warehouse: Warehouse,
    raw: Store,
    lake: Lake,
    candidates: list[Candidate],
    run: Run,
    on_bad_file: str,
) -> Intake:
    """Read the heads of the candidates and count the lines of those that can be taken.

    Raises FilesRefused for files that cannot be taken, all at once (``on_bad_file`` fail; with
    skip they are left out and named in the result).
    """
    intake = Intake()
    taken, refusals = judge_heads(warehouse, raw, candidates)
    while True:
        if refusals:
            if on_bad_file != "skip":
                raise refused(refusals)
            intake.refused += left_out(refusals)
        if not taken:
            return intake
        run.progress("reading raw files", 0)
        # Where files are left out the others are scanned again, because line numbers hold for
        # exactly the files that are read together.
        groups = [heads for _, files in by_source(taken) for heads in by_layout(files).values()]
        intake.blocks, changed = scan(lake.spark, raw, groups)
        taken = [file for file in taken if file.raw_id in intake.blocks]
        if not changed:
            intake.files = taken
            return intake
        stored = {one.stored.path: one.stored for one in candidates}
        refusals = [(stored[str(one.where)], one) for one in changed]


def judge_heads(
    warehouse: Warehouse, raw: Store, candidates: Sequence[Candidate]
) -> tuple[list[Taken], list[Refusal]]:
    """Read and judge the heads of the files, several at once."""

    def read(candidate: Candidate) -> Taken | Refusal:
        source = warehouse.source(str(candidate.source))
        if refusal := _unnameable(candidate.stored):
            return candidate.stored, refusal
        if candidate.reason:
            return candidate.stored, RawFileRefused(
                f"The file bears the name of {source.files}, and its form is not read",
                where=candidate.stored.path,
                expected=f"{source.format.upper()} as plain text",
                found=candidate.reason,
                do="unpack or export it, or take it away",
            )
        try:
            return Taken(candidate, read_head(raw, candidate.stored, source), source)
        except RawFileRefused as refusal:
            return candidate.stored, refusal

    with ThreadPoolExecutor(16) as pool:
        heads = list(pool.map(read, candidates))
    return (
        [head for head in heads if isinstance(head, Taken)],
        [head for head in heads if not isinstance(head, Taken)],
    )


def _unnameable(stored: Stored) -> RawFileRefused | None:
    """A refusal for a file of which no column could hold the path, or the time of its arrival."""
    if (size := len(stored.path.encode())) > MOST_PATH:
        return RawFileRefused(
            "The file's path below the raw folder is too long",
            where=f"{stored.path[:60]}…{stored.path[-60:]}",
            expected=f"at most {MOST_PATH} bytes",
            found=str(size),
            do="rename it",
        )
    if not FIRST_ARRIVAL <= stored.modified < LAST_ARRIVAL:
        return RawFileRefused(
            "The file's time of change is none at which it can have arrived",
            where=stored.path,
            expected=f"a time from {EARLIEST} to {LATEST}, UTC",
            found=f"{stored.modified // 10**6} seconds after 1970",
            do="give it the time of its delivery (touch -d)",
        )
    return None


def left_out(refusals: Sequence[Refusal]) -> list[LeftOut]:
    """The refusals as they are reported."""
    return [
        LeftOut(stored.path, stored.size, stored.etag, refusal.sentence())
        for stored, refusal in refusals
    ]


def refused(refusals: Sequence[Refusal]) -> FilesRefused:
    """All refusals in one error."""
    if len(refusals) == 1:
        only = refusals[0][1]
        error = RawFileRefused(
            only.what,
            where=only.where,
            expected=only.expected,
            found=only.found,
            do=(only.do or "correct the file") + "; or leave it out with --on-bad-file skip",
        )
    else:
        shown = "; ".join(refusal.sentence().rstrip(".") for _, refusal in refusals[:10])
        more = f"; and {len(refusals) - 10} more" if len(refusals) > 10 else ""
        error = RawFileRefused(
            f"{len(refusals)} raw files cannot be taken, and nothing was published: {shown}{more}",
            do="correct them, or leave them out with --on-bad-file skip",
        )
    return FilesRefused(left_out(refusals), error)


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


def stat_now(raw: Store, paths: Sequence[str]) -> list[Stored | None]:
    """The files as they are now, many asked at once; None for one that is not there."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(raw.stat, paths))


def refuse_changed(raw: Store, listed: Sequence[Stored]) -> None:
    """Raise FilesRefused for files whose size or etag is no longer what was listed."""
    found = stat_now(raw, [before.path for before in listed])
    changed = [
        before
        for before, now in zip(listed, found, strict=True)
        if now is None or (now.size, now.etag) != (before.size, before.etag)
    ]
    if changed:
        what = "The file changed while it was read"
        error = RawFileRefused(
            f"{len(changed)} raw files changed while they were read; nothing was staged",
            where=", ".join(one.path for one in changed[:5]),
            do="run again when their supplier has finished writing; or leave them out with "
            "--on-bad-file skip",
        )
        each = [(one, RawFileRefused(what, where=one.path, do=_NEXT)) for one in changed]
        raise FilesRefused(left_out(each), error)
