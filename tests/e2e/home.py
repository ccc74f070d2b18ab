"""A STARLIFT_HOME for tests: runs commands in it, and asks its warehouse through a driver."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from pyarrow import orc

from src.cli.main import main
from src.standin.server import Endpoint, Standin

Rows = list[tuple[Any, ...]]


@dataclass
class Home:
    """One STARLIFT_HOME: runs commands in it, and asks its warehouse through a driver."""

    path: Path
    endpoint: Endpoint

    def run(self, *arguments: str) -> int:
        before = os.environ.get("STARLIFT_HOME")
        os.environ["STARLIFT_HOME"] = str(self.path)
        try:
            return main(list(arguments))
        finally:
            if before is None:
                del os.environ["STARLIFT_HOME"]
            else:
                os.environ["STARLIFT_HOME"] = before

    def query(self, sql: str) -> Rows:
        at = self.endpoint
        connection = psycopg2.connect(
            host=at.host, port=at.port, dbname=at.database, user=at.user, password=at.password
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def execute(self, sql: str) -> None:
        """Run a statement that answers nothing, and commit it."""
        at = self.endpoint
        connection = psycopg2.connect(
            host=at.host, port=at.port, dbname=at.database, user=at.user, password=at.password
        )
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()

    def table(self, name: str, leave_out: tuple[str, ...] = (), warehouse: str = "chinook") -> Rows:
        """All rows of a table of either room, in an order of their own, without some columns."""
        found = self.query(
            "SELECT table_schema, column_name FROM information_schema.columns WHERE table_schema "
            f"IN ('{warehouse}', '{warehouse}_back') AND table_name = '{name}' "
            "ORDER BY ordinal_position"
        )
        columns = [column for _, column in found if column not in leave_out]
        rows = self.query(f"SELECT {', '.join(columns)} FROM {found[0][0]}.{name}")
        return sorted(rows, key=repr)

    def entries(self, warehouse: str = "chinook") -> list[dict[str, Any]]:
        """The log's entries, oldest first."""
        files = sorted((self.path / "lake" / warehouse / "log").glob("*.json"))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def quarantine(self) -> Rows:
        """Every refused row: file, line, reasons, cells."""
        found: Rows = []
        for entry in self.entries():
            for file in entry["staged"]["quarantine"] if entry["staged"] else ():
                rows = orc.read_table(self.path / "lake/chinook" / file["path"]).to_pylist()
                names = ("raw_file", "raw_line", "reasons", "fields")
                found += [tuple(row[name] for name in names) for row in rows]
        return sorted(found, key=repr)

    def raw_files(self, warehouse: str = "chinook") -> dict[str, dict[str, Any]]:
        """The accounting of every raw file taken, by path."""
        return {
            raw["path"]: raw
            for entry in self.entries(warehouse)
            if entry["staged"]
            for raw in entry["staged"]["raw_files"]
        }


@contextmanager
def open_home(path: Path) -> Iterator[Home]:
    """A home whose stand-in stays open, so that each command finds it running."""
    buckets = {"starlift-local": path / "lake"}
    with Standin(path / "redshift", buckets=buckets) as endpoint:
        yield Home(path, endpoint)
