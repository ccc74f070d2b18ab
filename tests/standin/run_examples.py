"""Runs the SQL examples: what Redshift's documentation says, held to the stand-in.

``python -m tests.standin.run_examples`` starts a stand-in of its own and prints the share that is
right, refused and wrong. A file of ``examples/`` is a topic and has a schema of its own. A
statement ends in a semicolon at a line's end; behind it stands what Redshift does with it:

    > 1 | NULL      a row, as text, in the order of the result
    ! some words    an error of Redshift's too, with these words here
    ~ some words    runs in Redshift, and is refused here with these words
                    nothing: it prepares what follows, and must run
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from src.standin.server import Endpoint, Standin
from tests.standin.helpers import Connection, connect_to

FOLDER = Path(__file__).parent / "examples"
_NO_ROWS = "(no rows)"


@dataclass
class Example:
    """One statement and what is expected of it."""

    line: int
    sql: str
    rows: list[str] = field(default_factory=list)
    error: str = ""
    refusal: str = ""

    @property
    def expects(self) -> bool:
        return bool(self.rows or self.error or self.refusal)


@dataclass
class Count:
    """What came of the examples of one file."""

    right: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


def topics() -> list[Path]:
    """The files of examples."""
    return sorted(FOLDER.glob("*.sql"))


def read(path: Path) -> Iterator[Example]:
    """The examples of a file, in order."""
    lines: list[str] = []
    start = 0
    current: Example | None = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, rest = line[:1], line[2:]
        if not lines and mark in (">", "!", "~") and line[1:2] in (" ", ""):
            assert current is not None, f"{path.name}:{number}: nothing stands before this"
            if mark == ">":
                current.rows.append(rest)
            elif mark == "!":
                current.error = rest
            else:
                current.refusal = rest
            continue
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        start = start if lines else number
        lines.append(line)
        if line.rstrip().endswith(";") and "\n".join(lines).count("$$") % 2 == 0:
            if current is not None:
                yield current
            current, lines = Example(start, "\n".join(lines).rstrip()[:-1]), []
    assert not lines, f"{path.name}:{start}: no semicolon"
    if current is not None:
        yield current


def _as_text(connection: Connection) -> None:
    """Values as PostgreSQL's text of them, which psql shows too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::int FROM pg_catalog.pg_type")
        oids = [oid for (oid,) in cursor.fetchall()]
    plain = psycopg2.extensions.new_type((*oids, 4000), "TEXT_OF_ALL", lambda value, _: value)
    psycopg2.extensions.register_type(plain, connection)


def run_file(path: Path, endpoint: Endpoint) -> Count:
    """Run one file in a fresh schema; what is wrong is told by file and line."""
    schema = "ex_" + re.sub(r"\W", "_", path.stem)
    connection = connect_to(endpoint, options=f"-c search_path={schema}")
    connection.autocommit = True
    count = Count()
    try:
        _as_text(connection)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            cursor.execute(f"CREATE SCHEMA {schema}")
        for example in read(path):
            problem = _problem(connection, example)
            if problem:
                count.wrong.append(f"{path.name}:{example.line}: {example.sql}\n    {problem}")
            elif example.refusal:
                count.refused += 1
            elif example.expects:
                count.right += 1
    finally:
        if not connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
                cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.close()
    return count


def _problem(connection: Connection, example: Example) -> str:
    """What is not as expected, or nothing."""
    said = ""
    rows: list[str] = []
    try:
        with connection.cursor() as cursor:
            cursor.execute(example.sql)
            if cursor.description is not None:
                rows = [
                    " | ".join("NULL" if value is None else str(value) for value in row)
                    for row in cursor.fetchall()
                ]
    except psycopg2.Error as error:
        said = str(error).strip()
    expected = example.error or example.refusal
    if expected:
        return "" if expected in said else f"expected {expected!r}, found {said or rows!r}"
    if said:
        return f"fails: {said}"
    wanted = [] if example.rows == [_NO_ROWS] else example.rows
    return f"expected {wanted}, found {rows}" if example.rows and rows != wanted else ""


def main() -> int:
    """Print the share of each topic and of all; fails when anything is wrong."""
    total = Count()
    with (
        tempfile.TemporaryDirectory(prefix="slr-") as home,
        Standin(Path(home), buckets={"lake": Path(home)}) as endpoint,
    ):
        print(f"{'topic':<16}{'right':>7}{'refused':>9}{'wrong':>7}")
        for path in topics():
            count = run_file(path, endpoint)
            print(f"{path.stem:<16}{count.right:>7}{count.refused:>9}{len(count.wrong):>7}")
            total.right += count.right
            total.refused += count.refused
            total.wrong += count.wrong
    print(f"{'all':<16}{total.right:>7}{total.refused:>9}{len(total.wrong):>7}")
    every = total.right + total.refused + len(total.wrong)
    print(f"right: {total.right / every:.1%}, refused: {total.refused / every:.1%}")
    for wrong in total.wrong:
        print(wrong)
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
