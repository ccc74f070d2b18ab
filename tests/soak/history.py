"""Histories of raw files, drawn from a seed: what suppliers drop over some weeks.

Several worlds are drawn side by side: histories of few keys each, which never meet those of
another, so that one run takes a step in all of them. In each, versions of one thing meet; files
come late, again, corrected in place, and vanish; rows repeat and contradict each other; some are
broken. Snapshots are drawn for all worlds at once: a complete set is one of the whole source.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

FIRST_DAY = date(2025, 1, 1)
START = 1_735_689_600
DAY = 86_400


@dataclass(frozen=True)
class Drop:
    """One version of a raw file: path, bytes, and when it arrived (seconds since 1970).

    ``revision`` counts the versions of its path from 0; ``vanishes`` says that the supplier takes
    it away once it was read.
    """

    path: str
    content: bytes
    arrived: int
    revision: int = 0
    vanishes: bool = False

    def write(self, folder: Path) -> None:
        file = folder / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.content)
        os.utime(file, (self.arrived, self.arrived))


@dataclass(frozen=True)
class Dice:
    """Chance, and the numbers of one world's things: ``base`` and few above it."""

    rng: random.Random
    base: int

    def key(self, most: int) -> str:
        return str(self.base + self.rng.randint(1, most))

    def some(self, *values: Any) -> Any:
        return self.rng.choice(values)

    def day(self) -> str:
        """A day around which files arrive, as suppliers write it."""
        day = FIRST_DAY + timedelta(days=self.rng.randint(-30, 45))
        ends = ["", " 00:00:00", "T10:30:00", " 23:30:00+02:00"]
        return f"{day}{self.rng.choice(ends)}"


@dataclass(frozen=True)
class Kind:
    """One source as its supplier writes it: ``row`` draws the columns of a record by name.

    ``key`` names the columns that a tombstone has at least; ``op`` the column of operations.
    """

    files: str
    key: Sequence[str]
    row: Callable[[Dice], dict[str, Any]]
    format: Literal["csv", "json"] = "csv"
    delivery: Literal["changes", "events", "snapshot"] = "changes"
    op: str | None = None


Drawn = list[Drop]


def draw_history(rng: random.Random, kinds: Sequence[Kind], worlds: int) -> Drawn:
    """The drops of all worlds, in no order but that revisions of a path follow each other.

    Of many kinds of files only half come: staging costs Spark jobs for each kind.
    """
    drops: Drawn = []
    kinds = rng.sample(kinds, max(3, len(kinds) // 2)) if len(kinds) > 3 else kinds
    single = [kind for kind in kinds if kind.delivery != "snapshot"] or kinds
    for world in range(worlds):
        dice = Dice(random.Random(rng.random()), 100 * (world + 1))
        for number in range(dice.rng.randint(4, 12)):
            kind = dice.some(*single)
            path = f"{kind.files}/{world:03d}-{number:02d}.{kind.format}"
            drops += _versions(dice, path, kind, [dice])
    everyone = [Dice(random.Random(rng.random()), 100 * (world + 1)) for world in range(worlds)]
    for kind in kinds:
        if kind.delivery == "snapshot":
            for number in range(rng.randint(3, 6)):
                path = f"{kind.files}/all-{number:02d}.{kind.format}"
                drops += _versions(Dice(rng, 0), path, kind, everyone)
    return drops


def _versions(dice: Dice, path: str, kind: Kind, worlds: Sequence[Dice]) -> Drawn:
    """A file, and sometimes what it is replaced by: touched, corrected, another altogether."""
    first = Drop(path, _file(kind, worlds, dice.rng), _arrival(dice.rng))
    drops = [first]
    if dice.rng.random() < 0.2:
        again = dice.rng.random() < 0.4
        content = first.content if again else _file(kind, worlds, dice.rng)
        kept_time = len(content) != len(first.content) and dice.rng.random() < 0.25
        arrived = first.arrived if kept_time else _arrival(dice.rng)
        if (arrived, len(content)) == (first.arrived, len(first.content)):
            arrived += 1
        drops.append(Drop(path, content, arrived, 1))
    if dice.rng.random() < 0.1:
        last = drops.pop()
        drops.append(Drop(last.path, last.content, last.arrived, last.revision, vanishes=True))
    return drops


def _arrival(rng: random.Random) -> int:
    # Few days, so that some files arrive at the same instant: their paths decide.
    return START + rng.randint(0, 40) * DAY


def _file(kind: Kind, worlds: Sequence[Dice], rng: random.Random) -> bytes:
    """A file of some rows of each world. One of all worlds is seldom broken, and then in one."""
    alone = len(worlds) == 1
    broken_in = None if alone or rng.random() > 0.3 else rng.randrange(len(worlds))
    columns = list(kind.row(worlds[0]))
    if rng.random() < 0.1:
        # Two orders and no more: files of one order of columns are read together.
        columns.reverse()
    if kind.op:
        columns.insert(0, kind.op)
    spellings: list[Callable[[str], str]] = [str, str, str.upper, str.lower]
    spell = rng.choice(spellings)
    lines = [",".join(spell(column) for column in columns)] if kind.format == "csv" else []
    for place, dice in enumerate(worlds):
        breaks = 0.08 if alone else float(place == broken_in) * 0.5
        for _ in range(dice.rng.randint(1 if alone else 0, 8 if alone else 4)):
            lines += _lines(dice, kind, columns, breaks)
    end = rng.choice(["\n", "\n", "\r\n"])
    text = end.join(lines) + (end if rng.random() < 0.8 else "")
    start = b"\xef\xbb\xbf" if rng.random() < 0.1 else b""
    return start + text.encode("utf-8", "surrogateescape")


def _lines(dice: Dice, kind: Kind, columns: list[str], breaks: float) -> list[str]:
    """The lines of one record: broken, twice, followed by a blank one, or simply itself."""
    record = kind.row(dice)
    if kind.op:
        record |= {kind.op: dice.some("I", "I", "U", "U", "", "D", "D")}
        if record[kind.op] == "D" and dice.rng.random() < 0.5:
            # Of a tombstone often only the key is there.
            kept = (*kind.key, kind.op)
            record = {name: value if name in kept else "" for name, value in record.items()}
            if kind.format == "json":
                record = {name: record[name] for name in kept}
    if kind.format == "json":
        line = json.dumps(record, ensure_ascii=False)
    else:
        line = ",".join(_quoted(dice.rng, str(record[name])) for name in columns)
    roll = dice.rng.random()
    if roll < breaks:
        return [_broken(dice.rng, line, kind.format)]
    lines = [line, line] if roll < breaks + 0.08 else [line]
    return [*lines, ""] if dice.rng.random() < 0.05 else lines


def _quoted(rng: random.Random, cell: str) -> str:
    if '"' in cell or "," in cell or rng.random() < 0.3:
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow([cell])
        return text.getvalue()
    return cell


def _broken(rng: random.Random, line: str, form: str) -> str:
    if form == "json":
        # Not the marks of UTF-16: a file that begins with them is refused as a whole.
        return rng.choice([line[:-1], line + "]", "\udc80" + line, "[]", "{}", '"text"'])
    return rng.choice(
        [
            line + ",one cell too many",
            line.replace("1", "one", 1) if "1" in line else line + ",",
            "\udcff\udcfe" + line,
            '"' + line,
            ",".join([""] * (line.count(",") + 1)),
        ]
    )
