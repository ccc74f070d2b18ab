"""The report of a run, kept in the lake: for reading, never a source of truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from src.io.entry import ChangeSet, RawFile
from src.io.lake import Lake
from src.pipeline.difference import Difference
from src.pipeline.load import Loaded
from src.pipeline.restage import Restaged
from src.pipeline.take import LeftOut
from src.pipeline.verify import Proof


@dataclass
class Report:
    """What a run did, for people, for ``starlift status``, and as JSON in the lake."""

    run: str
    warehouse: str
    at: str
    raw_files: tuple[RawFile, ...] = ()
    changes: tuple[ChangeSet, ...] = ()
    restaged: list[Restaged] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    loaded: list[Loaded] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything new came into lake or warehouse."""
        return bool(self.raw_files or self.changes or self.applied)

    def as_dict(self) -> dict[str, Any]:
        data = asdict(self)
        for change in data["changes"]:
            for part in ("keys", "rows"):
                change[part] = len(change[part])
        return data


def write_report(lake: Lake, report: Report) -> None:
    """Keep the report in the lake, one file a run."""
    text = json.dumps(report.as_dict(), ensure_ascii=False, default=str)
    # Half a character, as JSON can escape it, stays the escape that it was.
    content = text.encode(errors="backslashreplace")
    lake.store.create(f"reports/{report.run}.json", content)


def reports(lake: Lake) -> Iterator[dict[str, Any]]:
    """The reports of all runs, newest first, each read when it is asked for."""
    stored = [one for one in lake.store.list("reports") if one.path.endswith(".json")]
    for one in sorted(stored, key=lambda one: one.path, reverse=True):
        yield json.loads(lake.store.read(one.path))


def last_reports(lake: Lake, limit: int) -> list[dict[str, Any]]:
    """The reports of the newest runs, newest first."""
    return list(islice(reports(lake), limit))
